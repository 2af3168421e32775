"""Credentials of which only the ends are shown: `sk-ab***wxyz`."""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.encodings import Forms

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


def replace_shortened(text: bytes, known: "tuple[Forms, ...]") -> bytes:
    """`text` without credentials of which only the ends are shown."""
    masks = sorted(
        mask
        for first, start, run in _MASKS
        if first in text and start in text
        for mask in _masks(text, start, run)
    )
    out, done = [], 0
    for start, end in masks:
        head, tail = _around(text, start, end)
        for forms in known if head or tail else ():
            before, after = _shown(head, tail, forms.value)
            if before + after and start - before >= done:
                out += [text[done : start - before], forms.stand_in]
                done = end + after
                break
    return b"".join((*out, text[done:])) if out else text


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


def _shown(head: bytes, tail: bytes, value: bytes) -> tuple[int, int]:
    """How much of `head` and `tail` are the ends of `value`; nothing where that may be chance."""
    before = len(head) if value[:_LEAST] in head else 0
    while before and not value.startswith(head[-before:]):
        before -= 1
    after = len(tail) if value.endswith(tail) else 0
    if not before and not after:
        return 0, 0
    public = _PUBLIC.match(value)
    secret = max(0, before - (public.end() if public else 0)) + after
    return (before, after) if secret >= _SHOWN else (0, 0)
