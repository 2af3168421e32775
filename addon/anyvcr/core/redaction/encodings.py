"""The spellings in which a credential appears again: plain, in hexadecimal, within base64."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from anyvcr.core.redaction.escapes import (
    DEPTH,
    any_escape,
    has_escape,
    traces,
    unescape,
)
from anyvcr.core.redaction.patterns import PLACEHOLDER, placeholder
from anyvcr.core.redaction.tokens import is_run


class Spelling(NamedTuple):
    """One way in which a credential is written."""

    text: bytes
    stand_in: bytes
    traces: tuple[bytes, ...]
    """What unescaping, as often as it is done, makes of it."""
    marks: frozenset[int]
    """Those of MARKS that it has."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Forms:
    """One credential in the forms in which it can be told in a text."""

    value: bytes
    stand_in: bytes
    spellings: tuple[Spelling, ...]
    """The value, as a form spells its spaces, its hexadecimal digits, and what base64 makes of it at each alignment."""
    shortest: int
    """Length of the shortest spelling."""
    is_run: bool
    """So is then every spelling."""
    odd: bool
    """It holds characters that are escaped everywhere, or not all ASCII."""

    @classmethod
    def of(cls, value: bytes) -> "Forms":
        """The forms of `value`."""
        stand_in = _NUMBER.sub(b"9", value) if _is_number(value) else placeholder(value)
        digits = value.hex().encode()
        stand_ins = {
            value: stand_in,
            value.replace(b" ", b"+"): stand_in,
            digits: PLACEHOLDER,
            digits.upper(): PLACEHOLDER,
        }
        for core in _base64_cores(value):
            stand_ins.setdefault(core, _base64_stand_in(len(core)))
        return cls(
            value=value,
            stand_in=stand_in,
            spellings=tuple(
                Spelling(text, by, traces(text), frozenset(MARKS).intersection(text))
                for text, by in stand_ins.items()
            ),
            shortest=min(map(len, stand_ins)),
            is_run=is_run(value),
            odd=not value.isascii() or b'"' in value or b"\\" in value,
        )

    def replace(self, text: bytes, runs: bytes, absent: frozenset[int]) -> bytes:
        """`text` with a stand-in for each unescaped spelling.

        `runs`: those of `text`; `absent`: those of MARKS that no run has.
        """
        if not self.is_run:
            runs, absent = text, frozenset()
        elif len(runs) < self.shortest:
            return text
        for spelling, stand_in, _, marks in self.spellings:
            if absent.isdisjoint(marks) and spelling in runs:
                text = _cut_in_escape(text, spelling)
                text = text.replace(spelling, stand_in)
        return text


MARKS = b"+/-_"
"""Characters that tell base64 from the URL-safe kind and from most keys, and spare a search."""
_NUMBER = re.compile(rb"[0-9]")


def _is_number(value: bytes) -> bool:
    """Whether `value` may be a number in JSON, where only a number can take its place."""
    return re.fullmatch(rb"[0-9.eE+-]+", value) is not None


def _base64_cores(value: bytes) -> Iterator[bytes]:
    """The characters that depend on `value` alone, for each place it can have in three bytes."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value)
        first = -(-before * 8 // 6)
        last = (before + len(value)) * 8 // 6
        core = encoded[first:last]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def _base64_stand_in(length: int) -> bytes:
    """Base64 of `REDACTED-`, so many characters over that base64 around it stays whole."""
    stand_in = base64.b64encode(PLACEHOLDER + b"-")
    return stand_in + stand_in[: length % 4]


def _cut_in_escape(text: bytes, spelling: bytes) -> bytes:
    r"""`text` without the backslash of an escape that `spelling` begins in the middle of.

    A key `nsk-…` after a backslash is a line break and `sk-…` in JSON: without its
    backslash it is a plain `nsk-…`, and goes with the others.
    """
    if b"\\" not in text:
        return text
    inside = re.compile(
        rb"(?<!\\)((?:\\\\)*)\\(?:u[0-9A-Fa-f]{0,3})?(?=" + re.escape(spelling) + b")"
    )
    return inside.sub(rb"\1", text)


def replace_escaped(text: bytes, known: "tuple[Forms, ...]") -> bytes:
    """`text` without credentials of which some characters are escaped."""
    odd = any(forms.odd for forms in known)
    plain = text
    for _ in range(DEPTH):
        if not has_escape(plain, any_backslash=odd):
            return text
        plain = unescape(plain, only_ascii=not odd)
        for forms in known:
            for spelling, stand_in, traced, _ in forms.spellings:
                if any(trace in plain for trace in traced):
                    text = any_escape(spelling).sub(stand_in, text)
    return text
