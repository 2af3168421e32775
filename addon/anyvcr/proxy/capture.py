"""From mitmproxy's flows to what go-vcr would have recorded of them.

go-vcr sits inside the client and sees Go's http.Request and http.Response; we see the wire.
The differences are settled here: Go's requests say HTTP/1.1 whatever is negotiated later,
and headers that its transport adds below go-vcr are not the program's.
"""

import time
from collections.abc import Callable, Iterable

from mitmproxy import http
from mitmproxy.net import encoding

from anyvcr.core import form, status
from anyvcr.core.cassette import (
    Headers,
    Request,
    Response,
    canonical_header_name,
    group_headers,
)

REQUEST_HEADERS = frozenset({"Accept", "Content-Type", "User-Agent"})
"""What x/vcr keeps (hooks.go, headersToKeep); all others may hold secrets."""
RESPONSE_HEADERS = REQUEST_HEADERS | {"Content-Disposition", "Location"}
"""With what a client needs from an answer to go on."""

_DECODED = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})


class Tap:
    """Passes a streamed body on as it comes, and keeps it (mitmproxy's `response.stream`).

    `complete` is called once, as soon as the whole body is here: before its last bytes go
    to an HTTP/1 client, which knows the length and may be gone once it has them.
    """

    def __init__(self, length: int | None, complete: Callable[[], None]) -> None:
        self.chunks: list[bytes] = []
        self.called = False
        """Whether anything followed the headers, were it only the end."""
        self._missing = length
        self._complete = complete

    def __call__(self, data: bytes) -> bytes:
        self.called = True
        if data:
            self.chunks.append(data)
            if self._missing is not None:
                self._missing -= len(data)
                if self._missing == 0:
                    self._complete()
        # The empty call is the end of the message; returning b"" for it is right.
        return data

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


class Stopwatch:
    """go-vcr's duration: from the request being sent until the response's headers."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()
        self.duration = 0

    def stop(self) -> None:
        """Take the time, in nanoseconds of microsecond grain."""
        self.duration = (time.perf_counter_ns() - self._start) // 1000 * 1000


def request(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    keep: frozenset[str],
) -> Request:
    """The request as the client made it, with the headers in `keep` only."""
    fields = tuple((canonical_header_name(name), value) for name, value in headers)
    values = dict(reversed(fields))
    return Request(
        method=method,
        url=url,
        headers=group_headers(
            (name, value)
            for name, value in fields
            # Go's transport adds its agent below go-vcr, which never sees it.
            if name in keep and not value.startswith("Go-http-client/")
        ),
        body=body,
        content_length=_request_length(values.get("Content-Length", "")),
        form=form.parse(method, url, values.get("Content-Type", ""), body),
    )


def response(
    message: http.Response,
    body: bytes,
    duration: int,
    keep: frozenset[str],
    method: str,
) -> Response:
    """The answer to a `method` request as Go's http.Transport hands it over.

    That is decoded; with the headers in `keep`.
    """
    content_encoding = message.headers.get("content-encoding", "").strip().lower()
    decoded = _decode(body, content_encoding)
    major = 2 if message.is_http2 else 1
    minor = 0 if message.is_http2 or message.http_version == "HTTP/1.0" else 1
    uncompressed = decoded is not None
    kept = keep
    if body and content_encoding and not uncompressed:
        # Still encoded, and a client must know.
        kept = keep | {"Content-Encoding"}
    phrase = status.reason(message.status_code) if major == 2 else message.reason
    return Response(
        proto=f"HTTP/{major}.{minor}",
        proto_major=major,
        proto_minor=minor,
        transfer_encoding=_transfer_encoding(message),
        trailer=_trailer(message),
        content_length=-1 if uncompressed else _response_length(message, method),
        uncompressed=uncompressed,
        body=body if decoded is None else decoded,
        headers=group_headers(
            (name, value)
            for name, value in message.headers.items(multi=True)
            if canonical_header_name(name) in kept
        ),
        status=f"{message.status_code} {phrase}",
        code=message.status_code,
        duration=duration,
    )


def announced_length(message: http.Message) -> int | None:
    """The Content-Length of `message`, None where it has no usable one."""
    text = message.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None


def _request_length(announced: str) -> int:
    # Go's http.NewRequest leaves 0 where it cannot tell the length, too.
    return int(announced) if announced.isdecimal() else 0


def _response_length(message: http.Response, method: str) -> int:
    """As net/http has it: 0 without an announced length only where nothing could come."""
    length = announced_length(message)
    if length is not None:
        return length
    if method == "HEAD":
        return -1
    if message.is_http2:
        is_over = not (isinstance(message.stream, Tap) and message.stream.called)
        return 0 if is_over else -1
    return 0 if message.status_code in (204, 304) else -1


def _transfer_encoding(message: http.Response) -> tuple[str, ...]:
    if message.is_http2:
        return ()
    codings = message.headers.get("transfer-encoding", "").lower()
    return ("chunked",) if "chunked" in codings else ()


def _trailer(message: http.Response) -> Headers:
    """What came after the body, and the names that were announced and did not come."""
    if not message.is_http2 and not _transfer_encoding(message):
        return ()
    announced = (
        canonical_header_name(name.strip())
        for value in message.headers.get_all("trailer")
        for name in value.split(",")
    )
    names = {name: () for name in announced if name}
    sent = message.trailers.items(multi=True) if message.trailers else ()
    return tuple((names | dict(group_headers(sent))).items())


def _decode(body: bytes, content_encoding: str) -> bytes | None:
    """The decoded body, None where it is not encoded or cannot be decoded."""
    if content_encoding not in _DECODED or not body:
        return None
    try:
        decoded = encoding.decode(body, content_encoding.removeprefix("x-"))
    except ValueError:
        return None
    return decoded if isinstance(decoded, bytes) else None
