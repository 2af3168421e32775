"""What the user's own rules find in a text or a JSON document, and the cutting of it."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from anyvcr.core import utf8
from anyvcr.core.errors import RedactionError
from anyvcr.core.json_spans import spans as spans_at
from anyvcr.core.redaction.placeholder import PLACEHOLDER

if TYPE_CHECKING:
    import regex
    from jsonpath import JSONPath

SECONDS = 1.0
"""For one regular expression on one text; past it, redaction fails."""

_WORD = PLACEHOLDER.decode()


def without(text: str, pattern: "regex.Pattern[str]") -> str:
    """`text` without what `pattern` finds outside of placeholders."""
    out, done = [], 0
    for start, end in matches(text, pattern):
        out += [text[done:start], _WORD]
        done = end
    return "".join((*out, text[done:]))


def matches(text: str, pattern: "regex.Pattern[str]") -> list[tuple[int, int]]:
    """Spans of what `pattern` finds outside of placeholders; raises RedactionError."""
    taken = sorted((at, at + len(_WORD)) for at in _occurrences(text, _WORD))
    starts = [start for start, _ in taken]
    spans, done = [], 0
    try:
        for match in pattern.finditer(text, timeout=SECONDS):
            groups = range(1, pattern.groups + 1) if pattern.groups else (0,)
            for start, end in sorted(match.span(group) for group in groups):
                near = bisect_right(starts, start) - 1
                inside = near >= 0 and end <= taken[near][1]
                if start >= done and end > start and not inside:
                    spans.append((start, end))
                    done = end
    except TimeoutError:
        msg = (
            f"{pattern.pattern!r} took more than {SECONDS:g} s on a text of"
            f" {len(text):,} bytes; make it more definite"
        )
        raise RedactionError(msg) from None
    return spans


def _occurrences(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def cut(document: bytes, view: bytes, paths: "tuple[JSONPath, ...]") -> bytes:
    """A JSON text with `REDACTED` for what stands at `paths`; `view` is its JSON alone."""
    text = utf8.decode(document)
    seen = utf8.decode(view)
    value = json.loads(seen)
    found = {match.parts for path in paths for match in path.finditer(value)}
    places = sorted({span for path in found for span in spans_at(seen, path)})
    out, done = [], 0
    for start, end in places:
        if start >= done:
            old = json.loads(seen[start:end])
            new = mapped(old, lambda _: _WORD, number=0)
            out += [
                text[done:start],
                text[start:end] if new == old else json.dumps(new),
            ]
            done = end
    return utf8.encode("".join((*out, text[done:])))


def mapped(
    value: object, change: Callable[[str], str], number: int | None = None
) -> object:
    """A value of YAML or JSON with each text changed, and each number where one is given."""
    match value:
        case str():
            return change(value)
        case bool() | None:
            return value
        case int() | float() if number is not None:
            return number
        case bytes():
            text = change(utf8.decode(value))
            return utf8.encode(text)
        case dict():
            names = (lambda name: name) if number is not None else change
            return {
                names(key) if isinstance(key, str) else key: mapped(
                    item, change, number
                )
                for key, item in value.items()
            }
        case list() | tuple():
            return type(value)(mapped(item, change, number) for item in value)
        case _:
            return value
