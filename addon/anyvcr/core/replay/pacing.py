"""How fast a recorded answer is played back: at once, as it was, or times a factor.

The headers come `duration` after the request. Then, where the cassette has the timing of
the chunks, they come as they came; where it has not, each event of an event stream comes
GAP after the one before, and any other body in one piece with the headers.
"""

import math
from dataclasses import dataclass

from anyvcr.core import sse
from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.model import Response, header
from anyvcr.core.errors import ConfigError

GAP = 20_000_000
"""Nanoseconds between events of unknown timing: 50 a second, as of a model that is not slow."""


LONGEST = 3600 * 1_000_000_000
"""Nanoseconds; nothing was recorded that took longer, but a cassette can be edited."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Times faster than recorded; 0.5 is half as fast, infinity is at once."""

    factor: float

    @classmethod
    def parse(cls, text: str) -> "Pace":
        """The pace that `text` names: `instant`, `recorded` or a factor such as `2x`; raises ConfigError."""
        word = text.strip().lower()
        if word == "instant":
            return INSTANT
        if word == "recorded":
            return RECORDED
        try:
            factor = float(word.removesuffix("x")) if word.endswith("x") else 0.0
        except ValueError:
            factor = 0.0
        if not 0 < factor < math.inf:
            msg = (
                "cassette_pace: expected instant, recorded, or a factor such as 2x (twice as "
                f"fast) or 0.5x (half as fast), found {text!r}"
            )
            raise ConfigError(msg)
        return cls(factor)


INSTANT = Pace(math.inf)
RECORDED = Pace(1.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to write at once, in a chunk of their own."""

    due: float
    """Seconds since the request was complete."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the parts of an answer are due."""

    head: float
    """Of the headers: seconds since the request was complete."""
    pieces: tuple[Piece, ...]


def schedule(response: Response, pace: Pace) -> Schedule | None:
    """The schedule of `response`; None where all of it is due at once."""
    if pace.factor == math.inf:
        return None
    scale = 1e9 * pace.factor
    return Schedule(
        head=min(response.duration, LONGEST) / scale,
        pieces=tuple(
            Piece(min(response.duration + offset, LONGEST) / scale, data)
            for offset, data in _pieces(response)
            if data  # an empty chunk ends a chunked body
        ),
    )


def _pieces(response: Response) -> list[tuple[int, bytes]]:
    """With their offsets from the headers, in nanoseconds."""
    if recorded := extensions.of(response):
        pieces, start = [], 0
        for chunk in recorded:
            end = start + chunk.size
            pieces.append((chunk.offset, response.body[start:end]))
            start = end
        return pieces
    if sse.is_stream(header(response.headers, "Content-Type")):
        return [(n * GAP, event) for n, event in enumerate(sse.split(response.body))]
    return [(0, response.body)]
