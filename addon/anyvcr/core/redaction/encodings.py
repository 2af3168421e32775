"""The spellings in which a credential appears again: plain, in hexadecimal, within base64."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from anyvcr.core.redaction.escapes import unescaped_forms
from anyvcr.core.redaction.placeholder import PLACEHOLDER, placeholder

_NUMBER = re.compile(rb"[0-9]")


class Spelling(NamedTuple):
    """One way in which a credential is written."""

    text: bytes
    stand_in: bytes
    traces: tuple[bytes, ...]
    """What unescaping, as often as it is done, makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Forms:
    """One credential in the forms in which it can be told in a text."""

    value: bytes
    stand_in: bytes
    spellings: tuple[Spelling, ...]
    """The value, as a form spells its spaces, its hexadecimal digits, and what base64 makes of it at each alignment."""
    odd: bool
    """Whether it holds `"`, `\\` or anything but ASCII, so that every escape must be undone to find it."""

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
                Spelling(text, by, unescaped_forms(text))
                for text, by in stand_ins.items()
            ),
            odd=not value.isascii() or b'"' in value or b"\\" in value,
        )


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
