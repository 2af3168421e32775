"""Unbroken runs of the characters that secrets are made of: letters, digits and `-_.~+/=`.

To find them costs less than to parse the text, and almost every secret is one.
"""

import re
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
_SAMPLE = 4096
_MANY = 40
"""Runs in the first _SAMPLE bytes from which on it is quicker to split all of a text."""
_APART = bytes(code if mask == ord("x") else mask for code, mask in enumerate(_MASK))
_NUMBER = b"0123456789.+-eE"
_NUMBERS = bytes(
    ord("0") if code in _NUMBER else mask for code, mask in enumerate(_MASK)
)
_NO_LETTERS = _NUMBER.replace(b"eE", b"") + b", \t\r\n[]"
_NO_BASE64 = bytes(
    ord("x")
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "+/=")
    else 32
    for code in range(256)
)
_PART_OF_DATA = 64
"""Characters of base64 beside a match that make it a piece of them."""
_ESCAPED_BASE64 = re.compile(rb"%2[BFbf]|%3[Dd]|\\+/")


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
    """All runs, separated so that none is joined to another."""
    heads: set[bytes]
    """The first LONG bytes of each distinct run; numbers may be missing."""
    long_runs: list[tuple[int, int]]
    """Spans of the runs that are longer than LONG."""
    letters: bytes | None = None
    """What is no number of a text that is almost all numbers, in lower case; else None."""


def words(text: bytes) -> Words:
    """The runs of `text`, as they are searched for secrets."""
    return _dense(text) or _sparse(text)


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
        found.append(text[start:end])
        shown = min(end, start + LONG)
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


def is_in_base64(text: bytes, start: int, end: int) -> bool:
    """Whether `text[start:end]`, itself of base64's characters, is a piece of a run of them.

    `/` and `+` may be escaped, as in a form or by PHP. A path is no such run: its words are
    of one case and hold few digits.
    """
    if 32 in text[start:end].translate(_NO_BASE64):
        return False
    before = _plainly(text[max(0, start - 2 * _PART_OF_DATA) : start])
    after = _plainly(text[end : end + 2 * _PART_OF_DATA])
    ahead = before[before.translate(_NO_BASE64).rfind(b" ") + 1 :]
    gap = after.translate(_NO_BASE64).find(b" ")
    behind = after if gap < 0 else after[:gap]
    return any(
        len(side) >= _PART_OF_DATA and _is_data(side) for side in (ahead, behind)
    )


def _plainly(text: bytes) -> bytes:
    return _ESCAPED_BASE64.sub(b"/", text) if b"%" in text or b"\\" in text else text


def _is_data(text: bytes) -> bool:
    """Whether base64's characters are data rather than a path of words."""
    return not text.islower() and max(map(len, text.split(b"/"))) >= 12
