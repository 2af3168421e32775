"""Requests that are refused where mitmproxy would send or hold them."""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)

from anyvcr.proxy.recording.capture import announced_length

RefuseServer = Callable[[http.HTTPFlow], http.Response | None]
"""The answer to a request that must not go to a server; None where it may."""

Refuse = Callable[[http.HTTPFlow, int], http.Response | None]
"""The answer to a request with a body of so many bytes; None where it is not too large."""

Stream = Callable[[http.HTTPFlow, int], bool]
"""Whether a body of which so many bytes are here, and no end, passes on from now on."""

Ours = Callable[[http.HTTPFlow], bool]
"""Whether mitmproxy's own limits do not hold for an exchange."""


def watch_servers(refuse: RefuseServer) -> None:
    """Ask `refuse` before a request goes to a server.

    Whichever hook was left out and whichever way the request took, here they all pass.
    """
    connect = HttpStream.make_server_connection
    original = getattr(connect, "anyvcr", connect)  # a script may be loaded again

    def make_server_connection(self: HttpStream) -> layer.CommandGenerator[bool]:
        if (answer := refuse(self.flow)) is None:
            went: bool = yield from original(self)
            return went
        yield from _answer(self, answer)
        return False

    make_server_connection.anyvcr = original  # type: ignore[attr-defined]  # found above
    HttpStream.make_server_connection = make_server_connection  # type: ignore[method-assign]


def _answer(stream: HttpStream, answer: http.Response) -> layer.CommandGenerator[None]:
    """Answer at once; the rest of the request is read and not kept."""
    stream.flow.response = answer
    stream.flow.live = False
    stream.request_body_buf.clear()
    stream.client_state = stream.server_state = stream.state_errored
    for event in (
        ResponseHeaders(stream.stream_id, answer, end_stream=False),
        ResponseData(stream.stream_id, answer.raw_content or b""),
        ResponseEndOfMessage(stream.stream_id),
    ):
        yield SendHttp(event, stream.context.client)


def watch_uploads(refuse: Refuse, stream: Stream, ours: Ours) -> None:
    """Answer a request that is too large, and do not hold one that is long in coming.

    The rest of what is refused is read and not kept. mitmproxy's own limit holds for
    responses, too, and closes the connection, upon which a client that is still sending
    does not see the answer; and what its `stream_large_bodies` streams goes out undecided.
    So neither holds for exchanges of `ours`, whose answers pass on as they come in any case.
    """
    check = getattr(HttpStream, "check_body_size", None)
    if check is None:
        return
    original = getattr(check, "anyvcr", check)  # a script may be loaded again

    def check_body_size(
        self: HttpStream, request: bool
    ) -> layer.CommandGenerator[bool]:
        if not request or (answer := refuse(self.flow, _size(self))) is None:
            if request and stream(self.flow, len(self.request_body_buf)):
                begun = bytes(self.request_body_buf)
                self.request_body_buf.clear()
                yield from self.start_request_stream()
                yield from self.handle_event(RequestData(self.stream_id, begun))
                return False
            if ours(self.flow):
                return False
            stop: bool = yield from original(self, request)
            return stop
        yield from _answer(self, answer)
        return True

    check_body_size.anyvcr = original  # type: ignore[attr-defined]  # found above
    HttpStream.check_body_size = check_body_size  # type: ignore[method-assign]


def _size(stream: HttpStream) -> int:
    """Bytes that are announced, or are here; 0 where there are none."""
    if stream.request_body_buf:
        return len(stream.request_body_buf)
    return announced_length(stream.flow.request) or 0
