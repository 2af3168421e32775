"""Answers from the cassette, on the client's connection, with no way to a server.

mitmproxy's HTTP layer asks its addons and then connects upstream; this one stands in its
place in replay-only sessions. It carries a ServerConnection and has no command that opens a
connection, and the decider that it asks has none either: whatever goes wrong in it, no
request for an API host leaves the machine.

What is not for the API it hands over to mitmproxy's HTTP layer, bytes unread, for good.
"""

import time

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ClientTLSLayer, modes
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode

from anyvcr.core.callers import is_loopback_peer
from anyvcr.core.hosts import Origin
from anyvcr.core.replay.action import Close, HandOver, OpenTunnel, Send, WaitUntil
from anyvcr.core.replay.server_connection import ServerConnection
from anyvcr.decider import Decider
from anyvcr.proxy.replaying.room import RoomHook

ROOMY = 64 * 1024
"""Bytes that are sent without asking whether the client has taken those before."""

Commands = layer.CommandGenerator[None]


class ReplayLayer(layer.Layer):
    """HTTP/1.1 server on the client's connection."""

    def __init__(
        self,
        context: Context,
        decider: Decider,
        tunnel: Origin | None = None,
        user: str | None = None,
    ) -> None:
        super().__init__(context)
        self._decider = decider
        self._connection = ServerConnection(
            decider, tunnel, user, is_local=is_loopback_peer(context.client.peername)
        )
        self._wakes_at: float | None = None

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.DataReceived):
            self._connection.receive(event.data)
        elif isinstance(event, events.ConnectionClosed):
            self._connection.receive(b"")
        elif isinstance(event, events.Wakeup):
            self._wakes_at = None
        yield from self._carry_out()

    def _carry_out(self) -> Commands:
        client = self.context.client
        while action := self._connection.next(now := time.perf_counter()):
            match action:
                case Send(data):
                    yield commands.SendData(client, data)
                    if len(data) > ROOMY:
                        yield RoomHook(client)
                case WaitUntil(moment):
                    if moment > now:
                        yield from self._wake(moment, now)
                        return
                case Close():
                    yield commands.CloseConnection(client)
                case OpenTunnel(origin, user, rest):
                    self.context.server.address = (origin.host, origin.port)
                    tunnel = _Tunnel(self.context, self._decider, origin, user)
                    yield from self._become(tunnel, rest)
                    return
                case HandOver(data):
                    yield from self._become(self._other(), data)
                    return

    def _wake(self, moment: float, now: float) -> Commands:
        """Ask to be woken then, unless that is asked for already."""
        if self._wakes_at is None or moment < self._wakes_at:
            self._wakes_at = moment
            yield commands.RequestWakeup(moment - now)

    def _become(self, other: layer.Layer, data: bytes) -> Commands:
        """Let `other` have the connection from now on, with what came of it already."""
        self._handle_event = other.handle_event  # type: ignore[method-assign]
        yield from other.handle_event(events.Start())
        if data:
            event = events.DataReceived(self.context.client, data)
            yield from other.handle_event(event)

    def _other(self) -> layer.Layer:
        upstream = isinstance(self.context.layers[0], modes.HttpUpstreamProxy)
        mode = HTTPMode.upstream if upstream else HTTPMode.regular
        return HttpLayer(self.context, mode)


class _Tunnel(layer.Layer):
    """The inside of a CONNECT to an API host: TLS as a rule, else plain HTTP."""

    def __init__(
        self, context: Context, decider: Decider, origin: Origin, user: str | None
    ) -> None:
        super().__init__(context)
        self._decider = decider
        self._origin = origin
        self._user = user

    def _handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, events.DataReceived):
            if isinstance(event, events.ConnectionClosed):
                yield commands.CloseConnection(self.context.client)
            return
        child = replay(
            self.context, self._decider, self._origin, event.data, self._user
        )
        self._handle_event = child.handle_event  # type: ignore[method-assign]
        yield from child.handle_event(events.Start())
        yield from child.handle_event(event)


class ClosedLayer(layer.Layer):
    """The end of a connection that may lead nowhere."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


def replay(
    context: Context,
    decider: Decider,
    origin: Origin | None,
    first: bytes,
    user: str | None = None,
) -> layer.Layer:
    """The layer that replays on a connection which begins with the bytes `first`.

    `origin` is known where a tunnel or a proxy mode says it; None on the listener itself.
    `user` is that of the tunnel's proxy URL.
    """
    tls = first[:1] == b"\x16"
    if origin is not None and not tls:
        origin = Origin("http", origin.host, origin.port)
    if not tls:
        return ReplayLayer(context, decider, origin, user)
    if origin is not None:
        # What we serve is HTTP/1.1; a client that insists on HTTP/2 must not be told yes.
        context.client.alpn = b"http/1.1"
    outer = ClientTLSLayer(context)
    outer.child_layer = ReplayLayer(context, decider, origin, user)
    return outer
