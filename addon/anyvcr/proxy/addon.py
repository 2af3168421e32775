"""The addon: mitmproxy's hooks, each of which converts, asks the decider and carries out.

mitmproxy logs an exception in a hook and lets the request go on to the server. Here no
exception leaves a hook: a request that we fail to decide on is refused. And in replay-only
sessions requests for the API do not come to these hooks at all (replaying/layer.py), but for
those that reach an HTTP layer of mitmproxy's by another way; they get the same answers.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import TCPLayer, modes
from mitmproxy.tls import TlsData

from anyvcr import safe_output
from anyvcr.cassettes.summary import Summary
from anyvcr.core.client_request import proxy_user
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import Origin
from anyvcr.core.replay import tunnel_guard
from anyvcr.core.replay.answer import FAILED, Answer, over_limit, refused, too_large
from anyvcr.decider import Decider
from anyvcr.options import SETTINGS, SEVERAL
from anyvcr.proxy import api_errors, mitmdump, patches
from anyvcr.proxy.recording import capture
from anyvcr.proxy.recording.capture import announced_length
from anyvcr.proxy.recording.exchanges import Exchanges, What, without_trailers
from anyvcr.proxy.recording.tap import pass_on
from anyvcr.proxy.replaying import flow_reply, room
from anyvcr.proxy.replaying.layer import ClosedLayer, replay
from anyvcr.proxy.routes import OFFLINE, Routes, is_origin_form
from anyvcr.settings import Layer, Settings, Upstream, Values, refuse_unknown
from anyvcr.tally import Tally

logger = logging.getLogger(__name__)

HELD_BACK = 1 << 20
"""Bytes of a body that may be kept until it is whole where it could pass on as it comes."""

_DIRECT = Upstream("", 0)

Hook = Callable[["Anyvcr", http.HTTPFlow], None]


def _guarded(hook: Hook) -> Hook:
    """Refuse the request of a hook that fails, and fail the run."""

    def guard(self: "Anyvcr", flow: http.HTTPFlow) -> None:
        try:
            hook(self, flow)
        except Exception as error:
            self.decider.fault(error)
            if flow.response is None:
                flow.response = flow_reply.response(FAILED)

    return guard


class Anyvcr:
    """The hooks of one proxy.

    Under `mitmdump -s` the settings come from mitmproxy's options; our own command line
    gives them and reads `tally` and `summaries` afterwards.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.tally = Tally()
        self.decider = Decider(mitmdump.ca_pem, mitmdump.stop, self.tally)
        self.summaries: tuple[Summary, ...] = ()
        self._given = settings
        self._settings = settings or Settings()
        self._routes = Routes(self._settings)
        self._exchanges = Exchanges(What(), self.decider.fault)

    # Life cycle

    def load(self, loader: Loader) -> None:
        safe_output.watch_log()
        if self._given is None:
            for option in SETTINGS:
                kind, none = (
                    (Sequence[str], []) if option.kind in SEVERAL else (str, "")
                )
                loader.add_option(option.set_name, kind, none, option.help)

    def configure(self, updated: set[str]) -> None:
        if self._given or not any(option.set_name in updated for option in SETTINGS):
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
            self.decider.see_user(auth)
        if not self.decider.is_open:
            return
        if self.decider.may_replay or (self._settings.upstream or _DIRECT).plain:
            # Else every CONNECT dials the server before we can answer or redirect.
            ctx.options.update(connection_strategy="lazy")
        if self._given is None:
            mitmdump.end_on_hangup()
        api_errors.install()
        patches.lift_trailers()
        patches.watch_uploads(self._refuse_upload, self._stream_upload)
        logger.info("%s", self.decider.describe())

    def done(self) -> None:
        self._close()
        if self._given is None and (
            self.tally.failed or any(summary.failure for summary in self.summaries)
        ):
            # mitmproxy would exit 0 (as its own Save addon, which does the same).
            sys.exit(1)

    def open(self) -> None:
        """Load or begin the cassette; raises AnyvcrError."""
        self._close()
        if self._given is None:
            refuse_unknown(ctx.options.deferred)
            given = {o.set_name: getattr(ctx.options, o.set_name) for o in SETTINGS}
            self._settings = Settings.parse(
                Values(Layer.of_mitmproxy(given), Layer.of_environment(os.environ))
            )
        self._routes = Routes(self._settings)
        self.decider.open(self._settings)
        what = What(
            request_headers=self.decider.request_headers,
            response_headers=capture.RESPONSE_HEADERS | self.decider.kept_headers,
            timing=self._settings.timing,
            partial=self._settings.keep_partial,
        )
        self._exchanges = Exchanges(what, self.decider.fault)

    def _close(self) -> None:
        if not self.decider.is_open:
            return
        self._exchanges.close()
        self.summaries = self.decider.close()
        for summary in self.summaries:
            logger.info("%s", summary.describe())

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
            if not self.decider.may_forward:
                data.layer = replay(context, self.decider, None, first)
            elif is_origin_form(first):
                self._routes.at_listener(context.client)
            return
        origin = self._routes.tunnelled(context, first)
        if origin is None or context.client.tls_established:
            return
        if not self.decider.plays(origin):
            data.layer = self._elsewhere(context, origin, first)
        elif not self.decider.may_forward:
            data.layer = replay(context, self.decider, origin, first)

    def _elsewhere(
        self, context: Context, origin: Origin, first: bytes
    ) -> layer.Layer | None:
        """A tunnel to another host; None where more of it must be read to tell."""
        if self.decider.may_forward:
            return TCPLayer(context, ignore=True)
        match tunnel_guard.judge(origin, first, self.decider.plays):
            case tunnel_guard.Refused(why):
                self.decider.turn_away(why)
                return ClosedLayer(context)
            case tunnel_guard.Verdict.PASS:
                return TCPLayer(context, ignore=True)
        return None

    @_guarded
    def http_connect(self, flow: http.HTTPFlow) -> None:
        headers = flow.request.headers
        self.decider.see(tuple(headers.items(multi=True)))
        origin = Origin("https", flow.request.host.lower(), flow.request.port)
        if self.decider.plays(origin):
            user = proxy_user(headers.get("proxy-authorization", ""))
            self._routes.tunnel(flow.client_conn, origin, user)
        elif self._settings.offline:
            flow.response = http.Response.make(403, OFFLINE)
        else:
            self.tally.other_hosts.add(origin.host)

    async def anyvcr_room(self, client: Client) -> None:
        """Hold a layer that replays until its client has taken what was sent (room.py)."""
        await room.wait(client)

    def client_connected(self, client: Client) -> None:
        patches.lift_for(client)

    def client_disconnected(self, client: Client) -> None:
        self._routes.forget(client)

    def tls_failed_client(self, data: TlsData) -> None:
        if self.decider.plays(Origin("https", data.conn.sni or "", 443)):
            self.tally.refused_handshakes += 1

    def tls_established_client(self, _: TlsData) -> None:
        self.tally.handshakes += 1

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        try:
            may_forward = self.decider.may_forward
            self._routes.direct(data.server, data.client, may_forward=may_forward)
        except Exception as error:
            self.decider.fault(error)
            data.server.error = "anyvcr failed to decide on this connection"

    # Requests

    @_guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not self._routes.is_for_api(flow):
            if not self.decider.may_forward and self._is_another_way(flow):
                return
            # Pass on as it comes, but for what was said to us.
            flow.request.headers.pop("proxy-authorization", None)
            flow.request.stream = False if self._settings.offline else pass_on
        elif (announced_length(flow.request) or 0) > HELD_BACK:
            # Where the decision does not need the body, a large one is not held back for it.
            self._begin_upload(flow)

    def _is_another_way(self, flow: http.HTTPFlow) -> bool:
        """Refuse a request to another host whose Host header names the API."""
        host = flow.request.host_header or ""
        if not tunnel_guard.names_api(host, self.decider.plays):
            return False
        url = f"{flow.request.scheme}://{flow.request.host}"
        why = tunnel_guard.refusal(f"a request to {url}", "its Host names an API host")
        self.decider.turn_away(why)
        flow.response = flow_reply.response(refused(why, "another_way"))
        return True

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
        decision = self.decider.decide(asked)
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
        leave = self.decider.decide_early(asked)
        if leave is None:
            return
        if leave.record:
            limit = self.decider.upload_limit
            self._exchanges.upload(flow, asked.url, leave.deck, limit)
        else:
            flow.request.stream = pass_on
        self._routes.redirect(flow.request, asked)

    def _refuse_upload(self, flow: http.HTTPFlow, size: int) -> http.Response | None:
        """The answer to a request whose body is too large; None where it is not."""
        limit = self.decider.upload_limit
        if size <= limit or not self._routes.is_for_api(flow):
            return None
        logger.warning("refused an upload: %s", over_limit(limit))
        return flow_reply.response(too_large(limit))

    def _stream_upload(self, flow: http.HTTPFlow, size: int) -> bool:
        """Let the rest of an upload of unknown length pass on, where so much of it is here."""
        # HTTP/2 needs no length for that, but the server may not speak it (patches.frame).
        if size > HELD_BACK and not (flow.request.stream or flow.request.is_http2):
            self._begin_upload(flow)
        return size > 0 and bool(flow.request.stream)

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
