"""What go-yaml takes an unquoted scalar for (go.yaml.in/yaml/v4, resolver.go).

The writer quotes text that would be read as anything but text, the reader types what it
finds: both ask here.
"""

import math
import re
from enum import StrEnum

OLD_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
OLD_FALSE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_DIGITS = 4000
"""More are no integer of Go's, and Python refuses to count them (sys.int_info)."""
_NUMBER_HINTS = frozenset("+-0123456789")
_HINTS = _NUMBER_HINTS | frozenset("yYnNtTfFoO~<.")
_WHOLE = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)"
)
_FLOAT = re.compile(r"[+-]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][+-]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?")
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]|(?P<space> +))([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?"
    r"(?(space)|(?:Z|[+-]([0-9]{2}):([0-9]{2}))))?"
)


class Tag(StrEnum):
    """YAML's scalar types, under their full names."""

    STR = "tag:yaml.org,2002:str"
    INT = "tag:yaml.org,2002:int"
    FLOAT = "tag:yaml.org,2002:float"
    BOOL = "tag:yaml.org,2002:bool"
    NULL = "tag:yaml.org,2002:null"
    BINARY = "tag:yaml.org,2002:binary"
    TIMESTAMP = "tag:yaml.org,2002:timestamp"
    MERGE = "tag:yaml.org,2002:merge"


def resolve(text: str) -> Tag:
    """The type of the plain scalar `text`."""
    if text and text[0] not in _HINTS:
        return Tag.STR
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return Tag.FLOAT if _DOT_FLOAT.fullmatch(text) and _finite(text) else Tag.STR
    if first not in _NUMBER_HINTS:
        return Tag.STR
    if is_timestamp(text):
        return Tag.TIMESTAMP
    plain = text.replace("_", "")
    if _is_whole(plain):
        return Tag.INT
    if _FLOAT.fullmatch(plain) and _finite(plain):
        return Tag.FLOAT
    return Tag.STR


def whole(text: str) -> int:
    """The value of a scalar that resolves to INT."""
    plain = text.replace("_", "")
    digits = plain.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        return int(plain, 8)
    return int(plain, 0)


def number(text: str) -> float:
    """The value of a scalar that resolves to FLOAT."""
    lower = text.lower()
    if lower.endswith((".inf", ".nan")):
        return float(lower.replace(".", ""))
    return float(text.replace("_", ""))


def is_old_bool(text: str) -> bool:
    """Whether YAML 1.1 read `text` as a boolean where YAML 1.2 reads text."""
    return text in OLD_TRUE or text in OLD_FALSE


def is_base60(text: str) -> bool:
    """Whether YAML 1.1 read `text` as a number in base 60, such as `12:30`."""
    return _BASE60.fullmatch(text) is not None


def is_timestamp(text: str) -> bool:
    """Whether one of go-yaml's four date layouts parses `text`, as Go's time.Parse does."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second, zone_hour, zone_minute = (
        int(part or 0) for part in found.group(1, 2, 3, 5, 6, 7, 8, 9)
    )
    return (
        1 <= month <= 12
        and 1 <= day <= _days_in(year, month)
        and hour < 24
        and minute < 60
        and second < 60
        and zone_hour <= 24
        and zone_minute <= 60
    )


def _is_whole(plain: str) -> bool:
    if len(plain) > _MOST_DIGITS or _WHOLE.fullmatch(plain) is None:
        return False
    value = whole(plain)
    return -(2**63) <= value < (2**63 if plain[0] in "+-" else 2**64)


def _finite(text: str) -> bool:
    return math.isfinite(float(text))


def _days_in(year: int, month: int) -> int:
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return _DAYS[month - 1]


_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), Tag.BOOL),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), Tag.NULL),
    **dict.fromkeys((".nan", ".NaN", ".NAN", "-0", "-0.0"), Tag.FLOAT),
    **{
        sign + word: Tag.FLOAT
        for sign in ("", "+", "-")
        for word in (".inf", ".Inf", ".INF")
    },
    "<<": Tag.MERGE,
}
