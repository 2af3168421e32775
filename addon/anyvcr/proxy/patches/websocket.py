"""Ends and large frames of WebSockets, which mitmproxy changes or takes long for."""

from collections.abc import Callable, Iterable
from typing import Any

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import websocket
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Event
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason, Opcode, RsvBits

_VIOLATION = "anyvcr_websocket_violation"
"""Key of a flow's metadata."""

_PINGED = ("Received WebSocket ping", "Received WebSocket pong")

_ABNORMAL = 1006
"""The code of an end without a close frame (RFC 6455, section 7.4.1)."""


def is_violation(flow: http.HTTPFlow) -> bool:
    """Whether the closing side broke the protocol: the close code was never on the wire."""
    return _VIOLATION in flow.metadata


def pass_ends_on() -> None:
    """End a connection without a close frame where the other side's ended without one.

    mitmproxy makes a clean 1000 of it, after which a client does not connect again. It also
    tells the close of a side that broke the protocol like one that this side had sent, and
    logs every ping and pong: of those nothing is said, for a flood of them fills a disk.
    """
    send = getattr(websocket.WebsocketConnection, "send2", None)
    relay = getattr(websocket.WebsocketLayer, "relay_messages", None)
    if send is None or relay is None or hasattr(send, "anyvcr"):
        return  # the last: a script may be loaded again

    def send2(self: websocket.WebsocketConnection, event: Event) -> commands.SendData:
        if isinstance(event, CloseConnection) and event.code == _ABNORMAL:
            return commands.SendData(self.conn, b"")
        sent: commands.SendData = send(self, event)
        return sent

    def relay_messages(
        self: websocket.WebsocketLayer, event: events.Event
    ) -> layer.CommandGenerator[None]:
        answers: layer.CommandGenerator[None] = relay(self, event)
        reply = None
        while True:
            try:
                command = answers.send(reply)
            except StopIteration:
                return
            if isinstance(command, websocket.WebsocketEndHook):
                _note_violation(self)
            if isinstance(command, commands.Log) and command.message.startswith(
                _PINGED
            ):
                reply = None
                continue
            reply = yield command

    send2.anyvcr = True  # type: ignore[attr-defined]
    websocket.WebsocketConnection.send2 = send2  # type: ignore[method-assign]
    websocket.WebsocketLayer.relay_messages = relay_messages  # type: ignore[method-assign]


def _note_violation(layer: websocket.WebsocketLayer) -> None:
    """Mark the flow if its end was wsproto's verdict: then the side's close is still awaited."""
    assert layer.flow.websocket
    by_client = layer.flow.websocket.closed_by_client
    closing = layer.client_ws if by_client else layer.server_ws
    if closing.state is ConnectionState.LOCAL_CLOSING:
        layer.flow.metadata[_VIOLATION] = True


def gather_frames_quickly() -> None:
    """Take a large frame in a time that is linear in its length.

    mitmproxy adds each piece to `bytes`, copying what is there: 64 MB take 20 s, during
    which nothing else passes.
    """
    kind = websocket.WebsocketConnection
    if "frame_buf" not in kind.__annotations__ or hasattr(kind, "frame_buf"):
        return

    def read(self: Any) -> "_Frames":
        frames: _Frames = self.anyvcr_frames
        return frames

    def write(self: Any, frames: Iterable[bytes]) -> None:
        self.anyvcr_frames = _Frames(map(bytearray, frames))

    kind.frame_buf = property(read, write)  # type: ignore[assignment]


class _Frames(list[bytes | bytearray]):
    """The frames of a message that is under way."""

    def append(self, frame: bytes | bytearray) -> None:
        super().append(bytearray(frame))


def begin_by(
    begin: Callable[
        [websocket.WebsocketLayer, events.Event], layer.CommandGenerator[None] | None
    ],
) -> None:
    """Ask `begin` what a WebSocket does first; mitmproxy relays those of which it says None."""
    kind = websocket.WebsocketLayer
    if kind._handle_event is not kind.start:
        return  # a script may be loaded again

    def start(
        self: websocket.WebsocketLayer, event: events.Event
    ) -> layer.CommandGenerator[None]:
        own = begin(self, event)
        yield from self.start(event) if own is None else own

    kind._handle_event = start


def keep_messages_compressed() -> None:
    """Let a ping between the fragments of a compressed message be nothing to it.

    wsproto (1.2.0 to 1.3.2) takes the end of any control frame for the end of the message,
    and ends the connection with 1007 at the next fragment.
    """
    kind = PerMessageDeflate
    begin, end = kind.frame_inbound_header, kind.frame_inbound_complete
    if hasattr(begin, "anyvcr"):
        return

    def frame_inbound_header(
        self: PerMessageDeflate,
        proto: Any,
        opcode: Opcode,
        rsv: RsvBits,
        payload_length: int,
    ) -> CloseReason | RsvBits:
        message = self._inbound_compressed
        answer = begin(self, proto, opcode, rsv, payload_length)
        if opcode.iscontrol():
            self._inbound_compressed = message
        return answer

    def frame_inbound_complete(
        self: PerMessageDeflate,
        proto: Any,
        fin: bool,
    ) -> bytes | CloseReason | None:
        message = self._inbound_compressed
        answer = end(self, proto, fin)
        if not self._inbound_is_compressible:
            self._inbound_compressed = message
        return answer

    frame_inbound_header.anyvcr = True  # type: ignore[attr-defined]
    kind.frame_inbound_header = frame_inbound_header  # type: ignore[method-assign]
    kind.frame_inbound_complete = frame_inbound_complete  # type: ignore[method-assign]
