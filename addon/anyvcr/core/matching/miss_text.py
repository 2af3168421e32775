"""The text of a miss: one line for people, JSON values for programs."""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from anyvcr.core.affixes import common_start
from anyvcr.core.matching.advice import Spell, advices
from anyvcr.core.matching.differences import ABSENT, Difference, Shown
from anyvcr.core.matching.json_value import Repeating, Value
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.nearest import Nearest
from anyvcr.core.printable import printable

Redact: TypeAlias = Callable[[str], str]
_SPELLED_OUT = 5
"""Differences shown in a line."""
_PRIVATE = re.compile(
    r"(?:header|query|form):.*"
    r"(?:authorization|api.?key|subscription.?key|token$|cookie|secret|password|sig)",
    re.IGNORECASE | re.DOTALL,
)
"""Names whose values are shown to nobody."""
_BEFORE, _AFTER = 24, 56
"""Characters shown before the first difference, and from it on."""


def explain(miss: Miss, spell: Spell, *, redact: Redact = str) -> str:
    """The miss in one line for people: what was asked, what is nearest, what would let it pass.

    `spell` gives the words of the command that runs. `redact` is given each whole value before
    any of it is cut out and shown.
    """
    asked = f"{miss.request.method} {redact(miss.request.url)}"
    options = map(spell, advices(miss))
    hint = f". To let it pass: {redact(' or '.join(options))}"
    return printable(_finding(miss, asked, redact) + hint)


def _finding(miss: Miss, asked: str, redact: Redact) -> str:
    if not miss.recorded:
        return f"no recorded interaction matches {asked}: the cassette is empty"
    if miss.indistinct:
        names = ", ".join(f"#{each}" for each in miss.indistinct)
        return (
            f"which recorded answer to {asked} is meant cannot be told: {names} were asked with"
            " different secrets, which are not stored, and are equal without them"
        )
    if miss.used_up:
        names = ", ".join(f"#{near.id}" for near in miss.equal)
        played = f" ({names})" if names else ""
        return f"every recorded answer to {asked} was already played{played}"
    if miss.expected is not None:
        return _out_of_order(miss, asked, redact)
    if not miss.nearest:
        return f"no recorded interaction matches {asked}"
    return (
        f"no recorded interaction matches {asked};"
        f" nearest is {_described(miss.nearest[0], redact)}{_others(miss.nearest[1:])}"
    )


def _out_of_order(miss: Miss, asked: str, redact: Redact) -> str:
    text = (
        f"{asked} is out of order: the next request of the cassette is #{miss.expected}"
    )
    for near in miss.nearest:
        if near.id == miss.expected:
            text += f", where {listed(near.differences, redact)}"
    found = ", ".join(f"#{near.id}" for near in miss.equal)
    return f"{text}; {found} would match" if found else text


def _described(near: Nearest, redact: Redact) -> str:
    played = " (already played)" if near.already_played else ""
    return f"#{near.id}{played}: {listed(near.differences, redact)}"


def _others(others: Sequence[Nearest]) -> str:
    if not others:
        return ""
    named = ", ".join(
        f"#{near.id} ({_counted(len(near.differences), 'difference')})"
        for near in others
    )
    return f"; then {named}"


def listed(differences: Sequence[Difference], redact: Redact) -> str:
    """The first differences with both sides, and how many there are beside them."""
    shown = [_worded(difference, redact) for difference in differences[:_SPELLED_OUT]]
    more = len(differences) - len(shown)
    if more:
        shown.append(f"and {_counted(more, 'more difference')}")
    return "; ".join(shown)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _worded(difference: Difference, redact: Redact) -> str:
    recorded, sent = _values(difference, redact)
    path = redact(difference.path)
    if recorded is None:
        return f"{path}: not in the recording, sent {sent}"
    if sent is None:
        return f"{path}: recorded {recorded}, not sent"
    return f"{path}: recorded {recorded}, sent {sent}"


def _values(difference: Difference, redact: Redact) -> tuple[str | None, str | None]:
    """Both sides as they may be shown: redacted, cut around the first difference; None if absent."""
    old, new = difference.recorded, difference.sent
    private = _PRIVATE.match(difference.path) is not None
    texts = [_text(value, private=private, redact=redact) for value in (old, new)]
    start = common_start(texts[0] or "", texts[1] or "")
    recorded, sent = (None if text is None else _cut(text, start) for text in texts)
    if recorded == sent and old != new:
        sent = f"{sent} (other in what is not shown)"
    return recorded, sent


def _text(value: Shown, *, private: bool, redact: Redact) -> str | None:
    if value is ABSENT:
        return None
    if private:
        return "(not shown)"
    if isinstance(value, bytes):
        return _bytes_text(value, redact)
    if isinstance(value, str):
        return _quoted(redact(value))
    return redact(_json_text(value))


def _bytes_text(data: bytes, redact: Redact) -> str:
    try:
        return _quoted(redact(data.decode("utf-8")))
    except UnicodeDecodeError:
        return f"{len(data)} bytes {data.hex(' ')}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json_text(value: Value) -> str:
    match value:
        case dict() | Repeating():
            members = value.items() if isinstance(value, dict) else value.pairs
            inner = (f"{_quoted(name)}: {_json_text(item)}" for name, item in members)
            return "{" + ", ".join(inner) + "}"
        case list():
            return "[" + ", ".join(map(_json_text, value)) + "]"
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _cut(text: str, start: int) -> str:
    """The neighbourhood of `start`."""
    if len(text) <= _BEFORE + _AFTER:
        return text
    begin = max(0, min(start - _BEFORE, len(text) - _BEFORE - _AFTER))
    end = begin + _BEFORE + _AFTER
    left = "…" if begin else ""
    right = "…" if end < len(text) else ""
    return f"{left}{text[begin:end]}{right}"


def report(miss: Miss, spell: Spell, *, redact: Redact = str) -> dict[str, object]:
    """The miss for a program: JSON values only, with texts as `explain` shows them."""
    return {
        "method": miss.request.method,
        "url": printable(redact(miss.request.url)),
        "message": explain(miss, spell, redact=redact),
        "used_up": miss.used_up,
        "expected": miss.expected,
        "recorded": miss.recorded,
        "nearest": [_reported(near, redact) for near in miss.nearest],
        "options": [redact(spell(advice)) for advice in advices(miss)],
    }


def _reported(near: Nearest, redact: Redact) -> dict[str, object]:
    return {
        "id": near.id,
        "already_played": near.already_played,
        "differences": [
            {
                "path": printable(redact(difference.path)),
                "recorded": recorded,
                "sent": sent,
            }
            for difference in near.differences
            for recorded, sent in (_values(difference, redact),)
        ],
    }
