"""WebSockets that are open, and the interaction that each becomes when it ends.

A conversation is kept as its transcript (core/websocket/transcript.py) while it goes on, and
stored once, however it ends. What of mitmproxy's messages is written down is not needed any
more: it would keep them all.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.websocket import WebSocketMessage

from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette.model import Headers, Response
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text
from anyvcr.proxy.patches.websocket import is_violation
from anyvcr.proxy.recording.exchange import Upgraded

ROOM = 128 << 20
"""Bytes of transcripts that are held at once; the conversation that goes beyond is dropped."""

GRACE = 0.25
"""Seconds for ends that are under way when the recording ends: a command's end closes its
sockets, and their last bytes are here an instant after it."""

STOPPED = "the proxy was stopped"
CLOSED = "the cassette was closed"
LOST = "the connection was lost"
TOO_LONG = f"open WebSockets together said more than {ROOM >> 20} MiB"

_NO_CODE, _ABNORMAL = 1005, 1006
"""Never sent: a close frame without a code, and no close frame (RFC 6455, section 7.4.1)."""


@dataclass(slots=True, kw_only=True)
class _Conversation:
    flow: http.HTTPFlow
    opening: Upgraded
    lines: bytearray = field(default_factory=bytearray)
    start: float = field(default_factory=time.perf_counter)
    is_dropped: bool = False


class Conversations:
    """The open WebSockets, by flow. A fault of ours goes to `fault`: the traffic goes on."""

    def __init__(self, fault: Callable[[Exception], None]) -> None:
        self.timing = False
        """Whether lines say when they came."""
        self._fault = fault
        self._open: dict[str, _Conversation] = {}
        self._held = 0
        self._ended = asyncio.Event()

    def begin(self, flow: http.HTTPFlow, opening: Upgraded) -> None:
        """Record what is said from now on: the upgrade has been answered."""
        self._open[flow.id] = _Conversation(flow=flow, opening=opening)

    def hear(self, flow: http.HTTPFlow) -> None:
        """Keep a message that has come whole, and is about to pass on."""
        talk = self._open.get(flow.id)
        if talk is None:
            return
        assert flow.websocket
        try:
            message = _message(flow.websocket.messages[-1], self._at(talk))
            self._write(talk, message)
        except Exception as error:
            self._fault(error)
            self._drop(talk, "it could not be written down")
        del flow.websocket.messages[:-1]  # the last is for other addons

    def end(self, flow: http.HTTPFlow) -> None:
        """Store a conversation whose connection has ended, by a close frame or without one."""
        if (talk := self._open.get(flow.id)) is not None:
            self._store(talk, _last(flow, self._at(talk)))

    def lose(self, client: Client) -> None:
        """Store what is open of a `client` that is gone in a way that mitmproxy does not tell."""
        for talk in list(self._open.values()):
            if talk.flow.client_conn.id == client.id:
                self._stop(talk, LOST)

    def count(self, decks: Collection[Deck] | None = None) -> int:
        """How many conversations of `decks`, of all by default, are open."""
        return len(list(self._of(decks)))

    async def settle(self, decks: Collection[Deck] | None = None) -> None:
        """Wait for the conversations of `decks`, of all by default, to end, at most GRACE."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while self.count(decks):
                    self._ended.clear()
                    await self._ended.wait()

    def stop(self, why: str, decks: Collection[Deck] | None = None) -> None:
        """Store what has been said in the conversations of `decks`, of all by default."""
        for talk in list(self._of(decks)):
            self._stop(talk, why)

    def _stop(self, talk: _Conversation, why: str) -> None:
        self._store(talk, End(Side.RECORDER, why, self._at(talk)), cut=why)

    def _of(self, decks: Collection[Deck] | None) -> Iterable[_Conversation]:
        talks = self._open.values()
        return (t for t in talks if decks is None or t.opening.deck in decks)

    def _write(self, talk: _Conversation, message: Message) -> None:
        if talk.is_dropped:
            return
        line = transcript.write(message).encode()
        if self._held + len(line) > ROOM:
            self._drop(talk, TOO_LONG)
            return
        self._held += len(line)
        talk.lines += line

    def _at(self, talk: _Conversation) -> float | None:
        return (time.perf_counter() - talk.start) * 1000 if self.timing else None

    def _drop(self, talk: _Conversation, why: str) -> None:
        if not talk.is_dropped:
            talk.is_dropped = True
            self._free(talk)
            talk.opening.deck.drop(talk.opening.name, why)

    def _free(self, talk: _Conversation) -> None:
        self._held -= len(talk.lines)
        talk.lines = bytearray()

    def _store(self, talk: _Conversation, last: Message, *, cut: str = "") -> None:
        self._open.pop(talk.flow.id)
        self._ended.set()
        try:
            self._write(talk, last)
            if not talk.is_dropped:
                self._record(talk, cut)
        except Exception as error:
            self._fault(error)
        finally:
            self._free(talk)

    def _record(self, talk: _Conversation, cut: str) -> None:
        opening, answer = talk.opening, talk.flow.response
        assert answer
        opening.deck.see_response(answer.headers.items(multi=True))
        opening.deck.record(
            opening.request(),
            _response(answer, bytes(talk.lines), opening.duration),
            partial=cut,
        )


def _response(answer: http.Response, body: bytes, duration: int) -> Response:
    """A transcript as the body of the answer to the upgrade."""
    headers: Headers = (("Content-Type", (transcript.CONTENT_TYPE,)),)
    if chosen := answer.headers.get_all("sec-websocket-protocol"):
        headers += (("Sec-Websocket-Protocol", tuple(chosen)),)
    return Response(
        code=101,
        status="101 Switching Protocols",
        headers=headers,
        body=body,
        duration=duration,
    )


def _message(message: WebSocketMessage, at: float | None) -> Message:
    side = Side.CLIENT if message.from_client else Side.SERVER
    if message.is_text:
        return Text(side, message.content.decode("utf-8", "replace"), at)
    return Binary(side, bytes(message.content), at)


def _last(flow: http.HTTPFlow, at: float | None) -> Message:
    """How a connection ended that mitmproxy tells the end of."""
    socket = flow.websocket
    assert socket
    side = Side.CLIENT if socket.closed_by_client else Side.SERVER
    code, reason = socket.close_code, socket.close_reason or ""
    if code == _ABNORMAL:
        return End(side, reason, at)
    if is_violation(flow):
        return End(side, f"{code} {reason}".rstrip(), at)
    sent = None if code is None or code == _NO_CODE else int(code)
    return Close(side, sent, reason, at)
