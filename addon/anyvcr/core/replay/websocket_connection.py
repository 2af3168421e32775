"""The server's side of a WebSocket in replay: bytes and times in, actions out.

It takes over a client's connection after the opening handshake, with the interface of
ServerConnection, and says what was recorded. It has no way to a server.
"""

import json
from collections import deque

from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from anyvcr.core.replay.action import Action, Close, HandOver, Send, WaitUntil
from anyvcr.core.replay.pacing import GAP, INSTANT, Pace
from anyvcr.core.replay.upgrade import Miss
from anyvcr.core.websocket import message as said
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.message import Binary, End, Message, Side, Text

PATIENCE = 0.25
"""Seconds of silence after which the server says what does not depend on its client. A
program may send a tool's output after the response that it sent during it before."""

MISSED = 4000
"""Code of the close after a miss: SDKs connect again after 1001, 1006, 1011 and others."""

HELD = 16 << 20
"""Bytes of a client's first messages that are kept for the API."""

_MISSED_STATUS = 400
"""Codex ends its turn at an error with this status, and tries again at any other."""


class WebSocketConnection:
    """One conversation. Times are seconds of any clock that never goes back."""

    def __init__(
        self,
        choice: Choice,
        miss: Miss,
        *,
        pace: Pace = INSTANT,
        limit: int = 1 << 30,
        may_leave: bool = False,
        now: float,
    ) -> None:
        """`limit`: bytes of a message of the client's; `now`: when the handshake was answered.

        `may_leave`: a client that says what is not recorded, before anything was played to it,
        is handed over with all that it has sent.
        """
        self._choice = choice
        self._miss = miss
        self._pace = pace
        self._limit = limit
        self._socket = Connection(ConnectionType.SERVER)
        self._pending: list[bytes] = []
        self._unanswered: bytearray | None = bytearray() if may_leave else None
        """What the client has sent; None once it can no longer be handed over."""
        self._leaves = False
        self._has_ended = False
        self._parts: list[str | bytes | bytearray] = []
        self._size = 0
        self._out: list[bytes] = []
        self._due: deque[tuple[float, Message]] = deque()
        """What is to be said, and when."""
        self._anchor = (now, 0.0)
        """A moment, and which one of the recording it is, in milliseconds."""
        self._patient_until: float | None = None
        self._closes = False
        self._is_over = False
        self._is_deaf = False
        """After a miss, whatever the client had on its way is not looked at."""
        self._ask(now)

    def receive(self, data: bytes) -> None:
        """Take what the client sent; b"" once it sends no more."""
        if data:
            self._pending.append(data)
        else:
            self._has_ended = True

    def take_back(self, why: str, now: float) -> None:
        """Refuse a client that was handed over, with the reason."""
        self._is_over = self._leaves = False
        self._refuse(why, now)

    def next(self, now: float) -> Action | None:
        """What the shell is to do now; None where only the client can make anything happen."""
        if self._is_over:
            return None
        self._read(now)
        if self._leaves:
            self._is_over = True
            data = bytes(self._unanswered or b"")
            self._unanswered = None
            return HandOver(data)
        self._say(now)
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            return Send(data)
        if self._closes or self._has_ended:
            self._is_over = True
            return Close()
        if self._due:
            return WaitUntil(self._due[0][0])
        if self._patient_until is not None:
            return WaitUntil(self._patient_until)
        return None

    # What the client says

    def _read(self, now: float) -> None:
        while self._pending and not self._closes:
            data = self._pending.pop(0)
            if self._unanswered is not None:
                self._unanswered += data
                if len(self._unanswered) > HELD:
                    self._unanswered = None
            try:
                self._socket.receive_data(data)
                for event in self._socket.events():
                    self._take(event, now)
                    if self._closes:
                        return
            except RemoteProtocolError as error:
                hint = error.event_hint
                code = hint.code if isinstance(hint, CloseConnection) else 1002
                self._out.append(self._socket.send(CloseConnection(code, str(error))))
                self._closes = True

    def _take(self, event: Event, now: float) -> None:
        match event:
            case TextMessage() | BytesMessage():
                self._parts.append(event.data)
                self._size += len(event.data)
                if self._size > self._limit:
                    too_big = CloseConnection(CloseReason.MESSAGE_TOO_BIG)
                    self._out.append(self._socket.send(too_big))
                    self._closes = True
                elif event.message_finished:
                    self._hear(self._whole(event), now)
            case Ping():
                self._out.append(self._socket.send(event.response()))
            case CloseConnection():
                self._out.append(self._socket.send(event.response()))
                self._closes = True

    def _whole(self, last: TextMessage | BytesMessage) -> Message:
        parts, self._parts, self._size = self._parts, [], 0
        if isinstance(last, TextMessage):
            return Text(Side.CLIENT, "".join(map(str, parts)))
        return Binary(Side.CLIENT, b"".join(map(bytes, parts)))  # type: ignore[arg-type]

    def _hear(self, message: Message, now: float) -> None:
        if self._is_deaf or self._leaves:
            return
        # What was due before goes before what this may let the server say.
        if not self._choice.hear(message):
            if self._unanswered is not None:
                self._choice.leave()
                self._leaves = True
            else:
                self._refuse(self._miss(self._choice, message), now)
            return
        lead = self._choice.lead
        if lead is not None and lead.heard_at is not None:
            self._anchor = (now, lead.heard_at)
        self._ask(now)

    def _refuse(self, text: str, now: float) -> None:
        self._is_deaf = True
        self._patient_until = None
        error = {
            "type": "invalid_request_error",
            "code": "no_matching_interaction",
            "message": text,
            "param": None,
        }
        event = {"type": "error", "status": _MISSED_STATUS, "error": error}
        self._due.clear()
        self._due.append((now, Text(Side.SERVER, json.dumps(event))))
        close = said.Close(Side.SERVER, MISSED, "not in the cassette")
        self._due.append((now, close))

    # What the server says

    def _ask(self, now: float, *, patient: bool = True) -> None:
        """Put what the server says now on its way."""
        last = self._due[-1][0] if self._due else now
        is_first = not self._due
        for message in self._choice.due(patient=patient):
            last = max(last, self._moment(message, last, is_first=is_first))
            is_first = False
            self._due.append((last, message))
        lead = self._choice.lead
        waits = patient and (lead is None or lead.is_waiting)
        self._patient_until = max(last, now) + PATIENCE if waits else None

    def _moment(self, message: Message, last: float, *, is_first: bool) -> float:
        if self._pace == INSTANT:
            return last
        if message.at is None:
            return last if is_first else last + GAP / 1e9 / self._pace.factor
        begin, recorded = self._anchor
        return begin + (message.at - recorded) / 1000 / self._pace.factor

    def _say(self, now: float) -> None:
        until = self._patient_until
        if until is not None and not self._due and now >= until:
            if self._choice.lead is None:
                # Nothing is recorded for this URL, and the client may wait for a greeting.
                self._refuse(self._miss(self._choice, Text(Side.CLIENT, "")), now)
            else:
                self._ask(now, patient=False)
        while self._due and self._due[0][0] <= now and not self._closes:
            self._send(self._due.popleft()[1])

    def _send(self, message: Message) -> None:
        self._unanswered = None
        match message:
            case Text(text=text):
                self._out.append(self._socket.send(TextMessage(text)))
            case Binary(data=data):
                self._out.append(self._socket.send(BytesMessage(data)))
            case said.Close(code=None):
                # wsproto writes 1000 for no code.
                self._out.append(b"\x88\x00")
                self._closes = True
            case said.Close(code=int(code), reason=reason):
                self._out.append(self._socket.send(CloseConnection(code, reason)))
                self._closes = True
            case End():
                self._closes = True
