"""Requests that are on their way to the API, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mitmproxy import ctx, http

from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette.model import Request
from anyvcr.core.client_request import REQUEST_HEADERS, recorded_request
from anyvcr.proxy.recording import capture
from anyvcr.proxy.recording.tap import Stopwatch, Tap, pass_on

STOPPED = "the proxy was stopped before its answer was whole"
LEFT = "the client left before the answer was whole"
BROKEN = "the API broke off"
TOO_LARGE = "the request is larger than cassette_upload_limit"
WEBSOCKET = "WebSockets are not recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What of an exchange is stored."""

    request_headers: frozenset[str] = REQUEST_HEADERS
    response_headers: frozenset[str] = capture.RESPONSE_HEADERS
    timing: bool = False
    partial: bool = False
    """Answers that broke off, too."""


@dataclass(slots=True, kw_only=True)
class _Exchange:
    flow: http.HTTPFlow
    deck: Deck
    name: str
    """For people."""
    request: Callable[[], Request]
    """As it is recorded: put together when the answer is here, and not while it is awaited."""
    is_asked: bool = True
    """The request is complete."""
    watch: Stopwatch = field(default_factory=Stopwatch)
    tap: Tap | None = None
    is_answered: bool = False
    is_done: bool = False


class Exchanges:
    """By flow. A fault of ours goes to `fault`: the traffic goes on."""

    def __init__(self, what: What, fault: Callable[[Exception], None]) -> None:
        self._what = what
        self._fault = fault
        self._open: dict[str, _Exchange] = {}

    def begin(
        self, flow: http.HTTPFlow, url: str, request: Callable[[], Request], deck: Deck
    ) -> None:
        """Record the answer to `request`, which is complete, and for `url`."""
        name = f"{flow.request.method} {url}"
        self._open[flow.id] = _Exchange(
            flow=flow, deck=deck, name=name, request=request
        )

    def upload(self, flow: http.HTTPFlow, url: str, deck: Deck, most: int) -> None:
        """Record a request whose body passes on as it comes, and its answer.

        One of more than `most` bytes is dropped: it is too late to refuse it.
        """
        method = flow.request.method
        fields = tuple(flow.request.headers.items(multi=True))
        flow.request.stream = tap = Tap(most=most)

        def complete() -> Request:
            kept = self._what.request_headers
            return recorded_request(method, url, fields, tap.take(), kept)

        self._open[flow.id] = _Exchange(
            flow=flow,
            deck=deck,
            name=f"{method} {url}",
            request=complete,
            is_asked=False,
        )

    def uploaded(self, flow: http.HTTPFlow) -> None:
        """The request of `flow`, which passed on as it came, is complete."""
        exchange = self._open.get(flow.id)
        if exchange is None or exchange.is_asked:
            return
        tap = flow.request.stream
        if isinstance(tap, Tap) and tap.overflows:
            exchange.deck.drop(exchange.name, TOO_LARGE)
            del self._open[flow.id]
            return
        exchange.is_asked = True
        if exchange.is_answered:  # without waiting for the end of the request
            self._store(exchange)
            self.end(flow)
        elif exchange.tap is None:
            exchange.watch = Stopwatch()

    def head(self, flow: http.HTTPFlow) -> None:
        """The headers of the answer are here: let its body pass on as it comes."""
        assert flow.response
        exchange = self._open.get(flow.id)
        if exchange is None:
            # Passed through; an answer of ours has its body already and does not stream.
            flow.response.stream = pass_on
            return
        exchange.watch.stop()
        length = capture.announced_length(flow.response)
        if length == 0 or flow.response.status_code == 101:
            return
        # A client that was told the length has the whole answer with its last byte, before
        # our `response` hook, and may leave; by then the interaction must be in the file.
        early = None if "trailer" in flow.response.headers else length
        tap = Tap(early, lambda: self.answered(flow))
        exchange.tap = flow.response.stream = tap

    def answered(self, flow: http.HTTPFlow) -> None:
        """The answer is whole."""
        exchange = self._open.get(flow.id)
        if exchange is not None:
            exchange.is_answered = True
            if exchange.is_asked:
                self._store(exchange)

    def end(self, flow: http.HTTPFlow) -> None:
        """The flow is over, or has only the end of its request to come."""
        exchange = self._open.get(flow.id)
        if exchange is not None and exchange.is_done:
            del self._open[flow.id]

    def interrupt(self, flow: http.HTTPFlow) -> None:
        """The flow will not go on; its error says why."""
        if (exchange := self._open.pop(flow.id, None)) is not None:
            self._break_off(exchange, _reason(flow))

    def close(self) -> None:
        """Nothing will go on."""
        for exchange in self._open.values():
            self._break_off(exchange, STOPPED)
        self._open.clear()

    def _break_off(self, exchange: _Exchange, why: str) -> None:
        if exchange.is_done:
            return
        has_begun = exchange.tap is not None and exchange.is_asked
        if has_begun and self._what.partial:
            self._store(exchange, why)
        else:
            exchange.deck.drop(exchange.name, why)
        exchange.is_done = True

    def _store(self, exchange: _Exchange, partial: str = "") -> None:
        if exchange.is_done:
            return
        exchange.is_done = True
        try:
            self._record(exchange, partial)
        except Exception as error:
            self._fault(error)

    def _record(self, exchange: _Exchange, partial: str) -> None:
        message = exchange.flow.response
        assert message
        if message.status_code == 101:
            exchange.deck.drop(exchange.name, WEBSOCKET)
            return
        exchange.deck.see_response(message.headers.items(multi=True))
        request = exchange.request()
        response = capture.response(
            message,
            exchange.tap,
            exchange.watch.duration,
            capture.kept(self._what.response_headers, exchange.flow.request),
            request.method,
            timed=self._what.timing,
            partial=bool(partial),
        )
        exchange.deck.record(request, response, partial=partial)


def _reason(flow: http.HTTPFlow) -> str:
    message = flow.error.msg if flow.error else ""
    # mitmproxy says "by client" of either side's resets; only clients cancel.
    if ctx.master.should_exit.is_set():
        return STOPPED
    is_cancelled = message == "Client disconnected." or "(CANCEL)" in message
    if is_cancelled or not flow.client_conn.connected:
        return LEFT
    if flow.response is None:
        return f"no answer came: {message}"
    return BROKEN


def without_trailers(flow: http.HTTPFlow) -> None:
    """Drop what mitmproxy cannot write to an HTTP/1 client."""
    if flow.response is not None and not flow.request.is_http2:
        flow.response.trailers = None
