"""Our two keys of a response beside go-vcr's: `chunk_timing`, and `partial: true`.

When the chunks of a streamed body came is one text among a response's keys:

    chunk_timing: 66@0.412 120@20.115 14@20.2

is SIZE@OFFSET for each chunk: bytes of the body as it is stored, and milliseconds since the
response's headers. go-vcr does not know the keys: it reads such a cassette as any other,
and where it writes the file again, they are gone.
"""

import re
from dataclasses import dataclass

from anyvcr.core.cassette.model import Response

KEY = "chunk_timing"
PARTIAL = "partial"
"""The key of a response whose body is not whole: `partial: true`."""

CONVERSATION = "application/vnd.anyvcr.websocket"
"""Content-Type of a response with code 101 whose body is what was said on a WebSocket."""
_CHUNK = re.compile(r"([0-9]+)@([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that came at once."""

    size: int
    offset: int
    """Nanoseconds since the response's headers."""


Timing = tuple[Chunk, ...]


def format(timing: Timing) -> str:  # noqa: A001 - timing.format reads as what it is
    """`timing` as the text of the key, in steps of a microsecond."""
    return " ".join(f"{c.size}@{_milliseconds(c.offset)}" for c in timing)


def parse(text: str) -> Timing:
    """The chunks in `text`; raises ValueError."""
    found = []
    for word in text.split():
        match = _CHUNK.fullmatch(word)
        if match is None:
            msg = f"expected SIZE@MILLISECONDS, found {word!r}"
            raise ValueError(msg)
        found.append(Chunk(int(match[1]), round(float(match[2]) * 1e6)))
    return tuple(found)


def of(response: Response) -> Timing:
    """The timing of `response`; empty where it has none that its body agrees with.

    A body that was edited, by hand or by redaction, has other sizes than were recorded.
    """
    text = dict(response.extra).get(KEY)
    if not isinstance(text, str):
        return ()
    try:
        timing = parse(text)
    except ValueError:
        return ()
    agrees = sum(chunk.size for chunk in timing) == len(response.body)
    return timing if agrees else ()


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.3f}".rstrip("0").rstrip(".")
