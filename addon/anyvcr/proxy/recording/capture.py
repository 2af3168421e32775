"""From mitmproxy's responses to what go-vcr would have recorded of them.

go-vcr sits inside the client and sees Go's http.Response; we see the wire.
"""

import logging
from collections.abc import Iterable

from mitmproxy import http

from anyvcr.core import content_coding, utf8
from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.extensions import PARTIAL, Timing
from anyvcr.core.cassette.model import (
    Extra,
    Headers,
    Response,
    canonical_header_name,
    group_headers,
)
from anyvcr.core.client_request import REQUEST_HEADERS
from anyvcr.core.content_coding import Decoded, DecodingError, TooLargeError
from anyvcr.core.go import status
from anyvcr.proxy.recording.tap import Tap

logger = logging.getLogger(__name__)

RESPONSE_HEADERS = REQUEST_HEADERS | {
    "Content-Disposition",
    "Content-Range",
    "Location",
    "Openai-Poll-After-Ms",
    "Operation-Location",
    "Retry-After",
    "Retry-After-Ms",
    "X-Should-Retry",
}
"""With what a client needs from an answer to go on: where, when and whether to ask again."""
CORS_HEADERS = frozenset(
    f"Access-Control-{name}"
    for name in (
        *("Allow-Credentials", "Allow-Headers", "Allow-Methods", "Allow-Origin"),
        *("Allow-Private-Network", "Expose-Headers", "Max-Age"),
    )
)
"""What a browser must see before it gives an answer to its page (Fetch, section 3.2)."""


def kept(keep: frozenset[str], asked: http.Request) -> frozenset[str]:
    """`keep`, and what a browser needs where one asks: only those send Origin."""
    return keep | CORS_HEADERS if "origin" in asked.headers else keep


def response(
    message: http.Response,
    tap: Tap | None,
    duration: int,
    keep: frozenset[str],
    method: str,
    *,
    timed: bool = False,
    partial: bool = False,
    is_last: bool = True,
) -> Response:
    """The answer to a `method` request as Go's http.Transport hands it over.

    That is decoded; with the headers in `keep`. What is beyond go-vcr: `timed` keeps when
    the chunks of a stream came, and `partial` marks a body that broke off. Where more of it
    may come, it is not `is_last`, and `tap` goes on to keep it.

    Raises content_coding.TooLargeError where the body decodes to more than is kept.
    """
    coding = ", ".join(message.headers.get_all("content-encoding"))
    is_encoded = bool(content_coding.codings(coding))
    pieces = tap.chunks() if tap else iter([message.raw_content or b""])
    is_whole = is_last and not partial
    decoded = _decoded(pieces, coding, is_whole=is_whole) if is_encoded else None
    if decoded is not None:
        body, sizes = decoded.body, decoded.sizes
    elif tap is not None:
        sizes = tuple(tap.sizes)
        body = tap.take() if is_last else tap.body()
    else:
        body, sizes = message.raw_content or b"", ()
    # Go takes the coding off, and the length with it, only where there is a body.
    uncompressed = decoded is not None and bool(body)
    kept = keep
    if is_encoded and decoded is None:
        kept = keep | {"Content-Encoding"}  # a client must know
    is_stream = announced_length(message) is None or uncompressed
    marks = _timing(sizes, tap) if tap and timed and is_stream else ()
    major = 2 if message.is_http2 else 1
    minor = 0 if message.is_http2 or message.http_version == "HTTP/1.0" else 1
    phrase = status.reason(message.status_code) if major == 2 else _reason(message)
    return Response(
        proto=f"HTTP/{major}.{minor}",
        proto_major=major,
        proto_minor=minor,
        transfer_encoding=_transfer_encoding(message),
        trailer=_trailer(message),
        content_length=-1 if uncompressed else _response_length(message, method),
        uncompressed=uncompressed,
        body=body,
        headers=group_headers(
            (name, value)
            for name, value in message.headers.items(multi=True)
            if canonical_header_name(name) in kept
        ),
        status=f"{message.status_code} {phrase}",
        code=message.status_code,
        duration=duration,
        extra=_extra(marks, partial=partial),
    )


def _reason(message: http.Response) -> str:
    """The phrase as bytes say it; mitmproxy takes them for Latin-1."""
    return utf8.decode(message.data.reason)


def _decoded(pieces: Iterable[bytes], coding: str, *, is_whole: bool) -> Decoded | None:
    """The decoded body, None where it is not what its coding says."""
    try:
        return content_coding.decode(pieces, coding, is_whole=is_whole)
    except TooLargeError:
        raise
    except DecodingError as error:
        logger.warning("stored still encoded: a body that %s", error)
        return None


def _timing(sizes: Iterable[int], tap: Tap) -> Timing:
    """When the pieces came that added to the body, as the head of a gzip does not."""
    return tuple(
        extensions.Chunk(size, offset)
        for size, offset in zip(sizes, tap.times, strict=True)
        if size
    )


def _extra(marks: Timing, *, partial: bool) -> Extra:
    extra: list[tuple[str, object]] = []
    if marks:
        extra.append((extensions.KEY, extensions.format(marks)))
    if partial:
        extra.append((PARTIAL, True))
    return tuple(extra)


def announced_length(message: http.Message) -> int | None:
    """The Content-Length of `message`, None where it has no usable one."""
    text = message.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None


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
