"""Limits of mitmproxy's that a recorder must not have, lifted without a fork.

What is used here is not documented API; each name is looked for, and where it is missing the
limit stays. Found in mitmproxy 11.0.2 to 12.3.1.
"""

import asyncio
import collections
import re
from collections.abc import Callable
from typing import Protocol

import h2.events  # type: ignore[import-untyped,unused-ignore]  # typed from 4.2 on
import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import ctx, http
from mitmproxy.connection import Client
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream, SendHttp, _http1, _http2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from anyvcr.proxy.recording.capture import announced_length

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r\n]")
_CONNECTION_HEADERS = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that HTTP/2 has no use for (RFC 9113, section 8.2.2)."""
_FOLD = re.compile(rb"\r?\n[ \t]+")

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
        by_client = isinstance(event, RequestProtocolError)
        keeper().break_off(self.flow, by_client=by_client)
        yield from interrupt(self, event)
        keeper().interrupt(self.flow)

    def check_killed(
        self: HttpStream, emit_error_hook: bool
    ) -> layer.CommandGenerator[bool]:
        has_left = any(
            isinstance(event, RequestProtocolError)
            for event in self._paused_event_queue
        )
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


_GiveUp = Callable[
    [HttpStream, RequestProtocolError | ResponseProtocolError],
    layer.CommandGenerator[None],
]


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


def pass_interim_answers_on() -> None:
    """Let answers of 1xx pass, and await the final one (RFC 9110, section 15.2).

    mitmproxy takes one of HTTP/1.1 for the answer, and swallows one of HTTP/2.
    """
    await_head = getattr(HttpStream, "state_wait_for_response_headers", None)
    read_headers = getattr(_http1.Http1Client, "read_headers", None)
    handle_h2 = getattr(_http2.Http2Client, "handle_h2_event", None)
    if await_head is None or read_headers is None or handle_h2 is None:
        return
    if hasattr(await_head, "anyvcr"):  # a script may be loaded again
        return

    def state_wait_for_response_headers(
        self: HttpStream, event: ResponseHeaders
    ) -> layer.CommandGenerator[None]:
        if not _is_interim(event.response.status_code):
            yield from await_head(self, event)
        elif self.flow.request.http_version != "HTTP/1.0":
            yield SendHttp(event, self.context.client)

    def read_headers_after_interim_ones(
        self: _http1.Http1Client, event: events.ConnectionEvent
    ) -> layer.CommandGenerator[None]:
        while self.request is not None and _INTERIM.match(bytes(self.buf)):
            lines = self.buf.maybe_extract_lines()
            if not lines:
                break
            answer = http1.read_response_head([bytes(line) for line in lines])
            assert self.stream_id is not None
            yield ReceiveHttp(ResponseHeaders(self.stream_id, answer, False))
        yield from read_headers(self, event)

    def handle_h2_event(
        self: _http2.Http2Client, event: h2.events.Event
    ) -> layer.CommandGenerator[bool]:
        if isinstance(event, h2.events.InformationalResponseReceived):
            code, headers = _http2.parse_h2_response_headers(event.headers)
            answer = http.Response.make(code, b"", headers)
            answer.headers = headers
            answer.data.http_version = b"HTTP/2.0"
            yield ReceiveHttp(ResponseHeaders(event.stream_id, answer, False))
            return False
        is_over: bool = yield from handle_h2(self, event)
        return is_over

    state_wait_for_response_headers.anyvcr = True  # type: ignore[attr-defined]
    HttpStream.state_wait_for_response_headers = state_wait_for_response_headers  # type: ignore[method-assign]
    _http1.Http1Client.read_headers = read_headers_after_interim_ones  # type: ignore[method-assign]
    _http2.Http2Client.handle_h2_event = handle_h2_event  # type: ignore[method-assign]


def _is_interim(code: int) -> bool:
    return 100 <= code < 200 and code != 101


def read_answers_as_browsers_do() -> None:
    """Accept heads of answers that are odd, and whose meaning is not in doubt.

    mitmproxy refuses them with a page of its own. They pass on mended (RFC 9112, sections
    5.1, 5.2, 6.1 and 6.3), as a proxy must: with folded lines unfolded, no space after a
    name, one Content-Length of several that are equal, none beside a chunked
    Transfer-Encoding, and none of that with a 204. In HTTP/2, with no space round a value.
    """
    read = getattr(http1, "read_response_head", None)
    handle = getattr(_http2.Http2Client, "handle_h2_event", None)
    if read is None or handle is None or hasattr(read, "anyvcr"):
        return
    make = _http2.Http2Client.__init__

    def read_response_head(lines: list[bytes]) -> http.Response:
        answer: http.Response = read(lines)
        fields = [
            (name.rstrip(b" \t"), _FOLD.sub(b" ", value))
            for name, value in answer.headers.fields
        ]
        answer.headers = http.Headers(_without_doubt(answer.status_code, fields))
        return answer

    def begin(self: _http2.Http2Client, context: Context) -> None:
        make(self, context)
        # Else the h2 library ends the connection at the first header that is odd.
        self.h2_conn.config.validate_inbound_headers = False

    def handle_h2_event(
        self: _http2.Http2Client, event: h2.events.Event
    ) -> layer.CommandGenerator[bool]:
        if isinstance(event, h2.events.ResponseReceived):
            event.headers = [
                (name.lower(), value.strip(b" \t"))
                for name, value in event.headers
                if name.lower() not in _CONNECTION_HEADERS
            ]
        is_over: bool = yield from handle(self, event)
        return is_over

    read_response_head.anyvcr = True  # type: ignore[attr-defined]  # a script may be loaded again
    http1.read_response_head = read_response_head
    _http2.Http2Client.__init__ = begin  # type: ignore[method-assign]
    _http2.Http2Client.handle_h2_event = handle_h2_event  # type: ignore[method-assign]


def _without_doubt(
    code: int, fields: list[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """The headers with one word on where the body ends, if all say the same."""
    codings = [value for name, value in fields if name.lower() == b"transfer-encoding"]
    lengths = {
        length.strip()
        for name, value in fields
        if name.lower() == b"content-length"
        for length in value.split(b",")
    }
    dropped = {b"transfer-encoding"} if code == 204 else set()
    if len(lengths) == 1 or b"chunked" in b",".join(codings).lower():
        dropped.add(b"content-length")
    kept = [field for field in fields if field[0].lower() not in dropped]
    if len(lengths) == 1 and not codings:
        kept.append((b"Content-Length", lengths.pop()))
    return kept


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
