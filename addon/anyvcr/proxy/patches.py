"""Limits of mitmproxy's that a recorder must not have, lifted without a fork.

What is used here is not documented API; each name is looked for, and where it is missing the
limit stays. Found in mitmproxy 11.0.2 to 12.2.3.
"""

import asyncio
import collections
from collections.abc import Callable

import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import ctx, http
from mitmproxy.connection import Client
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http import HttpStream, SendHttp, _http1
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)

from anyvcr.proxy.recording.capture import announced_length

CONNECTIONS = 10_000
"""To one server for one client. mitmproxy's 5 make the streams of an HTTP/2 client wait for
each other where the server speaks HTTP/1.1, which takes a connection for each."""

SILENCE = 6 * 3600
"""Seconds without a byte after which a connection is closed. mitmproxy's 10 minutes cut off a
model that thinks for longer."""

_SILENCE_BEFORE = 600


def lift_for(client: Client) -> None:
    """Lift what holds for one client connection."""
    handler = ctx.master.addons.get("proxyserver").connections.get(client.id)
    if handler is None:
        return
    if hasattr(handler, "max_conns"):
        handler.max_conns = collections.defaultdict(
            lambda: asyncio.Semaphore(CONNECTIONS)
        )
    watchdog = getattr(handler, "timeout_watchdog", None)
    # mitmproxy 12 has an option for it: a value that the user chose stays.
    if watchdog is not None and watchdog.timeout == _SILENCE_BEFORE:
        watchdog.timeout = SILENCE


def lift_trailers() -> None:
    """Let chunked answers end with trailers, at which mitmproxy's HTTP/1 fails and stalls.

    They become the response's trailers, as in HTTP/2.
    """
    original = getattr(_http1.Http1Connection, "read_body", None)
    if original is None or hasattr(original, "anyvcr"):
        return

    def read_body(
        self: _http1.Http1Connection, event: events.Event
    ) -> layer.CommandGenerator[None]:
        if not isinstance(self.body_reader, _TrailerReader):
            is_client = isinstance(self, _http1.Http1Client)
            response = self.response if is_client else None
            self.body_reader = _TrailerReader(self.body_reader, response)  # type: ignore[assignment]  # called in the same way
        yield from original(self, event)

    read_body.anyvcr = True  # type: ignore[attr-defined]  # a script may be loaded again
    _http1.Http1Connection.read_body = read_body  # type: ignore[method-assign]


def frame(request: http.Request) -> None:
    """Give a body without Content-Length one: HTTP/2 needs none, an HTTP/1.1 server does.

    mitmproxy would end such a body by closing, and no server takes that for an end.
    """
    content = request.raw_content
    if request.is_http2 and content and "content-length" not in request.headers:
        request.headers["content-length"] = str(len(content))


RefuseServer = Callable[[http.HTTPFlow], http.Response | None]
"""The answer to a request that must not go to a server; None where it may."""

Refuse = Callable[[http.HTTPFlow, int], http.Response | None]
"""The answer to a request with a body of so many bytes; None where it is not too large."""

Stream = Callable[[http.HTTPFlow, int], bool]
"""Whether a body of which so many bytes are here, and no end, passes on from now on."""


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


Ours = Callable[[http.HTTPFlow], bool]
"""Whether mitmproxy's own limits do not hold for an exchange."""


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


class _TrailerReader:
    """A body reader that keeps the trailers to itself."""

    def __init__(
        self, reader: _http1.TBodyReader, response: http.Response | None
    ) -> None:
        self._reader = reader
        self._response = response

    def __call__(self, buffer: ReceiveBuffer) -> h11.Event | None:
        event = self._reader(buffer)
        # Asked of every chunk, and most are data.
        return event if type(event) is h11.Data else self._without_trailers(event)

    def read_eof(self) -> h11.Event | None:
        return self._without_trailers(self._reader.read_eof())

    def _without_trailers(self, event: h11.Event | None) -> h11.Event | None:
        if not isinstance(event, h11.EndOfMessage) or not event.headers:
            return event
        if self._response is not None:
            self._response.trailers = http.Headers(event.headers.raw_items())
        return h11.EndOfMessage()
