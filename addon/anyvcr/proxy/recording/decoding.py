"""Content codings taken off: of a whole body, and of one chunk after the other."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli  # type: ignore[import-untyped]  # no types are published
from mitmproxy.net import encoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_DECODED = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})
_GZIP_OR_ZLIB = 47
"""zlib's window bits for either wrapping, told apart by its first bytes."""


def decode(body: bytes, content_encoding: str) -> bytes | None:
    """The decoded body, None where it is not encoded or cannot be decoded."""
    if content_encoding not in _DECODED or not body:
        return None
    try:
        decoded = encoding.decode(body, content_encoding.removeprefix("x-"))
    except ValueError:
        return None
    return decoded if isinstance(decoded, bytes) else None


def decode_each(chunks: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """What each chunk adds to the decoded body; ends early where one cannot be decoded."""
    step = _step(content_encoding)
    for chunk in chunks:
        try:
            yield step(chunk)
        except Exception:  # each library has its own, under no common name
            return


def is_decoded(content_encoding: str) -> bool:
    """Whether bodies in this coding are stored without it."""
    return content_encoding in _DECODED


def _step(content_encoding: str) -> Callable[[bytes], bytes]:
    match content_encoding:
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(_GZIP_OR_ZLIB).decompress
        case "br":
            step: Callable[[bytes], bytes] = brotli.Decompressor().process
            return step
        case "zstd":
            return zstd.ZstdDecompressor().decompress
    return lambda chunk: chunk
