"""Content codings (RFC 9110, section 8.4) taken off a body, whole or piece by piece.

Known are gzip and x-gzip (RFC 1952, any number of members), deflate (zlib's wrapping, and
bare as some servers send it), br (RFC 7932), zstd (RFC 8878, any number of frames), identity,
and aws-chunked, AWS's framing of signed uploads; and lists of them, such as `gzip, br`.

A body is decoded without a fault or not at all: what ends early, has bytes after its end, or
is in a coding that is not known raises DecodingError, and is kept as it came.
"""

import re
import sys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # no types are published

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 256 << 20
"""Bytes that a body may decode to. A few megabytes can hold gigabytes of zeros."""

_BLOCK = 1 << 20
"""Bytes that are decoded at once, so that one that goes past the limit is noticed."""
_BROTLI_SLICE = 32
"""Bytes given at once to a brotli older than 1.2, which cannot bound what comes out."""
_HAS_BOUND = hasattr(brotli.Decompressor, "can_accept_more_data")
_LIBRARY_ERRORS = (zlib.error, brotli.error, zstd.ZstdError)
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(;[^\r\n]*)?\r\n")
_LONGEST_CHUNK_HEAD = 1024
_SYNONYMS = {"x-gzip": "gzip"}


class DecodingError(ValueError):
    """A body is not what its Content-Encoding says; the text says why, to follow "the body"."""


class TooLargeError(DecodingError):
    """A body decodes to more bytes than are kept."""


def codings(content_encoding: str) -> tuple[str, ...]:
    """The codings of a Content-Encoding in the order in which they are taken off."""
    names = (name.strip().lower() for name in content_encoding.split(","))
    found = [_SYNONYMS.get(n, n) for n in names if n not in ("", "identity")]
    # AWS writes its framing first, although it is put on last (SigV4, chunked upload).
    framing = [name for name in found if name == "aws-chunked"]
    return (*framing, *(name for name in reversed(found) if name not in framing))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its codings."""

    body: bytes
    sizes: tuple[int, ...]
    """Bytes that each piece of the encoded body added."""


def decode(
    pieces: Iterable[bytes],
    content_encoding: str,
    *,
    is_whole: bool = True,
    limit: int = LIMIT,
) -> Decoded:
    """The body that `pieces` make up, decoded in one pass; raises DecodingError.

    Where it is not whole, that is as much as its pieces tell.
    """
    decoder = Decoder(content_encoding, limit=limit)
    body = bytearray()
    sizes = []
    for piece in pieces:
        decoded = decoder.feed(piece)
        body += decoded
        sizes.append(len(decoded))
    if is_whole:
        decoder.end()
    return Decoded(bytes(body), tuple(sizes))


class Decoder:
    """Takes all codings of a Content-Encoding off a body that comes in pieces."""

    def __init__(self, content_encoding: str, *, limit: int = LIMIT) -> None:
        """Raises DecodingError where one of the codings is not known."""
        self._layers = [_layer(name) for name in codings(content_encoding)]
        self._room = [limit] * len(self._layers)
        self._limit = limit

    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the decoded body; raises DecodingError."""
        pieces = [data]
        for number, layer in enumerate(self._layers):
            decoded = []
            for piece in pieces:
                for block in _steps(layer, piece):
                    self._room[number] -= len(block)
                    if self._room[number] < 0:
                        msg = f"decodes to more than {self._limit} bytes"
                        raise TooLargeError(msg)
                    decoded.append(block)
            pieces = decoded
        return b"".join(pieces)

    def end(self) -> None:
        """Raise DecodingError where the body ended in the middle of a coding."""
        for layer in self._layers:
            if not layer.is_between:
                msg = f"ends before its {layer.name} does"
                raise DecodingError(msg)


class _Layer(Protocol):
    """One coding being taken off."""

    name: str

    @property
    def is_between(self) -> bool:
        """Whether a body may end here."""

    def step(self, data: bytes) -> tuple[bytes, bool]:
        """A block of what `data` decodes to, and whether there is more of it without more data."""


def _steps(layer: _Layer, data: bytes) -> Iterable[bytes]:
    is_more = True
    while is_more:
        try:
            block, is_more = layer.step(data)
        except _LIBRARY_ERRORS as error:
            raise _not_in(layer.name) from error
        data = b""
        if block:
            yield block


def _not_in(name: str) -> DecodingError:
    return DecodingError(f"is not in the coding {name} that it names")


def _layer(name: str) -> _Layer:
    match name:
        case "gzip" | "deflate":
            return _Zlib(name)
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case "aws-chunked":
            return _AwsChunked()
    msg = f"is in the coding {name!r}, which is not known"
    raise DecodingError(msg)


