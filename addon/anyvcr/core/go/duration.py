"""Go's notation for a time.Duration, such as `3.133094s` (time.ParseDuration, Duration.String)."""

import re

_MOST = 2**63 - 1
_SECOND = 1_000_000_000
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5, the micro sign
    "\u03bcs": 1_000,  # the Greek letter
    "ms": 1_000_000,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_EXPECTED = "expected a duration such as 1.5s, 250ms or 1m2s"
_UNIT = "(ns|us|µs|\u03bcs|ms|s|m|h)"
_PART = re.compile(rf"([0-9]*)(?:\.([0-9]*))?{_UNIT}")
_DURATION = re.compile(rf"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+){_UNIT})+")


def format(nanoseconds: int) -> str:  # noqa: A001 - duration.format reads as what it is
    """A duration as Go's Duration.String writes it: no zero parts, `1m0s` and not `60s`, `µs` with U+00B5."""
    if nanoseconds < 0:
        return "-" + format(-nanoseconds)
    if nanoseconds < _SECOND:
        return _format_small(nanoseconds)
    minutes, rest = divmod(nanoseconds, 60 * _SECOND)
    text = _decimal(rest, _SECOND) + "s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return text


def parse(text: str) -> int:
    """The nanoseconds of `text`; raises ValueError where Go's time.ParseDuration fails."""
    sign, unsigned = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if unsigned == "0":
        return 0
    if _DURATION.fullmatch(unsigned) is None:
        raise ValueError(_EXPECTED)
    total = sum(_part(*part) for part in _PART.findall(unsigned))
    if total > _MOST + (sign < 0):
        raise ValueError(_EXPECTED)
    return sign * total


def _part(whole: str, fraction: str, unit: str) -> int:
    """The fraction is counted as Go does it: in floating point, and downwards."""
    scale = _UNITS[unit]
    value, digits = 0, 0
    for digit in fraction:
        if value > _MOST // 10 or value * 10 + int(digit) > _MOST + 1:
            break
        value, digits = value * 10 + int(digit), digits + 1
    return int(whole or 0) * scale + int(value * (scale / 10.0**digits))


def _format_small(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for unit in ("ns", "µs"):
        if nanoseconds < _UNITS[unit] * 1000:
            return _decimal(nanoseconds, _UNITS[unit]) + unit
    return _decimal(nanoseconds, _UNITS["ms"]) + "ms"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    digits = len(str(unit)) - 1
    return f"{whole}.{str(rest).zfill(digits).rstrip('0')}"
