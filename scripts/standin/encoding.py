"""Content codings that flush: what went in can be decoded before the rest is there."""

import sys
import zlib
from collections.abc import Callable
from enum import StrEnum

import brotli  # type: ignore[import-untyped]  # no types are published

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Encoder = Callable[[bytes, bool], bytes]
"""Takes a piece and whether it is the last one."""


class Encoding(StrEnum):
    """The values of Content-Encoding in use."""

    GZIP = "gzip"
    DEFLATE = "deflate"
    BR = "br"
    ZSTD = "zstd"


def encoder(encoding: Encoding) -> Encoder:
    """A new encoder; it has to be told of the last piece."""
    match encoding:
        case Encoding.GZIP:
            return _zlib_encoder(wbits=31)
        case Encoding.DEFLATE:
            return _zlib_encoder(wbits=15)  # in zlib's wrapping (RFC 9110, 8.4.1.2)
        case Encoding.BR:
            return _brotli_encoder()
        case Encoding.ZSTD:
            return _zstd_encoder()


def _zlib_encoder(*, wbits: int) -> Encoder:
    deflater = zlib.compressobj(wbits=wbits)

    def encode(data: bytes, last: bool) -> bytes:
        flush = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return deflater.compress(data) + deflater.flush(flush)

    return encode


def _brotli_encoder() -> Encoder:
    compressor = brotli.Compressor(quality=4)

    def encode(data: bytes, last: bool) -> bytes:
        start: bytes = compressor.process(data)
        end: bytes = compressor.finish() if last else compressor.flush()
        return start + end

    return encode


def _zstd_encoder() -> Encoder:
    compressor = zstd.ZstdCompressor()

    def encode(data: bytes, last: bool) -> bytes:
        if last:
            return compressor.compress(data, compressor.FLUSH_FRAME)
        return compressor.compress(data, compressor.FLUSH_BLOCK)

    return encode