class _Zlib:
    """gzip's members one after the other, or one deflate stream with or without a wrapping."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._inflate = zlib.decompressobj(31) if name == "gzip" else None
        self._rest = b""
        self._has_begun = False

    @property
    def is_between(self) -> bool:
        return not self._has_begun

    def step(self, data: bytes) -> tuple[bytes, bool]:
        data = self._rest + data
        self._rest = b""
        if not data:
            return b"", False
        if self._inflate is None:
            # No encoder begins a bare stream with these four bits: they are a stored block
            # with padding that is not zero (RFC 1951, 3.2.4); a wrapping does (RFC 1950, 2.2).
            is_wrapped = data[0] & 0x0F == 8
            self._inflate = zlib.decompressobj(15 if is_wrapped else -15)
        elif self._inflate.eof:
            if self.name == "deflate":
                raise _not_in(self.name)
            self._inflate = zlib.decompressobj(31)
        block = self._inflate.decompress(data, _BLOCK)
        self._has_begun = not self._inflate.eof
        self._rest = self._inflate.unconsumed_tail or self._inflate.unused_data
        return block, bool(self._rest) or len(block) == _BLOCK


class _Brotli:
    name = "br"

    def __init__(self) -> None:
        self._inflate = brotli.Decompressor()
        self._rest = b""
        self._has_begun = False

    @property
    def is_between(self) -> bool:
        return not self._has_begun or bool(self._inflate.is_finished())

    def step(self, data: bytes) -> tuple[bytes, bool]:
        self._has_begun |= bool(data)
        if self._has_begun and self._inflate.is_finished():
            if data:
                raise _not_in(self.name)
            return b"", False
        if _HAS_BOUND:
            block = self._inflate.process(data, output_buffer_limit=_BLOCK)
            # It says that it can accept more while it still holds some back.
            return block, bool(block)
        data = self._rest + data
        now, self._rest = data[:_BROTLI_SLICE], data[_BROTLI_SLICE:]
        return self._inflate.process(now), bool(self._rest)


class _Zstd:
    name = "zstd"

    def __init__(self) -> None:
        self._inflate = zstd.ZstdDecompressor()
        self._rest = b""
        self._has_begun = False

    @property
    def is_between(self) -> bool:
        return not self._has_begun

    def step(self, data: bytes) -> tuple[bytes, bool]:
        data = self._rest + data
        self._rest = b""
        if self._inflate.eof:
            if not data:
                return b"", False
            self._inflate = zstd.ZstdDecompressor()
        if not data and self._inflate.needs_input:
            return b"", False
        block = self._inflate.decompress(data, _BLOCK)
        self._has_begun = not self._inflate.eof
        if self._inflate.eof:
            self._rest = self._inflate.unused_data
            return block, bool(self._rest)
        return block, not self._inflate.needs_input


class _AwsChunked:
    """`SIZE;chunk-signature=…CRLF bytes CRLF`, until a chunk of size 0 and trailers.

    A body without that framing is passed on: S3 keeps the name in answers that no longer
    have it.
    """

    name = "aws-chunked"

    def __init__(self) -> None:
        self._buffer = b""
        self._is_framed: bool | None = None
        self._missing = 0
        """Bytes of the chunk that are still to come, with the CRLF after it."""
        self._has_ended = False

    @property
    def is_between(self) -> bool:
        return self._has_ended or not (self._is_framed or self._buffer)

    def step(self, data: bytes) -> tuple[bytes, bool]:
        if self._is_framed is False or self._has_ended:
            return (b"" if self._has_ended else data), False
        self._buffer += data
        out = bytearray()
        while self._buffer:
            if self._missing:
                taken = self._buffer[: self._missing]
                self._buffer = self._buffer[self._missing :]
                # The last two bytes of what is missing are the CRLF.
                out += taken[: max(0, self._missing - 2)]
                self._missing -= len(taken)
                continue
            head = _CHUNK_HEAD.match(self._buffer)
            if head is None:
                if self._may_be_head():
                    break
                if self._is_framed:
                    raise _not_in(self.name)
                self._is_framed = False
                out += self._buffer
                self._buffer = b""
                break
            self._is_framed = True
            self._buffer = self._buffer[head.end() :]
            size = int(head[1], 16)
            if size == 0:
                self._has_ended = True
                self._buffer = b""
            else:
                self._missing = size + 2
        return bytes(out), False

    def _may_be_head(self) -> bool:
        """Whether more bytes may still make a chunk's first line of the buffer."""
        start = self._buffer[:_LONGEST_CHUNK_HEAD]
        whole = re.fullmatch(rb"[0-9a-fA-F]{1,16}(;[^\r\n]*)?\r?", start)
        return whole is not None and len(self._buffer) < _LONGEST_CHUNK_HEAD
