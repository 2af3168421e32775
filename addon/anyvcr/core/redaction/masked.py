"""Credentials of which only the ends are shown: `sk-ab***wxyz`."""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.tokens import is_in_base64

_MASKS = tuple(
    (
        unit * least,
        re.compile(re.escape(unit) * least + b"(?:" + re.escape(unit) + b")*+"),
    )
    for unit, least in (
        (b"*", 3),
        (b".", 3),
        (b"\xe2\x80\xa6", 1),
        (b"\\u2026", 1),
        (b"\xe2\x80\xa2", 2),
        (b"\\u2022", 2),
        (b"x", 4),
        (b"X", 4),
    )
)
"""What stands for the middle of a shortened key: `*`, `.`, an ellipsis, bullets, `x`."""
_SPACE = 32
_ENDS = 24
"""Characters that are shown of either end, at most."""
_LEAST = 3
"""Characters that are shown of the start, if any are."""
_SHOWN = 3
"""Characters of a key, before and after the mask together, that make it that key."""
_PUBLIC = re.compile(rb"(?:[A-Za-z]{2,8}[0-9]{0,2}[_-]){0,3}")
"""The start that all keys of a kind have: `sk-proj-`."""


_IN_KEY = bytes(
    code
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_+/=-")
    else 32
    for code in range(256)
)


class MaskedIndex:
    """The ends of many credentials, found at a cost that does not grow with their number."""

    def __init__(self) -> None:
        self._starts: dict[bytes, tuple[int, bytes]] = {}
        """What a value may begin with: how many characters of it are secret, and the stand-in."""
        self._sizes: dict[bytes, tuple[int, ...]] = {}
        """By the last characters of such a start: its length, the longest first."""
        self._ends: dict[bytes, bytes] = {}
        self._pairs: set[tuple[bytes, bytes]] = set()
        """Starts and ends that are a secret only together."""

    def add(self, value: bytes, stand_in: bytes) -> None:
        """Find `value` shortened from now on."""
        match = _PUBLIC.match(value)
        public = match.end() if match else 0
        for size in range(_LEAST, min(len(value), _ENDS) + 1):
            shown = max(0, size - public)
            start = value[:size]
            if shown >= self._starts.get(start, (0, b""))[0]:
                self._starts[start] = (shown, stand_in)
            sizes = {size, *self._sizes.get(start[-_LEAST:], ())}
            self._sizes[start[-_LEAST:]] = tuple(sorted(sizes, reverse=True))
        for size in range(1, min(len(value), _ENDS) + 1):
            self._ends.setdefault(value[-size:], stand_in)
        for shown in range(1, _SHOWN):
            for size in range(_SHOWN - shown, _SHOWN):
                self._pairs.add((value[: public + shown], value[-size:]))

    def replace(self, text: bytes) -> bytes:
        """`text` without credentials of which only the ends are shown."""
        masks = sorted(
            mask
            for least, run in _MASKS
            # One byte is looked up several times as fast as three.
            if least[:1] in text and least in text
            for mask in _masks(text, run)
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
        for size in self._sizes.get(head[-_LEAST:], ()):
            # A slice of more than there is would be shorter, and may be another start.
            if size <= len(head) and (start := head[-size:]) in self._starts:
                before, (secret, stand_in) = size, self._starts[start]
                break
        is_pair = bool(before and after and (head[-before:], tail) in self._pairs)
        if secret >= _SHOWN or after >= _SHOWN or is_pair:
            return before, after, stand_in or self._ends[tail]
        return 0, 0, b""


def _around(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """What may be the ends of a key on either side of a mask."""
    head = text[max(0, start - _ENDS) : start].translate(_IN_KEY)
    tail = text[end : end + _ENDS].translate(_IN_KEY)
    return head.rpartition(b" ")[2], tail.partition(b" ")[0]


def _masks(text: bytes, run: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Masks that have something of a key before or after them."""
    beside = text.translate(_IN_KEY)
    last = len(text)
    for match in run.finditer(text):
        start, end = match.span()
        if (end < last and beside[end] != _SPACE) or (
            start and beside[start - 1] != _SPACE
        ):
            yield start, end
