"""The addon: mitmproxy's hooks, each of which only converts, asks and carries out.

mitmproxy logs an exception in a hook and lets the request go on to the server. Here no
exception leaves a hook: a request that we fail to decide on is refused. And in replay-only
sessions requests for the API do not come to these hooks at all (replay_layer.py), but for
those that reach an HTTP layer of mitmproxy's by another way; they get the same answers.
"""

import asyncio
import contextlib
import functools
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.layers import TCPLayer, modes
from mitmproxy.tls import TlsData

from anyvcr.core.answer import Answer, refused
from anyvcr.core.cassette import Request, canonical_header_name
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import Origin
from anyvcr.proxy import capture
from anyvcr.proxy.deck import Deck
from anyvcr.proxy.options import OPTIONS, Settings, refuse_unknown
from anyvcr.proxy.replay_layer import Fields, replay
from anyvcr.proxy.routes import OFFLINE, Routes, is_origin_form
from anyvcr.proxy.summary import Summary
from anyvcr.proxy.upstream import Upstream

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Exchange:
    """A request on its way to the API and what came back of it."""

    request: Request
    watch: capture.Stopwatch = field(default_factory=capture.Stopwatch)
    tap: capture.Tap | None = None
    done: bool = False


Hook = Callable[["Anyvcr", http.HTTPFlow], None]


def _guarded(hook: Hook) -> Hook:
    """Refuse the request of a hook that fails, and fail the run."""

    def guard(self: "Anyvcr", flow: http.HTTPFlow) -> None:
        try:
            hook(self, flow)
        except Exception as error:
            self.fault(error)
            if flow.response is None:
                flow.response = _response(_fault_answer())

    return guard


