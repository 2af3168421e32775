"""JSON values: parsed with exact numbers, and one text for all spellings of a value."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import TypeAlias

_DEEPEST = 96
"""Levels of nesting that are read as JSON: below any recursion limit on the way, so
that the same body is always of the same kind."""
_LONGEST = 4300
"""Digits of a whole number kept as int (Python's own limit for text to int)."""
# Ends at the end of the text as well: linear in whatever is not JSON.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Repeating(Mapping[str, "Value"]):
    """A JSON object in which a name stands more than once; as a mapping, the last one counts."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: "tuple[tuple[str, Value], ...]") -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> "Value":
        return dict(self.pairs)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.pairs))

    def __len__(self) -> int:
        return len(dict(self.pairs))


Value: TypeAlias = (
    "bool | int | Decimal | str | list[Value] | dict[str, Value] | Repeating | None"
)
"""A JSON value. Whole numbers are int however spelled; other numbers, and whole ones of
more than 4,300 digits, are a Decimal without trailing zeros."""


def parse_json(data: bytes) -> Value:
    """The value of a JSON text in UTF-8 (RFC 8259); raises ValueError for anything else."""
    text = data.decode("utf-8")
    if _too_deep(data):
        msg = f"JSON nested deeper than {_DEEPEST} levels"
        raise ValueError(msg)
    try:
        return _DECODER.decode(text)  # type: ignore[no-any-return]  # a Value by its hooks
    except json.JSONDecodeError:
        raise
    except ValueError:  # int() refused the digits
        return _LONG_DECODER.decode(text)  # type: ignore[no-any-return]


def _too_deep(data: bytes) -> bool:
    """Whether brackets outside strings nest deeper than the limit."""
    if data.count(b"[") + data.count(b"{") <= _DEEPEST:
        return False
    brackets = _STRING.sub(b"", data).translate(None, _NO_BRACKETS)
    for _ in range(_DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _object(members: "list[tuple[str, Value]]") -> "dict[str, Value] | Repeating":
    single = dict(members)
    return single if len(single) == len(members) else Repeating(tuple(members))


def _number(text: str) -> int | Decimal:
    mantissa, _, exponent_text = text.lower().partition("e")
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    written = (whole + fraction).lstrip("0")
    digits = written.rstrip("0")
    if not digits:
        return 0
    exponent = int(exponent_text or "0") - len(fraction) + len(written) - len(digits)
    sign = "-" if mantissa.startswith("-") else ""
    if exponent >= 0 and len(digits) + exponent <= _LONGEST:
        return int(sign + digits + "0" * exponent)
    try:
        return Decimal(f"{sign}{digits}e{exponent}")
    except DecimalException:  # an exponent beyond 10**18
        msg = f"a number with the exponent {exponent}"
        raise ValueError(msg) from None


def _constant(text: str) -> Value:
    msg = f"{text} is not JSON"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)
_LONG_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_number,
    parse_constant=_constant,
)


def equal(one: Value, other: Value) -> bool:
    """Whether two values are the same as JSON."""
    return one == other and _same_types(one, other)


def _same_types(one: Value, other: Value) -> bool:
    """Whether values for which `==` holds are the same: for Python True is 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return all(
            isinstance(value, str) or _same_types(value, other[name])
            for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return all(map(_same_types, one, other))
    return not isinstance(one, Repeating) or encode(one) == encode(other)


def encode(value: Value) -> str:
    """One ASCII text for all spellings of a value; different values never share it."""
    return _ENCODER.encode(value)


def _special(value: object) -> list[object]:
    # NaN and Infinity are never in what was parsed: they mark what JSON cannot say.
    if isinstance(value, Decimal):
        return [float("nan"), str(value)]
    assert isinstance(value, Repeating)
    members = sorted(value.pairs, key=lambda member: member[0])
    return [float("inf"), *members]


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), check_circular=False, default=_special
)
