"""WebSockets that mitmproxy opened and that are played, until one goes on to the API.

In replay-with-new-episodes a request must be able to reach the API, so it comes by mitmproxy's
HTTP layer. There the upgrade is answered here, and what follows is said from the cassette
(core/replay/websocket_connection.py). A client that says what is not recorded, before
anything was said to it, goes on: the upgrade that it sent is sent to the API, then its words,
and mitmproxy's own layer relays from there on, to be recorded as any.

mitmproxy's WebSocket layer is made by its HTTP layer for every 101; its beginning is replaced.
Found in mitmproxy 11.0.2 to 12.3.1.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.layers.http import GetHttpConnection, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestEndOfMessage,
    RequestHeaders,
    ResponseHeaders,
    ResponseProtocolError,
)

from anyvcr.core.replay import handshake
from anyvcr.core.replay.action import Close, HandOver, Send, WaitUntil
from anyvcr.core.replay.websocket_connection import WebSocketConnection
from anyvcr.decider import Episode
from anyvcr.proxy.recording.exchange import Upgraded
from anyvcr.proxy.replaying.layer import ROOMY
from anyvcr.proxy.replaying.room import RoomHook

Commands = layer.CommandGenerator[None]


@dataclass(slots=True, kw_only=True)
class _Begun:
    episode: Episode
    name: str
    """Method and URL, for messages."""
    asked: int = 0
    """When the API was asked for the WebSocket, on the clock of durations."""
    duration: int = 0
    """Nanoseconds until it answered."""


_begun: WeakKeyDictionary[http.HTTPFlow, _Begun] = WeakKeyDictionary()


def begin(flow: http.HTTPFlow, episode: Episode, name: str) -> None:
    """Answer the upgrade of `flow`, and let `episode` follow; `name` is for messages."""
    _begun[flow] = _Begun(episode=episode, name=name)
    fields = {k.lower(): v for k, v in flow.request.headers.items()}
    head = handshake.accept(fields, episode.upgrade.subprotocol)
    _, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    pairs = [(name, value) for name, _, value in (x.partition(b": ") for x in lines)]
    flow.response = http.Response.make(101, b"", http.Headers(pairs))
    flow.response.headers.pop("content-length", None)
    # What was answered without an extension has none on the way to the API either.
    flow.request.headers.pop("sec-websocket-extensions", None)


def upgraded(flow: http.HTTPFlow) -> Upgraded | None:
    """What `flow` is recorded as if it has gone on to the API, and is recorded there."""
    begun = _begun.pop(flow, None)
    if begun is None or begun.episode.leave is None or not begun.episode.leave.record:
        return None
    leave = begun.episode.leave
    return Upgraded(
        deck=leave.deck,
        name=begun.name,
        request=leave.request,
        duration=begun.duration,
    )


def play(layer: websocket.WebsocketLayer, event: events.Event) -> Commands | None:
    """What a WebSocket that `begin` answered does first; None for any other."""
    begun = _begun.get(layer.flow)
    return None if begun is None else _Player(layer, begun).handle(event)


class _Player:
    """Plays in the place of a layer's relay."""

    def __init__(self, layer: websocket.WebsocketLayer, begun: _Begun) -> None:
        self._layer = layer
        self._flow = layer.flow
        self._begun = begun
        upgrade = begun.episode.upgrade
        self._connection = WebSocketConnection(
            upgrade.choice,
            upgrade.miss,
            pace=upgrade.pace,
            limit=upgrade.limit,
            may_leave=upgrade.may_leave,
            now=time.perf_counter(),
        )
        self._wakes_at: float | None = None
        self._layer._handle_event = self.handle

    def handle(self, event: events.Event) -> Commands:
        """Play on."""
        client = self._layer.context.client
        match event:
            # A server may still say why it refused.
            case events.DataReceived(connection=side, data=data) if side is client:
                self._connection.receive(data)
            case events.ConnectionClosed(connection=side) if side is client:
                self._connection.receive(b"")
            case events.Wakeup():
                self._wakes_at = None
        yield from self._carry_out()

    def _carry_out(self) -> Commands:
        client = self._layer.context.client
        while action := self._connection.next(now := time.perf_counter()):
            match action:
                case Send(data):
                    yield commands.SendData(client, data)
                    if len(data) > ROOMY:
                        yield RoomHook(client)
                case WaitUntil(moment):
                    if moment > now:
                        if self._wakes_at is None or moment < self._wakes_at:
                            self._wakes_at = moment
                            yield commands.RequestWakeup(moment - now)
                        return
                case Close():
                    yield commands.CloseConnection(client)
                case HandOver(data):
                    yield from _Departure(self._layer, self._begun, self._miss).go(data)
                    return

    def _miss(self, why: str) -> Commands:
        """Tell the client that it could not go on."""
        self._layer._handle_event = self.handle
        self._connection.take_back(why, time.perf_counter())
        yield from self._carry_out()


@dataclass(slots=True)
class _Departure:
    """The way to the API of a client that has said `unsent` to us."""

    layer: websocket.WebsocketLayer
    begun: _Begun
    refuse: Callable[[str], Commands]
    unsent: bytearray = field(default_factory=bytearray)
    is_open: bool = False

    def go(self, data: bytes) -> Commands:
        """Ask the API for the WebSocket that the client has."""
        self.unsent += data
        context, flow = self.layer.context, self.layer.flow
        request, server = flow.request, flow.server_conn
        connection, error = yield GetHttpConnection(
            (request.host, request.port),
            request.scheme == "https",
            server.via,
            server.transport_protocol,
        )
        if error:
            yield from self._fail(f"the API cannot be reached: {error}")
            return
        context.server = flow.server_conn = connection
        stream = context.layers[context.layers.index(self.layer) - 1]
        assert isinstance(stream, HttpStream)
        self.layer._handle_event = self.wait
        self.begun.asked = time.perf_counter_ns()
        head = RequestHeaders(stream.stream_id, request, end_stream=True)
        yield SendHttp(head, connection)
        yield SendHttp(RequestEndOfMessage(stream.stream_id), connection)

    def wait(self, event: events.Event) -> Commands:
        """Relay once the API has answered; what the client says until then follows."""
        context = self.layer.context
        match event:
            case events.DataReceived(connection=side, data=data):
                if side is context.client:
                    self.unsent += data
            case ResponseHeaders(response=response):
                if response.status_code == 101:
                    self.begun.duration = time.perf_counter_ns() - self.begun.asked
                    self.layer.flow.response = response
                    self.is_open = True
                else:
                    status = f"{response.status_code} {response.reason}"
                    yield from self._fail(f"the API refused the WebSocket: {status}")
            case ResponseProtocolError(message=message):
                yield from self._fail(f"the API did not open the WebSocket: {message}")
            case events.ConnectionClosed(connection=side):
                if side is context.client:
                    yield commands.CloseConnection(context.server)
                elif self.is_open:
                    # The end of the answer's message, which is where the WebSocket begins.
                    yield from self.layer.start(events.Start())
                    yield from self.layer._handle_event(
                        events.DataReceived(context.client, bytes(self.unsent))
                    )

    def _fail(self, why: str) -> Commands:
        if self.begun.episode.leave:
            self.begun.episode.leave.deck.drop(self.begun.name, why)
        yield from self.refuse(why)
