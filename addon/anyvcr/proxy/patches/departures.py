"""Answers that go on although their client has left."""

from collections.abc import Callable
from typing import Protocol

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.http._events import (
    RequestProtocolError,
    ResponseProtocolError,
)

_GiveUp = Callable[
    [HttpStream, RequestProtocolError | ResponseProtocolError],
    layer.CommandGenerator[None],
]


class Keeper(Protocol):
    """Who decides on answers whose client has left."""

    def outlives(self, flow: http.HTTPFlow) -> bool:
        """Whether the answer goes on; asked with each piece of it."""

    def break_off(self, flow: http.HTTPFlow, *, by_client: bool) -> None:
        """Take note of which side broke the flow; its error hook comes next."""

    def interrupt(self, flow: http.HTTPFlow) -> None:
        """Take note that the flow will not go on; it may have ended already."""


def outlive_clients(keeper: Callable[[], Keeper], patience: float) -> None:
    """Let an answer go on whose client has left, as long as `keeper` says so.

    mitmproxy gives up the connection to the server, or its stream, with the client. The
    keeper is asked again after `patience` seconds. It also hears of ends for which
    mitmproxy has no hook, since the answer had ended before the request.

    Where a whole connection goes, its streams go on until the client_disconnected hook is
    over.
    """
    handle = getattr(HttpStream, "handle_protocol_error", None)
    check = getattr(HttpStream, "check_killed", None)
    if handle is None or check is None:
        return
    interrupt = getattr(handle, "anyvcr", handle)  # a script may be loaded again
    is_killed = getattr(check, "anyvcr", check)

    def handle_protocol_error(
        self: HttpStream, event: RequestProtocolError | ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        by_client = isinstance(event, RequestProtocolError)
        awaits = self.server_state in (
            self.state_wait_for_response_headers,
            self.state_stream_response_body,
        )
        if by_client and awaits and keeper().outlives(self.flow):
            self._handle_event = _go_on(self, event, keeper, give_up)
            yield commands.RequestWakeup(patience)
        elif by_client or self.server_state != self.state_done:
            yield from give_up(self, event)
        # A server that has answered needs no more of the request (RFC 9112, 9.3; RFC 9113,
        # 8.1). The client still sends, and would not see the answer on a closed connection.

    def give_up(
        self: HttpStream, event: RequestProtocolError | ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        # A connection to the server that is being made is given up with the client, too.
        by_client = isinstance(event, RequestProtocolError) or _has_left(self)
        keeper().break_off(self.flow, by_client=by_client)
        yield from interrupt(self, event)
        keeper().interrupt(self.flow)

    def check_killed(
        self: HttpStream, emit_error_hook: bool
    ) -> layer.CommandGenerator[bool]:
        has_left = _has_left(self)
        # It comes to the above in its turn.
        if has_left and self.flow.error is None and keeper().outlives(self.flow):
            return False
        killed: bool = yield from is_killed(self, emit_error_hook)
        if killed:
            if has_left:
                keeper().break_off(self.flow, by_client=True)
            keeper().interrupt(self.flow)
        return killed

    handle_protocol_error.anyvcr = interrupt  # type: ignore[attr-defined]  # found above
    check_killed.anyvcr = is_killed  # type: ignore[attr-defined]
    HttpStream.handle_protocol_error = handle_protocol_error  # type: ignore[method-assign]
    HttpStream.check_killed = check_killed  # type: ignore[method-assign]


def _has_left(stream: HttpStream) -> bool:
    """Whether the client is gone, and the stream has yet to be told."""
    return any(
        isinstance(event, RequestProtocolError) for event in stream._paused_event_queue
    )


def _go_on(
    stream: HttpStream,
    left: RequestProtocolError | ResponseProtocolError,
    keeper: Callable[[], Keeper],
    give_up: _GiveUp,
) -> Callable[[events.Event], layer.CommandGenerator[None]]:
    """What handles the events of a stream whose client has left."""
    handle = stream._handle_event

    def handle_event(event: events.Event) -> layer.CommandGenerator[None]:
        is_over = stream.server_state in (stream.state_done, stream.state_errored)
        if not is_over and not keeper().outlives(stream.flow):
            stream._handle_event = handle
            yield from give_up(stream, left)
        elif not isinstance(event, events.Wakeup):
            yield from handle(event)

    return handle_event
