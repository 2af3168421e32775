"""The addon: mitmproxy's hooks, each of which only converts, asks and carries out.

mitmproxy logs an exception in a hook and lets the request go on to the server. Here no
exception leaves a hook: a request that we fail to decide on is refused. And in replay-only
sessions requests for the API do not come to these hooks at all (replay_layer.py), but for
those that reach an HTTP layer of mitmproxy's by another way; they get the same answers.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.layers import TCPLayer, modes
from mitmproxy.tls import TlsData

from anyvcr import safe_output
from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.library import Library
from anyvcr.cassettes.summary import Summary
from anyvcr.client_request import Asked, Fields, proxy_user
from anyvcr.control_api import PREFIX as CONTROL
from anyvcr.control_api import Control
from anyvcr.core.cassette.model import Request, canonical_header_name
from anyvcr.core.errors import AnyvcrError, ConfigError
from anyvcr.core.hosts import Origin
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.replay.answer import (
    FAILED,
    NO_WEBSOCKET,
    Answer,
    over_limit,
    refused,
    too_large,
)
from anyvcr.proxy import mitmdump, patches
from anyvcr.proxy.recording import capture
from anyvcr.proxy.recording.capture import announced_length
from anyvcr.proxy.recording.exchanges import Exchanges, What, without_trailers
from anyvcr.proxy.recording.tap import pass_on
from anyvcr.proxy.replaying import flow_reply
from anyvcr.proxy.replaying.layer import replay
from anyvcr.proxy.routes import OFFLINE, Routes, is_origin_form
from anyvcr.settings import OPTIONS, Settings, refuse_unknown
from anyvcr.upstream import Upstream

logger = logging.getLogger(__name__)

HELD_BACK = 1 << 20
"""Bytes of a body that may be kept until it is whole where it could pass on as it comes."""


@dataclass(frozen=True, slots=True)
class _Forwarded:
    """A request that goes to the API."""

    deck: Deck
    request: Callable[[], Request]
    """As it is recorded."""
    record: bool


Hook = Callable[["Anyvcr", http.HTTPFlow], None]


def _guarded(hook: Hook) -> Hook:
    """Refuse the request of a hook that fails, and fail the run."""

    def guard(self: "Anyvcr", flow: http.HTTPFlow) -> None:
        try:
            hook(self, flow)
        except Exception as error:
            self.fault(error)
            if flow.response is None:
                flow.response = flow_reply.response(FAILED)

    return guard


class Anyvcr:
    """One proxy with one cassette.

    Under `mitmdump -s` the settings come from mitmproxy's options; our own command line
    gives them and reads `summaries` afterwards.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.summaries: tuple[Summary, ...] = ()
        self.failed = False
        """Something of ours failed; a cassette that cannot be written is in its summary."""
        self.refused = 0
        """Requests whose cassette could not be had."""
        self.calls = 0
        """Requests for the API that were seen, answered or not."""
        self.refused_handshakes = 0
        """Connections to the API whose client did not trust our certificate."""
        self.handshakes = 0
        """Connections whose client took our certificate, at first."""
        self.other_hosts: set[str] = set()
        """Hosts that were tunnelled."""
        self._given = settings
        self._settings = settings or Settings()
        self._routes = Routes(self._settings)
        self._request_headers = capture.REQUEST_HEADERS
        self._credentials = Credentials()
        self._library: Library | None = None
        self._control: Control | None = None
        self._exchanges = Exchanges(What(), self.fault)

    # Life cycle

    def load(self, loader: Loader) -> None:
        safe_output.watch_log()
        if self._given is None:
            for option in OPTIONS:
                loader.add_option(option.name, str, "", option.help)

    def configure(self, updated: set[str]) -> None:
        if self._given or not any(option.name in updated for option in OPTIONS):
            return
        try:
            self.open()
        except AnyvcrError as error:
            # Logged, not raised: mitmproxy ends with exit code 1 after an error at start,
            # and after a raised one it prints a traceback as well.
            logger.error("%s", error)

    def running(self) -> None:
        mitmdump.redact_flow_lines()
        mitmdump.print_traffic()
        if auth := getattr(ctx.options, "upstream_auth", None):
            self._credentials.see_user(auth)
        if self._library is None:
            return
        if self._library.may_replay or (self._settings.upstream or _DIRECT).plain:
            # Else every CONNECT dials the server before we can answer or redirect.
            ctx.options.update(connection_strategy="lazy")
        if self._given is None:
            mitmdump.end_on_hangup()
        patches.lift_trailers()
        patches.watch_uploads(self.refuse_upload, self.stream_upload)
        logger.info("%s", self._library.describe())

    def done(self) -> None:
        self._close()
        if self._given is None and (
            self.failed or any(summary.failure for summary in self.summaries)
        ):
            # mitmproxy would exit 0 (as its own Save addon, which does the same).
            sys.exit(1)

    def open(self) -> None:
        """Load or begin the cassette; raises AnyvcrError."""
        self._close()
        if self._given is None:
            refuse_unknown(ctx.options.deferred)
            values = {o.name: getattr(ctx.options, o.name) for o in OPTIONS}
            self._settings = Settings.parse(values, os.environ)
        safe_output.redact_with(Redactor(self._settings.redact, self._credentials).text)
        self._routes = Routes(self._settings)
        kept = frozenset(map(canonical_header_name, self._settings.kept_headers))
        self._request_headers = capture.REQUEST_HEADERS | kept
        what = What(
            request_headers=self._request_headers,
            response_headers=capture.RESPONSE_HEADERS | kept,
            timing=self._settings.timing,
            partial=self._settings.keep_partial,
        )
        self._exchanges = Exchanges(what, self.fault)
        library = Library(self._settings, self._credentials)
        library.open()
        self._library = library
        self._control = Control(library, mitmdump.ca_pem, mitmdump.stop)

    def _close(self) -> None:
        if self._library is None:
            return
        self._exchanges.close()
        self.summaries = self._library.close_all()
        self._library = self._control = None
        for summary in self.summaries:
            logger.info("%s", summary.describe())

    def fault(self, error: Exception) -> None:
        """Report an error of our own, and fail the run."""
        logger.error("anyvcr failed:\n%s", safe_output.frames(error))
        self.failed = True

    # Which connections are ours

    def next_layer(self, data: layer.NextLayer) -> None:
        """Put our own layer where replay-only traffic comes in, and a tunnel round the rest."""
        first = data.data_client()
        if not first:
            return
        context = data.context
        if len(context.layers) == 1 and isinstance(
            context.layers[0], (modes.HttpProxy, modes.HttpUpstreamProxy)
        ):
            if not self.may_forward:
                data.layer = replay(context, self, None, first)
            elif is_origin_form(first):
                self._routes.at_listener(context.client)
            return
        origin = self._routes.tunnelled(context, first)
        if origin is None or context.client.tls_established:
            return
        if not self.plays(origin):
            data.layer = TCPLayer(context, ignore=True)
        elif not self.may_forward:
            data.layer = replay(context, self, origin, first)

    @property
    def may_forward(self) -> bool:
        """Whether any request may reach the API; none does while we have no cassette."""
        return self._library is not None and self._library.may_forward

    @property
    def base_url(self) -> Origin:
        return self._routes.base_url

    def plays(self, origin: Origin) -> bool:
        return self._routes.is_api(origin)

    def see(self, fields: Fields, url: str = "") -> None:
        """Remember the credentials in these headers and this URL as secrets of the run."""
        self._credentials.see_request(fields, url)

    @_guarded
    def http_connect(self, flow: http.HTTPFlow) -> None:
        headers = flow.request.headers
        self.see(tuple(headers.items(multi=True)))
        origin = Origin("https", flow.request.host.lower(), flow.request.port)
        if self.plays(origin):
            user = proxy_user(headers.get("proxy-authorization", ""))
            self._routes.tunnel(flow.client_conn, origin, user)
        elif self._settings.offline:
            flow.response = http.Response.make(403, OFFLINE)
        else:
            self.other_hosts.add(origin.host)

    def client_connected(self, client: Client) -> None:
        patches.lift_for(client)

    def client_disconnected(self, client: Client) -> None:
        self._routes.forget(client)

    def tls_failed_client(self, data: TlsData) -> None:
        if self.plays(Origin("https", data.conn.sni or "", 443)):
            self.refused_handshakes += 1

    def tls_established_client(self, _: TlsData) -> None:
        self.handshakes += 1

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        try:
            may_forward = self.may_forward
            self._routes.direct(data.server, data.client, may_forward=may_forward)
        except Exception as error:
            self.fault(error)
            data.server.error = "anyvcr failed to decide on this connection"

    # Requests

    def answer(self, asked: Asked) -> Answer:
        """What the replay layer answers; it cannot forward."""
        try:
            decision = self._decide(asked)
            if isinstance(decision, Answer):
                return decision
        except Exception as error:
            self.fault(error)
        return FAILED

    def _decide(self, asked: Asked) -> Answer | _Forwarded:
        """The answer to give, or what is forwarded and into which deck; may raise anything."""
        headers = asked.headers
        if asked.at_listener and asked.path.startswith(CONTROL):
            assert self._control is not None
            return self._control.answer(asked.method, asked.path, headers, asked.body)
        self.calls += 1
        url = asked.url
        self.see(asked.fields, url)
        try:
            deck = self._deck(asked)
        except AnyvcrError as error:
            self.refused += 1
            logger.warning("refused %s %s: %s", asked.method, asked.url, error)
            return refused(safe_output.clean(str(error)), "no_cassette")
        if headers.get("upgrade", "").lower() == "websocket" and deck.replays:
            return NO_WEBSOCKET
        convert = partial(
            capture.request,
            *(asked.method, url, asked.sent, asked.body, self._request_headers),
        )
        if (decision := deck.session.foregone) is not None:
            return _Forwarded(deck, convert, record=decision.record)
        request = convert()
        match deck.decide(request):
            case Answer() as answer:
                return answer
            case forward:
                return _Forwarded(deck, lambda: request, record=forward.record)

    def _deck(self, asked: Asked) -> Deck:
        """The deck of the cassette that `asked` names; raises AnyvcrError."""
        if self._library is None:
            msg = "no cassette is open: the reason is in the proxy's log"
            raise ConfigError(msg)
        return self._library.deck(asked.cassette)

    @_guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not self._routes.is_for_api(flow):
            # Pass on as it comes, but for what was said to us.
            flow.request.headers.pop("proxy-authorization", None)
            flow.request.stream = False if self._settings.offline else pass_on
        elif (announced_length(flow.request) or 0) > HELD_BACK:
            # Where the decision does not need the body, a large one is not held back for it.
            self._begin_upload(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        self._request(flow)
        if seconds := flow_reply.wait(flow):
            await asyncio.sleep(seconds)

    @_guarded
    def _request(self, flow: http.HTTPFlow) -> None:
        if flow.request.stream:
            self._exchanges.uploaded(flow)
            return
        asked = self._routes.asked(flow)
        if asked is None:
            if self._settings.offline:
                flow.response = http.Response.make(403, OFFLINE)
            return
        decision = self._decide(asked)
        if isinstance(decision, Answer):
            flow_reply.play(flow, decision)
            return
        self._routes.redirect(flow.request, asked)
        patches.frame(flow.request)
        if decision.record:
            self._exchanges.begin(flow, asked.url, decision.request, decision.deck)

    def _begin_upload(self, flow: http.HTTPFlow) -> None:
        asked = self._routes.asked(flow)
        assert asked
        try:
            deck = self._deck(asked)
        except AnyvcrError:
            return  # said when the request is complete
        if (foregone := deck.session.foregone) is None:
            return
        self.calls += 1
        self.see(asked.fields, asked.url)
        if foregone.record:
            self._exchanges.upload(flow, asked.url, deck, self.upload_limit)
        else:
            flow.request.stream = pass_on
        self._routes.redirect(flow.request, asked)

    def refuse_upload(self, flow: http.HTTPFlow, size: int) -> http.Response | None:
        """The answer to a request whose body is too large; None where it is not."""
        limit = self.upload_limit
        if size <= limit or not self._routes.is_for_api(flow):
            return None
        logger.warning("refused an upload: %s", over_limit(limit))
        return flow_reply.response(too_large(limit))

    def stream_upload(self, flow: http.HTTPFlow, size: int) -> bool:
        """Let the rest of an upload of unknown length pass on, where so much of it is here."""
        # HTTP/2 needs no length for that, but the server may not speak it (patches.frame).
        if size > HELD_BACK and not (flow.request.stream or flow.request.is_http2):
            self._begin_upload(flow)
        return size > 0 and bool(flow.request.stream)

    @property
    def upload_limit(self) -> int:
        return self._settings.upload_limit

    @_guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        self._exchanges.head(flow)

    @_guarded
    def response(self, flow: http.HTTPFlow) -> None:
        self._exchanges.answered(flow)
        self._exchanges.end(flow)
        without_trailers(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._exchanges.interrupt(flow)


_DIRECT = Upstream("", 0)