class Anyvcr:
    """One proxy with one cassette.

    Under `mitmdump -s` the settings come from mitmproxy's options; our own command line
    gives them and reads `summary` afterwards.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.summary: Summary | None = None
        self.calls = 0
        """Requests for the API that were seen, answered or not."""
        self.refused_handshakes = 0
        """Connections to the API whose client did not trust our certificate."""
        self._given = settings
        self._settings = settings or Settings()
        self._routes = Routes(self._settings)
        self._request_headers = capture.REQUEST_HEADERS
        self._response_headers = capture.RESPONSE_HEADERS
        self._deck: Deck | None = None
        self._exchanges: dict[str, _Exchange] = {}

    # Life cycle

    def load(self, loader: Loader) -> None:
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
        if self._deck is None:
            return
        if self._deck.replays or (self._settings.upstream or _DIRECT).plain:
            # Else every CONNECT dials the server before we can answer or redirect.
            ctx.options.update(connection_strategy="lazy")
        if self._given is None:
            _end_on_hangup()
        logger.info("%s", self._deck.describe())

    def done(self) -> None:
        self._close()
        if self._given is None and self.summary and self.summary.failure:
            # mitmproxy would exit 0 (as its own Save addon, which does the same).
            sys.exit(1)

    def open(self) -> None:
        """Load or begin the cassette; raises AnyvcrError."""
        self._close()
        if self._given is None:
            refuse_unknown(ctx.options.deferred)
            values = {o.name: getattr(ctx.options, o.name) for o in OPTIONS}
            self._settings = Settings.parse(values, os.environ)
        self._routes = Routes(self._settings)
        kept = frozenset(map(canonical_header_name, self._settings.kept_headers))
        self._request_headers = capture.REQUEST_HEADERS | kept
        self._response_headers = capture.RESPONSE_HEADERS | kept
        self._deck = Deck.open(self._settings.cassette, self._settings)

    def _close(self) -> None:
        if self._deck is None:
            return
        for exchange in self._exchanges.values():
            self._drop(exchange, "the proxy was stopped before its answer was whole")
        self._exchanges.clear()
        self.summary = self._deck.close()
        self._deck = None
        logger.info("%s", self.summary.describe())

    def fault(self, error: Exception) -> None:
        """Report an error of our own, and fail the run."""
        logger.error("anyvcr failed: %s", type(error).__name__, exc_info=error)
        if self._deck is not None:
            self._deck.fail(f"anyvcr failed with {type(error).__name__}")

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
                self._routes.learn(context.client, self.base_url)
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
        return self._deck is not None and self._deck.session.may_forward

    @property
    def base_url(self) -> Origin:
        return self._routes.base_url

    def plays(self, origin: Origin) -> bool:
        return self._routes.is_api(origin)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        origin = Origin("https", flow.request.host.lower(), flow.request.port)
        if self.plays(origin):
            self._routes.learn(flow.client_conn, origin)
        elif self._settings.offline:
            flow.response = http.Response.make(403, OFFLINE)

    def client_disconnected(self, client: Client) -> None:
        self._routes.forget(client)

    def tls_failed_client(self, data: TlsData) -> None:
        if self.plays(Origin("https", data.conn.sni or "", 443)):
            self.refused_handshakes += 1

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        try:
            may_forward = self.may_forward
            self._routes.direct(data.server, data.client, may_forward=may_forward)
        except Exception as error:
            self.fault(error)
            data.server.error = "anyvcr failed to decide on this connection"

    # Requests

    def answer(
        self, method: str, origin: Origin, target: str, fields: Fields, body: bytes
    ) -> Answer:
        """What the replay layer answers; it cannot forward."""
        try:
            headers = {name.lower(): value for name, value in fields}
            self.calls += 1
            if headers.get("upgrade", "").lower() == "websocket":
                return _websocket_answer()
            url = f"{origin}{target}"
            request = capture.request(method, url, fields, body, self._request_headers)
            if self._deck is not None:
                self._deck.see_request(fields, url)
                decision = self._deck.decide(request)
                if isinstance(decision, Answer):
                    return decision
        except Exception as error:
            self.fault(error)
        return _fault_answer()

    @_guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if self._routes.origin(flow) is None:
            # Not the API: pass on as it comes.
            flow.request.stream = not self._settings.offline

    @_guarded
    def request(self, flow: http.HTTPFlow) -> None:
        origin = self._routes.origin(flow)
        if origin is None:
            if self._settings.offline:
                flow.response = http.Response.make(403, OFFLINE)
            return
        self.calls += 1
        if self._deck is None:
            flow.response = _response(_fault_answer())
            return
        request = capture.request(
            flow.request.method,
            f"{origin}{flow.request.path}",
            tuple(flow.request.headers.items(multi=True)),
            flow.request.raw_content or b"",
            self._request_headers,
        )
        self._deck.see_request(flow.request.headers.items(multi=True), request.url)
        decision = self._deck.decide(request)
        if isinstance(decision, Answer):
            flow.response = _response(decision)
            return
        self._routes.redirect(flow.request, origin)
        if decision.record:
            self._exchanges[flow.id] = _Exchange(request)

    @_guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        assert flow.response
        exchange = self._exchanges.get(flow.id)
        if exchange is None:
            # Passed through; an answer of ours has its body already and does not stream.
            flow.response.stream = True
            return
        exchange.watch.stop()
        length = capture.announced_length(flow.response)
        if length == 0 or flow.response.status_code == 101:
            return
        # An HTTP/1 client has the whole answer with its last byte, before our `response`
        # hook; by then the interaction must be in the file.
        early = length if not flow.request.is_http2 else None
        exchange.tap = flow.response.stream = capture.Tap(
            early, functools.partial(self._finish, flow)
        )

    @_guarded
    def response(self, flow: http.HTTPFlow) -> None:
        self._finish(flow)
        self._exchanges.pop(flow.id, None)

    def error(self, flow: http.HTTPFlow) -> None:
        exchange = self._exchanges.pop(flow.id, None)
        if exchange is not None:
            self._drop(exchange, flow.error.msg if flow.error else "it was cut off")

    def _drop(self, exchange: _Exchange, why: str) -> None:
        if not exchange.done and self._deck is not None:
            self._deck.drop(f"{exchange.request.method} {exchange.request.url}", why)

    def _finish(self, flow: http.HTTPFlow) -> None:
        """Store the exchange of `flow`, which is whole."""
        exchange = self._exchanges.get(flow.id)
        if exchange is None or exchange.done or self._deck is None:
            return
        exchange.done = True
        try:
            assert flow.response
            if flow.response.status_code == 101:
                self._deck.drop(exchange.request.url, "WebSockets are not recorded")
                return
            self._deck.see_response(flow.response.headers.items(multi=True))
            body = exchange.tap.body if exchange.tap else flow.response.raw_content
            response = capture.response(
                flow.response,
                body or b"",
                exchange.watch.duration,
                self._response_headers,
                exchange.request.method,
            )
            self._deck.record(exchange.request, response)
        except Exception as error:
            self.fault(error)


_DIRECT = Upstream("", 0)


def _fault_answer() -> Answer:
    return refused(
        "anyvcr failed to decide on this request and did not forward it; "
        "the reason is in its log",
        "internal_error",
    )


def _websocket_answer() -> Answer:
    return refused(
        "anyvcr does not replay WebSocket connections; no cassette holds one",
        "websocket_not_supported",
    )


def _response(answer: Answer) -> http.Response:
    """The answer as mitmproxy writes it, for HTTP/1 and HTTP/2 clients alike."""
    response = http.Response.make(
        answer.code,
        answer.body,
        [
            (name.encode("latin-1"), value.encode("utf-8", "surrogateescape"))
            for name, value in answer.headers
        ],
    )
    response.reason = answer.reason
    if not answer.has_body:
        del response.headers["content-length"]
    return response


def _end_on_hangup() -> None:
    """End in order when the terminal goes away; mitmproxy minds SIGINT and SIGTERM only."""
    with contextlib.suppress(NotImplementedError, RuntimeError):
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGHUP, ctx.master.shutdown
        )
