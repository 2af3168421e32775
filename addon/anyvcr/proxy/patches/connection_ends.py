"""The ends of connections, told apart: mitmproxy knows one end, and TCP three.

A peer that closes has said all; one that closes its sending half may still read; one that
resets has broken off.
"""

import socket
import struct

from mitmproxy import ctx
from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.net.http import http1, status_codes
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import _events, _http1, _http2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import HttpEvent, ResponseProtocolError
from mitmproxy.proxy.server import ConnectionIO

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with which a close is a reset."""

_NO_ANSWER = (
    _events.ErrorCode.CANCEL
    if hasattr(_events, "ErrorCode")
    else status_codes.NO_RESPONSE
)
"""The code of an error that is not told to the client; a number before mitmproxy 12."""


def pass_resets_on() -> None:
    """Take a reset for a break where the close ends the body (RFC 9112, section 6.3).

    mitmproxy takes it for the end, and half an answer for a whole one. The client's
    connection is then reset, too: a close would tell it the same untruth.
    """
    send = getattr(_http1.Http1Server, "send", None)
    read = getattr(_http1.Http1Client, "read_body", None)
    if send is None or read is None or hasattr(send, "anyvcr"):
        return  # the last: a script may be loaded again

    def read_body(
        self: _http1.Http1Client, event: events.Event
    ) -> layer.CommandGenerator[None]:
        if isinstance(event, events.ConnectionClosed) and _is_reset(
            self.context.client, self.conn
        ):
            assert self.stream_id is not None
            yield commands.CloseConnection(self.conn)
            why, code = "server reset the connection", ResponseProtocolError.code
            yield ReceiveHttp(ResponseProtocolError(self.stream_id, why, code))
        else:
            yield from _http1.Http1Connection.read_body(self, event)

    def send_to_client(
        self: _http1.Http1Server, event: HttpEvent
    ) -> layer.CommandGenerator[None]:
        if isinstance(event, ResponseProtocolError) and _ends_with_close(self):
            _reset_when_closed(self.context.client)
        yield from send(self, event)

    send_to_client.anyvcr = True  # type: ignore[attr-defined]
    _http1.Http1Server.send = send_to_client  # type: ignore[method-assign]
    _http1.Http1Client.read_body = read_body  # type: ignore[method-assign, assignment]


def _ends_with_close(server: _http1.Http1Server) -> bool:
    """Whether the answer that is on its way has no other end than the connection's."""
    if server.request is None or server.response is None:
        return False
    try:
        size = http1.expected_http_body_size(server.request, server.response)
    except ValueError:
        return True
    return size == -1


def pass_race_losses_on() -> None:
    """Answer nothing where an API closes a kept connection as the next request comes to it.

    Every client of HTTP meets that race, and knows what to do: it asks once more on a new
    connection if the method allows it, or leaves that to the SDK. A 502 of mitmproxy's hides
    the race from both. We must not ask again ourselves: the API may have begun its work, and
    a proxy cannot know (RFC 9110, section 9.2.2). Connections to the API are kept for one
    client's connection, so that the client, too, sees the end of a connection that was kept.
    """
    read = getattr(_http1.Http1Client, "read_headers", None)
    close = getattr(_http2.Http2Client, "close_connection", None)
    if read is None or close is None or hasattr(close, "anyvcr"):
        return  # the last: a script may be loaded again

    def read_headers(
        self: _http1.Http1Client, event: events.ConnectionEvent
    ) -> layer.CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            self.anyvcr_has_answered = True  # type: ignore[attr-defined]
        is_kept = hasattr(self, "anyvcr_has_answered") and not self.buf
        for command in read(self, event):
            if is_kept and isinstance(event, events.ConnectionClosed):
                _say_nothing(command)
            yield command

    def close_connection(
        self: _http2.Http2Client, message: str
    ) -> layer.CommandGenerator[None]:
        for command in close(self, message):
            if isinstance(command, ReceiveHttp) and command.event.stream_id > 1:
                _say_nothing(command)
            yield command

    close_connection.anyvcr = True  # type: ignore[attr-defined]
    _http1.Http1Client.read_headers = read_headers  # type: ignore[method-assign]
    _http2.Http2Client.close_connection = close_connection  # type: ignore[method-assign, assignment]


def _say_nothing(command: commands.Command) -> None:
    """Let the client's connection, or its stream, end without an answer."""
    if isinstance(command, ReceiveHttp) and isinstance(
        command.event, ResponseProtocolError
    ):
        command.event.code = _NO_ANSWER  # type: ignore[assignment,unused-ignore]  # a number once


def answer_half_closed(patience: float) -> None:
    """Answer an HTTP/1 client that has closed its sending half (RFC 9112, section 9.6).

    mitmproxy takes it for one that has left. Until something is sent to it, the two look the
    same: the answer may take `patience` seconds to begin, or the client has left. In TLS
    nobody closes one half alone.
    """
    wait = getattr(_http1.Http1Server, "wait", None)
    finish = getattr(_http1.Http1Server, "mark_done", None)
    if wait is None or finish is None or hasattr(wait, "anyvcr"):
        return  # the last: a script may be loaded again

    def wait_for_answer(
        self: _http1.Http1Server, event: events.Event
    ) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Wakeup):
            if self.response is None:
                yield from wait(self, events.ConnectionClosed(self.conn))
        elif isinstance(event, events.ConnectionClosed) and _may_read(self.conn):
            self.anyvcr_is_half_closed = True  # type: ignore[attr-defined]
            yield commands.RequestWakeup(patience)
        else:
            yield from wait(self, event)

    def mark_done(
        self: _http1.Http1Server, *, request: bool = False, response: bool = False
    ) -> layer.CommandGenerator[None]:
        yield from finish(self, request=request, response=response)
        if hasattr(self, "anyvcr_is_half_closed") and self.state in (
            self.read_headers,
            self.read_body,
        ):
            # The end was not told to these, which read the next of several requests.
            yield from self.state(events.ConnectionClosed(self.conn))
            self.state = self.done

    wait_for_answer.anyvcr = True  # type: ignore[attr-defined]
    _http1.Http1Server.wait = wait_for_answer  # type: ignore[method-assign, assignment]
    _http1.Http1Server.mark_done = mark_done  # type: ignore[method-assign]


def _may_read(client: Connection) -> bool:
    """Whether the other side has closed no more than its sending half, as far as TCP tells."""
    assert isinstance(client, Client)
    return (
        not client.tls
        and client.state is ConnectionState.CAN_WRITE
        and not _is_reset(client, client)
    )


def _is_reset(client: Client, connection: Connection) -> bool:
    """Whether a connection to or for `client` ended with an error instead of a close."""
    io = _transport(client, connection)
    error = getattr(io.reader, "exception", None) if io else None
    return error is not None and error() is not None


def _reset_when_closed(client: Client) -> None:
    io = _transport(client, client)
    writer = getattr(io, "writer", None)
    sock = writer.get_extra_info("socket") if writer else None
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def _transport(client: Client, connection: Connection) -> ConnectionIO | None:
    handler = ctx.master.addons.get("proxyserver").connections.get(client.id)
    transports = getattr(handler, "transports", {})
    found: ConnectionIO | None = transports.get(connection)
    return found
