"""Requests that are on their way to the API, and what became of them.

An exchange is stored as soon as its answer is whole to the program that asked: by its
length, by the end of its message, or by its terminal event (core/terminal_events.py). What
comes after that is added to what was stored.

A program that leaves in the middle of an answer does not take the API with it: the rest of
the answer is awaited, within PATIENCE and ROOM, so that the cassette holds a whole answer,
of which the program will again take as much as it likes. That it left before an answer began
is recorded instead of the answer (core/replay/departure.py).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection

from mitmproxy import http
from mitmproxy.connection import Client

from anyvcr.cassettes.deck import Deck
from anyvcr.core import terminal_events
from anyvcr.core.cassette.model import Request, Response
from anyvcr.core.cassette.playable import is_final
from anyvcr.core.client_request import recorded_request
from anyvcr.core.content_coding import TooLargeError
from anyvcr.core.replay import departure
from anyvcr.proxy.recording import capture
from anyvcr.proxy.recording.exchange import (
    AWAITED,
    FOREIGN,
    LEFT,
    NO_STATUS,
    PROTOCOL,
    TOO_LARGE,
    UNSEEN,
    Exchange,
    StoredParts,
    Upgraded,
    reason,
)
from anyvcr.proxy.recording.tap import Stopwatch, Tap, pass_on
from anyvcr.tally import Tally

PATIENCE = 30.0
"""Seconds for which the rest of an answer is awaited after its client has left."""
ROOM = 16 << 20
"""Bytes of the rest of such an answer, at most."""


class Exchanges:
    """The exchanges that are on their way, by flow. A fault of ours goes to `fault`: the traffic goes on."""

    def __init__(
        self, what: StoredParts, fault: Callable[[Exception], None], tally: Tally
    ) -> None:
        self.what = what
        self._fault = fault
        self._tally = tally
        self._open: dict[str, Exchange] = {}
        self._waiting: list[asyncio.Event] = []

    def count(self, decks: Collection[Deck] | None = None) -> int:
        """How many exchanges of `decks`, of all by default, are yet to be stored."""
        return len(self._awaited(decks))

    def patience(self, decks: Collection[Deck] | None, usual: float) -> float:
        """Seconds to wait for the exchanges of `decks`: `usual`, or more where clients have left."""
        left = (e.left_at for e in self._awaited(decks) if e.left_at is not None)
        ends = (at + PATIENCE - time.monotonic() for at in left)
        return max(usual, *ends, 0.0)

    async def settled(self, decks: Collection[Deck] | None = None) -> None:
        """Wait until no exchange of `decks`, of all by default, is yet to be stored."""
        while self.count(decks):
            ended = asyncio.Event()
            self._waiting.append(ended)
            await ended.wait()

    def abandon(self, why: str, decks: Collection[Deck] | None = None) -> None:
        """Wait no longer for the exchanges of `decks`, of all by default."""
        for exchange in list(self._open.values()):
            if decks is None or exchange.deck in decks:
                answer = exchange.flow.response
                if answer is not None and answer.timestamp_end is not None:
                    # Whole; only that it is over was kept from us.
                    self.answered(exchange.flow)
                self._end(exchange, why)

    def _awaited(self, decks: Collection[Deck] | None) -> list[Exchange]:
        return [
            exchange
            for exchange in self._open.values()
            if exchange.stored is None and (decks is None or exchange.deck in decks)
        ]

    def _wake(self) -> None:
        """Let those who wait for exchanges look again."""
        for waiting in self._waiting:
            waiting.set()
        self._waiting.clear()

    def begin(
        self, flow: http.HTTPFlow, url: str, request: Callable[[], Request], deck: Deck
    ) -> None:
        """Record the answer to `request`, which is complete, and for `url`."""
        name = f"{flow.request.method} {url}"
        self._open[flow.id] = Exchange(flow=flow, deck=deck, name=name, request=request)

    def upload(self, flow: http.HTTPFlow, url: str, deck: Deck, most: int) -> None:
        """Record a request whose body passes on as it comes, and its answer.

        One of more than `most` bytes is dropped: it is too late to refuse it.
        """
        method = flow.request.method
        fields = tuple(flow.request.headers.items(multi=True))
        flow.request.stream = tap = Tap(most=most)

        def as_recorded() -> Request:
            body = tap.take() if exchange.is_asked else tap.body()
            kept = self.what.request_headers
            return recorded_request(method, url, fields, body, kept)

        exchange = Exchange(
            flow=flow,
            deck=deck,
            name=f"{method} {url}",
            request=as_recorded,
            upload=tap,
            is_asked=False,
        )
        self._open[flow.id] = exchange

    def uploaded(self, flow: http.HTTPFlow) -> None:
        """Note that the request of `flow`, which passed on as it came, is complete."""
        exchange = self._open.get(flow.id)
        if exchange is None or exchange.is_asked:
            return
        if exchange.upload is not None and exchange.upload.overflows:
            self._drop(exchange, TOO_LARGE)
            self._forget(exchange)
            return
        exchange.is_asked = True
        if exchange.stored is not None:  # answered without waiting for the end of it
            self._store(exchange)
        if exchange.is_answered:
            self._forget(exchange)
        elif exchange.tap is None:
            exchange.watch = Stopwatch()

    def head(self, flow: http.HTTPFlow) -> None:
        """Let the body of an answer pass on as it comes, now that its headers are here."""
        assert flow.response
        exchange = self._open.get(flow.id)
        if exchange is None:
            # Passed through; an answer of ours has its body already and does not stream.
            flow.response.stream = pass_on
            return
        if flow.response.raw_content is not None:
            # A server's answer has no body yet.
            self._drop(exchange, FOREIGN)
            self._forget(exchange)
            return
        exchange.watch.stop()
        length = capture.announced_length(flow.response)
        if length == 0 or flow.response.status_code == 101:
            return
        headers = flow.response.headers
        watch = terminal_events.watch(
            headers.get("content-type", ""), headers.get("content-encoding", "")
        )
        tap = Tap(length, lambda: self._store(exchange), watch=watch)
        exchange.tap = flow.response.stream = tap

    def answered(self, flow: http.HTTPFlow) -> None:
        """Store an exchange whose answer's message has ended."""
        exchange = self._open.get(flow.id)
        if exchange is not None and flow.websocket is None:
            exchange.is_answered = True
            self._store(exchange)
            if exchange.is_asked:
                self._forget(exchange)

    def upgraded(self, flow: http.HTTPFlow) -> Upgraded | None:
        """Hand over the exchange of `flow`, which is a WebSocket from now on."""
        exchange = self._open.get(flow.id)
        if exchange is None:
            return None
        self._forget(exchange)
        return Upgraded(
            deck=exchange.deck,
            name=exchange.name,
            request=exchange.request,
            duration=exchange.watch.duration,
        )

    def outlives(self, flow: http.HTTPFlow) -> bool:
        """Whether the answer of `flow`, whose client has left, is awaited all the same."""
        exchange = self._open.get(flow.id)
        if exchange is None or exchange.tap is None or not exchange.is_asked:
            return False
        tap = exchange.tap
        if exchange.left_at is None:
            exchange.left_at = time.monotonic()
            exchange.left_size = tap.size
        is_more = tap.size - exchange.left_size + (tap.missing or 0) <= ROOM
        return is_more and time.monotonic() - exchange.left_at < PATIENCE

    async def outlived(self, client: Client) -> None:
        """Wait until the answers that `client` has left have come, or are given up."""
        for exchange in list(self._open.values()):
            flow = exchange.flow
            if flow.client_conn.id != client.id or not self.outlives(flow):
                continue
            assert exchange.left_at is not None
            patience = exchange.left_at + PATIENCE - time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await exchange.over.wait()
            self.break_off(flow, by_client=True)
            self.interrupt(flow)

    def break_off(self, flow: http.HTTPFlow, *, by_client: bool) -> None:
        """Note which side is about to interrupt the flow."""
        if (exchange := self._open.get(flow.id)) is not None:
            exchange.broken_by_client = by_client

    def interrupt(self, flow: http.HTTPFlow) -> None:
        """End the exchange of a flow that will not go on."""
        if (exchange := self._open.get(flow.id)) is not None:
            self._end(exchange, reason(exchange))

    def _end(self, exchange: Exchange, why: str) -> None:
        """Give up what is still to come of `exchange`."""
        if exchange.stored is not None:
            self._store(exchange)
        elif exchange.tap is not None and exchange.is_asked and self.what.partial:
            self._store(exchange, why)
        elif exchange.is_left and not self._tally.interrupted:
            self._store_departure(exchange)
        else:
            self._drop(exchange, why)
        self._forget(exchange)

    def _store_departure(self, exchange: Exchange) -> None:
        exchange.watch.stop()
        try:
            response = departure.recorded(exchange.watch.duration)
            exchange.stored = exchange.deck.record(
                exchange.request(),
                response,
                remark=LEFT,
                before=exchange.overtaken_by,
            )
            self._overtake(exchange)
        except Exception as error:
            self._fault(error)

    def _overtake(self, exchange: Exchange) -> None:
        """Let the exchanges that began before `exchange` know that it was stored before them.

        Where their client has left, it may have asked again, and is to find both in order.
        """
        if exchange.stored is None:
            return
        for other in self._open.values():  # in the order of their requests
            if other is exchange:
                break
            if other.deck is exchange.deck and other.overtaken_by in (
                None,
                exchange.overtaken_by,  # what it may have been put in front of
            ):
                other.overtaken_by = exchange.stored.id

    def _forget(self, exchange: Exchange) -> None:
        self._open.pop(exchange.flow.id, None)
        exchange.over.set()
        self._wake()

    def _drop(self, exchange: Exchange, why: str) -> None:
        if not exchange.is_dropped and exchange.stored is None:
            exchange.is_dropped = True
            exchange.deck.drop(exchange.name, why)

    def _store(self, exchange: Exchange, partial: str = "") -> None:
        """Write what has come, if it is not in the file yet."""
        message = exchange.flow.response
        assert message
        if exchange.is_dropped or (
            exchange.stored is not None
            and exchange.sizes == exchange.stored_sizes
            and not message.trailers
        ):
            return
        try:
            self._record(exchange, message, partial)
        except TooLargeError as error:
            self._drop(exchange, f"the answer {error}")
        except Exception as error:
            exchange.is_dropped = True  # or the same fault comes again at its end
            self._fault(error)

    def _record(self, exchange: Exchange, message: http.Response, partial: str) -> None:
        if message.status_code == 101:
            self._drop(exchange, PROTOCOL)
            return
        if not is_final(message.status_code):
            self._drop(exchange, NO_STATUS)
            return
        if not _is_seen(message, exchange.tap):
            self._drop(exchange, UNSEEN)
            return
        before, exchange.stored_sizes = exchange.stored_sizes, exchange.sizes
        request, response = exchange.stored_request, exchange.stored_response
        if request is None or exchange.sizes[0] != before[0]:
            request = exchange.request()
        if response is None or exchange.sizes[1] != before[1] or message.trailers:
            response = self._response(exchange, message, partial)
        if exchange.stored is None:
            exchange.deck.see_response(message.headers.items(multi=True))
            has_left = exchange.left_at is not None
            exchange.stored = exchange.deck.record(
                request,
                response,
                partial=partial,
                remark=AWAITED if has_left else "",
                before=exchange.overtaken_by if has_left else None,
            )
            exchange.is_dropped = exchange.stored is None
            self._overtake(exchange)
        elif (request, response) != (exchange.stored_request, exchange.stored_response):
            exchange.deck.amend(exchange.stored, request, response)
        exchange.stored_request, exchange.stored_response = request, response
        self._wake()

    def _response(
        self, exchange: Exchange, message: http.Response, partial: str
    ) -> Response:
        tap = exchange.tap
        return capture.response(
            message,
            tap,
            exchange.watch.duration,
            capture.kept(self.what.response_headers, exchange.flow.request),
            exchange.flow.request.method.upper(),
            timed=self.what.timing,
            partial=bool(partial),
            is_last=exchange.is_answered or tap is None or tap.missing == 0,
        )


def _is_seen(message: http.Response, tap: Tap | None) -> bool:
    """Whether the body is here, or passed through our tap."""
    if tap is None:
        return message.raw_content is not None
    return message.stream is tap


def without_trailers(flow: http.HTTPFlow) -> None:
    """Drop what mitmproxy cannot write to an HTTP/1 client."""
    if flow.response is not None and not flow.request.is_http2:
        flow.response.trailers = None
