"""Values as go.yaml.in/yaml/v4 writes them (representer.go, emitter.go)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from anyvcr.core import utf8
from anyvcr.core.goyaml.layout import Layout, Release
from anyvcr.core.goyaml.scalar_style import scalar, simple_key


@dataclass(frozen=True, slots=True)
class Plain:
    """A scalar that is written unquoted as it stands: a float or a date, as it was read."""

    text: str


def entries(pairs: Mapping[str, object], layout: Layout, indent: int) -> str:
    """The lines of a mapping whose keys stand at `indent`.

    A value is a str, bool, int, None or Plain, or a mapping from str or a sequence of such.
    """
    return "".join([_entry(key, value, layout, indent) for key, value in pairs.items()])


def items(values: Sequence[object], layout: Layout, indent: int) -> str:
    """The lines of a list whose `- ` stand at `indent`."""
    dash = " " * indent + "-"
    return "".join(
        [dash + _after_mark(value, layout, indent, indent + 2) for value in values]
    )


def in_key_order(names: Iterable[str], layout: Layout) -> list[str]:
    """The keys of a Go map in go-yaml's order: letters last, runs of digits by their value."""
    if layout.release is Release.GOCCY:
        return sorted(names, key=utf8.encode)
    return sorted(names, key=cmp_to_key(_compare))


def value(found: object, layout: Layout, indent: int, length: int) -> str:
    """What follows a key of `length` characters, its colon among them, at `indent`."""
    below = layout.below(indent)
    if isinstance(found, str):
        column = indent + length + 1
        return " " + scalar(found, layout, column=column, indent=below, parent=indent)
    if isinstance(found, Mapping) and found:
        return "\n" + entries(found, layout, below)
    if isinstance(found, Sequence) and found:
        return "\n" + items(found, layout, layout.items(indent))
    return f" {_inline(found)}\n"


def _entry(key: str, found: object, layout: Layout, indent: int) -> str:
    pad = " " * indent
    simple = simple_key(key, layout.release)
    if simple is None:
        below = layout.below(indent)
        long = scalar(key, layout, column=indent + 2, indent=below, parent=indent)
        return f"{pad}? {long}{pad}:" + _after_mark(found, layout, indent, below)
    return pad + simple + value(found, layout, indent, len(simple))


def _after_mark(found: object, layout: Layout, indent: int, below: int) -> str:
    """What follows `-` or `:` at `indent`: a collection begins on the same line, at `below`."""
    if isinstance(found, str):
        column = indent + 2
        return " " + scalar(found, layout, column=column, indent=below, parent=indent)
    gap = " " * (below - indent - 1)
    if isinstance(found, Mapping) and found:
        return gap + entries(found, layout, below)[below:]
    if isinstance(found, Sequence) and found:
        return gap + items(found, layout, below)[below:]
    return f" {_inline(found)}\n"


def _inline(found: object) -> str:
    match found:
        case None:
            return "null"
        case bool():
            return "true" if found else "false"
        case int():
            return str(found)
        case Plain():
            return found.text
        case Mapping():
            return "{}"
        case Sequence():
            return "[]"
    msg = f"a cassette cannot hold a {type(found).__name__}"
    raise TypeError(msg)


def _compare(left: str, right: str) -> int:
    if left == right:
        return 0
    return -1 if _less(left, right) else 1


def _less(left: str, right: str) -> bool:
    """keyList.Less of representer.go, for two strings."""
    a, b = _runes(left), _runes(right)
    common = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None
    )
    if common is None:
        return len(a) < len(b)
    x, y = a[common], b[common]
    if x.isalpha() and y.isalpha():
        return x < y
    if x.isalpha() or y.isalpha():
        after_digit = common > 0 and a[common - 1].isdecimal()
        return x.isalpha() if after_digit else y.isalpha()
    leading = 1 if "0" in (x, y) and _significant(a[:common]) else 0
    x_value, x_end = _number(a, common, leading)
    y_value, y_end = _number(b, common, leading)
    return (x_value, x_end, x) < (y_value, y_end, y)


def _runes(text: str) -> str:
    """Go's []rune: U+FFFD for each byte that is not UTF-8."""
    return utf8.SURROGATE.sub("\ufffd", text)


def _significant(before: str) -> bool:
    """Whether the run of digits that ends here has one that is not a zero."""
    for char in reversed(before):
        if not char.isdecimal():
            return False
        if char != "0":
            return True
    return False


def _number(text: str, start: int, leading: int) -> tuple[int, int]:
    """The value of the digits from `start` as Go's int64 holds it, and where they end."""
    value = leading
    end = start
    while end < len(text) and text[end].isdecimal():
        value = (value * 10 + ord(text[end]) - ord("0") + 2**63) % 2**64 - 2**63
        end += 1
    return value, end
