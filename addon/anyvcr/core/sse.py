"""Server-sent events as pieces of a body (WHATWG HTML, section 9.2: a blank line ends an event)."""

import re

from anyvcr.core.media_type import media_type

_END = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2,}")


def is_stream(content_type: str) -> bool:
    """Whether a body of this Content-Type is events."""
    return media_type(content_type) == "text/event-stream"


def split(body: bytes) -> tuple[bytes, ...]:
    """`body` cut after each event; what follows the last blank line is a piece, too."""
    ends = [match.end() for match in _END.finditer(body)]
    if body and (not ends or ends[-1] < len(body)):
        ends.append(len(body))
    return tuple(body[start:end] for start, end in zip([0, *ends], ends, strict=False))
