"""Multipart bodies (RFC 2046, section 5.1) and the headers of their parts (RFC 7578).

`read` takes a body apart that is well-formed, for whoever must know what it says. `spans` takes
whatever looks like one, with or without a Content-Type, for whoever must not overlook a part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from anyvcr.core import utf8

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))')
_ESCAPED = re.compile(r'\\(["\\])')
_LONGEST_HEAD = 4096
"""Bytes of the headers of a part that `content_start` looks at."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers, names in lower case and repeats joined by commas, and its content."""

    headers: dict[str, str]
    content: bytes


def read(data: bytes, content_type: str) -> tuple[Part, ...] | None:
    """The parts in the order sent; None where the body is not well-formed.

    Without a boundary in `content_type`, the first line of the body tells it.
    """
    boundary = _boundary(data, content_type)
    if not boundary or not data.startswith(b"--" + boundary):
        return None
    chunks = (b"\r\n" + data).split(b"\r\n--" + boundary)[1:]
    if chunks[-1].rstrip(b" \t\r\n") != b"--":
        return None
    parts = [_part(chunk) for chunk in chunks[:-1]]
    known = tuple(part for part in parts if part is not None)
    return known if len(known) == len(parts) else None


def parameters(disposition: str) -> dict[str, str]:
    """Parameters of a Content-Disposition; `filename*` (RFC 5987) goes before `filename`."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(disposition):
        found[name.lower()] = _ESCAPED.sub(r"\1", quoted) if quoted else bare.strip()
    charset, _, encoded = found.get("filename*", "").partition("'")
    if charset.lower() == "utf-8":
        found["filename"] = utf8.decode(unquote_to_bytes(encoded.partition("'")[2]))
    return found


def spans(body: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each part, its boundary included; one span for any other body.

    Parts without headers, which are not well-formed, are one with those that follow.
    """
    boundary = body[: body.find(b"\r\n")] if body.startswith(b"--") else b""
    if len(boundary) < 3:
        yield 0, len(body)
        return
    start, blank = 0, body.find(b"\r\n\r\n")
    while start < len(body):
        end = body.find(b"\r\n" + boundary, start + 1)
        end = len(body) if end < 0 else end
        if 0 <= blank < start:
            blank = body.find(b"\r\n\r\n", start)
        if blank < 0:
            end = len(body)
        elif blank >= end:
            end = body.rfind(b"\r\n" + boundary, end, blank)
        yield start, end
        start = end


def content_start(part: bytes) -> int:
    """Where the content of a part of `spans` begins; 0 for any other body."""
    if not part.startswith((b"--", b"\r\n--")):
        return 0
    at = part.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
    return 0 if at < 0 else at + 4


def _boundary(data: bytes, content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if found:
        return utf8.encode(found[1] or found[2])
    return data.partition(b"\r\n")[0][2:]


def _part(chunk: bytes) -> Part | None:
    padding, line_end, rest = chunk.partition(b"\r\n")
    head, blank, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if padding.strip(b" \t") or not line_end or not blank:
        return None
    return Part(_headers(head), content)


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = utf8.decode(line).partition(":")
        if colon:
            key = name.strip().lower()
            before = f"{headers[key]}, " if key in headers else ""
            headers[key] = before + value.strip()
    return headers
