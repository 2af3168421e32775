"""Unbroken runs of the characters that secrets are made of: letters, digits and `-_.~+/=`.

To find them costs less than to parse the text, and almost every secret is one.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

_LEAST = 19
"""Characters of the shortest secret that a rule knows (`ek_` and 16); most numbers have less."""
LONG = 1024
"""A longer run is data, as an image: a key can stand at its start, or is plain to see."""
_RUN = b"x" * _LEAST
_MASK = bytes(
    ord("x")
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-_.~+/=")
    else ord(" ")
    for code in range(256)
)


def runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Spans of the runs of `text`."""
    mask = text.translate(_MASK)
    start = mask.find(_RUN)
    while start >= 0:
        end = mask.find(b" ", start)
        end = len(mask) if end < 0 else end
        yield start, end
        start = mask.find(_RUN, end)


def is_run(value: bytes) -> bool:
    """Whether `value` is found, wherever it stands, as part of one run."""
    return len(value) >= _LEAST and b" " not in value.translate(_MASK)


class Words(NamedTuple):
    """The runs of a text."""

    joined: bytes
    """All of them, none joined to another that was apart."""
    heads: set[bytes]
    """Each once and no more than its start; numbers may be left out."""
    long_runs: list[tuple[int, int]]
    """Spans of those that are longer than LONG."""
    letters: bytes | None = None
    """Of a text that is almost all numbers: what else is in it, in lower case."""


_last: tuple[bytes, Words] = (b"", Words(b"", set(), []))
"""Each pass over a text asks for its words."""
_KEPT = 1 << 20
"""Bytes of a text that may stay in memory for it."""


def words(text: bytes) -> Words:
    """The runs of `text`, as they are searched for secrets."""
    global _last  # noqa: PLW0603  # one tuple, so that threads do not see halves
    known, found = _last
    if known is not text:
        found = _dense(text) or _sparse(text)
        if len(text) <= _KEPT:
            _last = (text, found)
    return found


_SAMPLE = 4096
_MANY = 40
"""Runs in the first _SAMPLE bytes from which on it is quicker to split all of a text."""
_APART = bytes(code if mask == ord("x") else mask for code, mask in enumerate(_MASK))
_NUMBER = b"0123456789.+-eE"
_NUMBERS = bytes(
    ord("0") if code in _NUMBER else mask for code, mask in enumerate(_MASK)
)
_NO_LETTERS = _NUMBER.replace(b"eE", b"") + b", \t\r\n[]"


def _dense(text: bytes) -> Words | None:
    """The runs of a text that is full of them, as numbers are and ids; None for another."""
    if len(text) < _MANY * _LEAST:
        return None
    dense = sum(1 for _ in islice(runs(text[:_SAMPLE]), _MANY)) == _MANY
    if not dense or b"\\" in text or b"%" in text:
        return None
    mask = text.translate(_NUMBERS)
    if mask.count(b"x") * 16 < len(text):
        return _numbers(text, mask)
    found = {word for word in text.translate(_APART).split() if len(word) >= _LEAST}
    if any(len(word) > LONG for word in found):
        return None
    return Words(b"\n".join(found), found, [])


def _numbers(text: bytes, mask: bytes) -> Words | None:
    """The runs of a text that is almost all numbers; None where one is long."""
    heads, at = set(), mask.find(b"x")
    while at >= 0:
        start, end = mask.rfind(b" ", 0, at) + 1, mask.find(b" ", at)
        end = len(mask) if end < 0 else end
        if end - start >= _LEAST:
            heads.add(text[start:end])
        at = mask.find(b"x", end)
    if any(len(head) > LONG for head in heads):
        return None
    return Words(text, heads, [], text.translate(None, _NO_LETTERS).lower())


def _sparse(text: bytes) -> Words:
    found, heads, long_runs = [], set(), []
    for start, end in runs(text):
        if end - start > LONG:
            long_runs.append((start, end))
        shown = min(end, start + LONG)
        found.append(text[start:end])
        heads.add(text[start:shown])
        if text[start - 1 : start] in (b"\\", b"%"):
            # The run's first characters belong to the escape: `\n`, `%20`, `\u000a`.
            heads.update(text[start + size : shown] for size in (1, 2, 5))
    return Words(b"\n".join(found), heads, long_runs)


def outside(text: bytes, long_runs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of `text` without the long runs, but with their starts and ends."""
    done = 0
    for start, end in long_runs:
        yield done, start + LONG
        done = max(start + LONG, end - LONG)
    yield done, len(text)
