"""What of a body is text, in which encoding, and what only looks so to a careless eye."""

import zlib

from anyvcr.core import utf8

_TEXT = bytes(range(0x20, 0x7F)) + b"\t\n\r\f\x1b"
_ODD = 10
"""Percent of bytes that are neither ASCII nor UTF-8, from which on a body is no text."""
_SAMPLE = 512
_WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
GZIP = b"\x1f\x8b\x08"
MOST = 64 << 20
"""Bytes of what a compressed part may decompress to; a larger one is not looked into."""
ARCHIVES = (
    b"PK\3\4",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\7",
    b"\xfd7zXZ\0",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
)
"""How zip and office files begin, 7z, rar, xz, bzip2 and zstd."""


def is_text(body: bytes) -> bool:
    """Whether `body` is text: UTF-8, or almost, as with a letter in Latin-1 or a NUL at its end."""
    if b"\0" not in body:
        try:
            body.decode()
        except UnicodeDecodeError:
            pass
        else:
            return True
    if body[:1].translate(None, _TEXT) and not body.startswith(b"\xef\xbb\xbf"):
        return False
    # Most that are no text say so at once.
    return _is_mostly(body[:_SAMPLE]) and _is_mostly(body)


def _is_mostly(body: bytes) -> bool:
    odd = utf8.decode(body)
    count = sum(1 for char in odd if "\udc80" <= char <= "\udcff") if odd else 0
    controls = body.translate(None, _TEXT)
    count += sum(1 for code in controls if code < 0x20 or code == 0x7F)
    return count * 100 <= len(body) * _ODD


def wide_encoding(body: bytes) -> str:
    """The encoding of UTF-16 or UTF-32 that `body` has, by its NULs and its BOM; else empty."""
    if b"\0" not in body[:_SAMPLE]:
        return ""
    for name, size in _WIDE:
        if len(body) % size == 0 and _is_wide(body[:_SAMPLE], size, name):
            try:
                text = body.decode(name)
            except UnicodeDecodeError:
                continue
            if "\0" not in text:
                return name
    return ""


def _is_wide(sample: bytes, size: int, name: str) -> bool:
    """Whether most characters are ASCII, so that all but one of their bytes are NUL."""
    low = 0 if name.endswith("le") else size - 1
    others = b"".join(sample[at::size] for at in range(size) if at != low)
    return bool(others) and others.count(0) * 10 >= len(others) * 8


def decompressed(body: bytes) -> bytes | None:
    """What a body that is gzip holds; None where it is none, is broken, or holds over MOST bytes."""
    if not body.startswith(GZIP):
        return None
    unzip, out, rest = zlib.decompressobj(31), [], body
    left = MOST
    try:
        while rest:
            data = unzip.decompress(rest, left)
            left -= len(data)
            out.append(data)
            if left <= 0 or unzip.unconsumed_tail:
                return None
            if not unzip.eof:
                break
            rest = unzip.unused_data if unzip.unused_data.startswith(GZIP) else b""
            unzip = zlib.decompressobj(31)
    except zlib.error:
        return None
    return b"".join(out)


def compressed(data: bytes) -> bytes:
    """`data` as gzip, the same each time."""
    zipped = zlib.compressobj(9, zlib.DEFLATED, 31)
    return zipped.compress(data) + zipped.flush()
