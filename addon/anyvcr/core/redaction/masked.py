"""Credentials of which only the ends are shown: `sk-ab***wxyz`."""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.tokens import is_in_base64

_MASKS = tuple(
    (start[:1], start, re.compile(run))
    for start, run in (
        (b"***", rb"\*+"),
        (b"...", rb"\.+"),
        (b"\xe2\x80\xa6", rb"(?:\xe2\x80\xa6)+"),
        (b"\\u2026", rb"(?:\\u2026)+"),
        (b"\xe2\x80\xa2" * 2, rb"(?:\xe2\x80\xa2)+"),
        (b"\\u2022" * 2, rb"(?:\\u2022)+"),
        (b"xxxx", rb"x+"),
        (b"XXXX", rb"X+"),
    )
)
"""What stands for the middle of a shortened key: `*`, `.`, an ellipsis, bullets, `x`."""
_ENDS = 24
"""Characters that are shown of either end, at most."""
_LEAST = 3
"""Characters that are shown of the start, if any are."""
_SHOWN = 3
"""Characters of a key, before and after the mask together, that make it that key."""
_PUBLIC = re.compile(rb"(?:[A-Za-z]{2,8}[0-9]{0,2}[_-]){0,3}")
"""The start that all keys of a kind have: `sk-proj-`."""


_HEAD = re.compile(rb"[0-9A-Za-z_+/=-]*\Z")
_TAIL = re.compile(rb"[0-9A-Za-z_+/=-]*")


class MaskedIndex:
    """The ends of many credentials, found at a cost that does not grow with their number."""

    def __init__(self) -> None:
        self._starts: dict[bytes, tuple[int, bytes]] = {}
        """What a value may begin with: how many characters of it are secret, and the stand-in."""
        self._ends: dict[bytes, bytes] = {}
        self._pairs: set[tuple[bytes, bytes]] = set()
        """Starts and ends that are a secret only together."""

    def add(self, value: bytes, stand_in: bytes) -> None:
        """Find `value` shortened from now on."""
        match = _PUBLIC.match(value)
        public = match.end() if match else 0
        for size in range(_LEAST, min(len(value), _ENDS) + 1):
            shown = max(0, size - public)
            if shown >= self._starts.get(value[:size], (0, b""))[0]:
                self._starts[value[:size]] = (shown, stand_in)
        for size in range(1, min(len(value), _ENDS) + 1):
            self._ends.setdefault(value[-size:], stand_in)
        for shown in range(1, _SHOWN):
            for size in range(_SHOWN - shown, _SHOWN):
                self._pairs.add((value[: public + shown], value[-size:]))

    def replace(self, text: bytes) -> bytes:
        """`text` without credentials of which only the ends are shown."""
        masks = sorted(
            mask
            for first, start, run in _MASKS
            if first in text and start in text
            for mask in _masks(text, start, run)
        )
        out, done = [], 0
        for start, end in masks:
            before, after, stand_in = self._shown(*_around(text, start, end))
            if before + after and start - before >= done:
                if text[start] in b"xX" and is_in_base64(text, start, end):
                    continue
                out += [text[done : start - before], stand_in]
                done = end + after
        return b"".join((*out, text[done:])) if out else text

    def _shown(self, head: bytes, tail: bytes) -> tuple[int, int, bytes]:
        """How much of `head` and `tail` are a value's ends, nothing where that may be chance."""
        after = len(tail) if tail in self._ends else 0
        before, secret, stand_in = 0, 0, b""
        for size in range(len(head), _LEAST - 1, -1):
            if (start := head[-size:]) in self._starts:
                before, (secret, stand_in) = size, self._starts[start]
                break
        is_pair = bool(before and after and (head[-before:], tail) in self._pairs)
        if secret >= _SHOWN or after >= _SHOWN or is_pair:
            return before, after, stand_in or self._ends[tail]
        return 0, 0, b""


def _around(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """What may be the ends of a key on either side of a mask."""
    head = _HEAD.search(text, max(0, start - _ENDS), start)
    tail = _TAIL.match(text, end, end + _ENDS)
    return head[0] if head else b"", tail[0] if tail else b""


def _masks(
    text: bytes, start: bytes, run: re.Pattern[bytes]
) -> Iterator[tuple[int, int]]:
    at = text.find(start)
    while at >= 0:
        match = run.match(text, at)
        end = match.end() if match else at + 1
        yield at, end
        at = text.find(start, end)
