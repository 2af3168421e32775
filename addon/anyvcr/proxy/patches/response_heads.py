"""Heads of answers that mitmproxy refuses or swallows: interim ones, and odd ones."""

import re
import time

import h2.events  # type: ignore[import-untyped,unused-ignore]  # typed from 4.2 on
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream, SendHttp, _http1, _http2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ResponseHeaders

from anyvcr.core.replay.answer import CONNECTION_HEADERS

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r\n]")
_CONNECTION_HEADERS = frozenset(map(str.encode, CONNECTION_HEADERS))
_FOLD = re.compile(rb"\r?\n[ \t]+")


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
            # Not made with a body: its length is an error to an HTTP/2 client.
            answer = http.Response(
                *(b"HTTP/2.0", code, b"", headers, None, None),
                timestamp_start=time.time(),
                timestamp_end=None,
            )
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
