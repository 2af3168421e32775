"""Server-sent events as pieces of a body (WHATWG HTML, section 9.2: a blank line ends an event)."""

import re
from collections.abc import Iterator

from anyvcr.core.media_type import media_type

END = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2,}")
"""What ends an event."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIELDS = ("data:", "event:", "id:", "retry:", ":")
_DATA = re.compile(r"(?:\A\ufeff?|(?<=[\r\n]))data: ?([^\r\n]*)")


def is_stream(content_type: str) -> bool:
    """Whether a body of this Content-Type is an event stream."""
    return media_type(content_type) == "text/event-stream"


def looks_like_stream(text: str) -> bool:
    """Whether a body begins as events do; a BOM and blank lines may come first."""
    return text[:64].lstrip("\ufeff\r\n").startswith(_FIELDS)


def split(body: bytes) -> tuple[bytes, ...]:
    """`body` cut after each event; what follows the last blank line is a piece, too."""
    ends = [match.end() for match in END.finditer(body)]
    if body and (not ends or ends[-1] < len(body)):
        ends.append(len(body))
    return tuple(body[start:end] for start, end in zip([0, *ends], ends, strict=False))


def fields(event: bytes) -> tuple[bytes, bytes]:
    """The name of one event, which may be empty, and its data (WHATWG HTML, section 9.2.6)."""
    name = b""
    lines: list[bytes] = []
    for line in _LINE_END.split(event.removeprefix(_BOM)):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value
        elif field == b"data":
            lines.append(value)
    return name, b"\n".join(lines)


def data(text: str) -> Iterator[list[tuple[int, int]]]:
    """For each event, the spans in `text` of what its `data:` lines hold."""
    lines: list[tuple[int, int]] = []
    for match in _DATA.finditer(text):
        if lines and text[lines[-1][1] : match.start()] not in ("\n", "\r\n", "\r"):
            yield lines
            lines = []
        lines.append(match.span(1))
    if lines:
        yield lines
