"""Requests that are on their way to the API, and what became of them."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from mitmproxy import ctx, http

from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette.model import Request
from anyvcr.core.client_request import REQUEST_HEADERS, recorded_request
from anyvcr.proxy.recording import capture
from anyvcr.proxy.recording.tap import Stopwatch, Tap, pass_on

STOPPED = "the proxy was stopped before its answer was whole"
CLOSED = "its cassette was closed before its answer was whole"
LEFT = "the client left before the answer was whole"
BROKEN = "the API broke off"
TOO_LARGE = "the request is larger than cassette_upload_limit"
WEBSOCKET = "WebSockets are not recorded"
FOREIGN = "another addon of mitmproxy answered in place of the API"
UNSEEN = "another addon of mitmproxy kept the answer from us"


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
        self.what = what
        self._fault = fault
        self._open: dict[str, _Exchange] = {}
        self._waiting: list[asyncio.Event] = []

    def count(self, decks: Collection[Deck] | None = None) -> int:
        """How many exchanges of `decks`, of all by default, are on their way."""
        if decks is None:
            return len(self._open)
        return sum(exchange.deck in decks for exchange in self._open.values())

    async def settled(self, decks: Collection[Deck] | None = None) -> None:
        """Wait until no exchange of `decks`, of all by default, is on its way."""
        while self.count(decks):
            ended = asyncio.Event()
            self._waiting.append(ended)
            await ended.wait()

    def abandon(self, why: str, decks: Collection[Deck] | None = None) -> None:
        """Wait no longer for the exchanges of `decks`, of all by default."""
        for key, exchange in list(self._open.items()):
            if decks is None or exchange.deck in decks:
                answer = exchange.flow.response
                if answer is not None and answer.timestamp_end is not None:
                    # Whole; only that it is over was kept from us.
                    self.answered(exchange.flow)
                self._break_off(exchange, why)
                self._forget(key)

    def _forget(self, key: str) -> _Exchange | None:
        for waiting in self._waiting:
            waiting.set()
        self._waiting.clear()
        return self._open.pop(key, None)

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
            kept = self.what.request_headers
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
            self._forget(flow.id)
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
        if flow.response.raw_content is not None:
            # A server's answer has no body yet.
            exchange.deck.drop(exchange.name, FOREIGN)
            self._forget(flow.id)
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
            self._forget(flow.id)

    def interrupt(self, flow: http.HTTPFlow) -> None:
        """The flow will not go on; its error says why."""
        if (exchange := self._forget(flow.id)) is not None:
            self._break_off(exchange, _reason(flow))

    def _break_off(self, exchange: _Exchange, why: str) -> None:
        if exchange.is_done:
            return
        has_begun = exchange.tap is not None and exchange.is_asked
        if has_begun and self.what.partial:
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
        if not _is_seen(message, exchange.tap):
            exchange.deck.drop(exchange.name, UNSEEN)
            return
        exchange.deck.see_response(message.headers.items(multi=True))
        request = exchange.request()
        response = capture.response(
            message,
            exchange.tap,
            exchange.watch.duration,
            capture.kept(self.what.response_headers, exchange.flow.request),
            request.method,
            timed=self.what.timing,
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


def _is_seen(message: http.Response, tap: Tap | None) -> bool:
    """Whether the body is here, or passed through our tap."""
    if tap is None:
        return message.raw_content is not None
    return message.stream is tap


def without_trailers(flow: http.HTTPFlow) -> None:
    """Drop what mitmproxy cannot write to an HTTP/1 client."""
    if flow.response is not None and not flow.request.is_http2:
        flow.response.trailers = None
