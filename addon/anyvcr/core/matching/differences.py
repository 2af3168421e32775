"""The differences between two requests, part by part."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Final, Literal, TypeAlias, TypeVar

from anyvcr.core.affixes import common_ends
from anyvcr.core.json_path import step
from anyvcr.core.matching.body import (
    Body,
    Form,
    Json,
    Lines,
    Multipart,
    Part,
    Raw,
    same,
)
from anyvcr.core.matching.json_value import Value, encode, equal
from anyvcr.core.matching.normalized import RequestParts
from anyvcr.core.matching.target import Target

Pairs: TypeAlias = tuple[tuple[str, str], ...]
T = TypeVar("T")


class Absent(Enum):
    """The value on the side that has none."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

Shown: TypeAlias = "Value | bytes | Literal[Absent.ABSENT]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One part that differs.

    `path` is a JSON path, `query:NAME`, `form:NAME`, `form-type:NAME`, `form-filename:NAME`,
    `header:NAME`, `method`, `scheme`, `host`, `path` or `body`.
    """

    path: str
    recorded: Shown
    sent: Shown


def compare(recorded: RequestParts, sent: RequestParts) -> tuple[Difference, ...]:
    """All parts in which the two differ; empty exactly when they match."""
    return (
        *_compare_targets(recorded.target, sent.target),
        *_compare_pairs("header", recorded.headers, sent.headers),
        *compare_bodies(recorded.body, sent.body),
    )


def _compare_targets(recorded: Target, sent: Target) -> Iterator[Difference]:
    named = (
        ("method", recorded.method, sent.method),
        ("scheme", recorded.scheme, sent.scheme),
        ("host", recorded.authority, sent.authority),
        ("path", recorded.path, sent.path),
    )
    for name, before, now in named:
        if before != now:
            yield Difference(path=name, recorded=before, sent=now)
    yield from _compare_pairs("query", recorded.query, sent.query)


def _compare_pairs(kind: str, recorded: Pairs, sent: Pairs) -> Iterator[Difference]:
    before, now = _grouped(recorded), _grouped(sent)
    for name in {**before, **now}:
        for old, new in _paired(before.get(name, []), now.get(name, [])):
            if old != new:
                yield Difference(
                    path=f"{kind}:{name}",
                    recorded=_or_absent(old),
                    sent=_or_absent(new),
                )


def _grouped(pairs: Pairs) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def compare_bodies(recorded: Body, sent: Body) -> Iterator[Difference]:
    """The parts of two bodies that differ."""
    match recorded, sent:
        case Json(before), Json(now):
            yield from _compare_values("$", before, now)
        case Lines(before_lines), Lines(now_lines):
            yield from _compare_values("$", before_lines, now_lines)
        case Form(before_pairs), Form(now_pairs):
            yield from _compare_pairs("form", before_pairs, now_pairs)
        case Multipart(before_parts), Multipart(now_parts):
            yield from _compare_parts(before_parts, now_parts)
        case _ if recorded != sent:
            yield Difference(path="body", recorded=_shown(recorded), sent=_shown(sent))


def _compare_values(path: str, recorded: Value, sent: Value) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(sent, dict):
        for name in {**recorded, **sent}:
            both = recorded.get(name, ABSENT), sent.get(name, ABSENT)
            yield from _compare_items(path + step(name), *both)
    elif isinstance(recorded, list) and isinstance(sent, list):
        yield from _compare_lists(path, recorded, sent)
    elif not equal(recorded, sent):
        yield Difference(path=path, recorded=recorded, sent=sent)


def _compare_items(
    path: str,
    recorded: Value | Literal[Absent.ABSENT],
    sent: Value | Literal[Absent.ABSENT],
) -> Iterator[Difference]:
    if recorded is ABSENT or sent is ABSENT:
        yield Difference(path=path, recorded=recorded, sent=sent)
    else:
        yield from _compare_values(path, recorded, sent)


def _compare_lists(
    path: str, recorded: list[Value], sent: list[Value]
) -> Iterator[Difference]:
    start = 0
    if len(recorded) != len(sent):
        # One element more at the front must not make all others differ.
        before = [encode(value) for value in recorded]
        now = [encode(value) for value in sent]
        start, end = common_ends(before, now)
        recorded = recorded[start : len(recorded) - end]
        sent = sent[start : len(sent) - end]
    for index, both in enumerate(zip_longest(recorded, sent, fillvalue=ABSENT), start):
        yield from _compare_items(path + step(index), *both)


def _compare_parts(
    recorded: tuple[Part, ...], sent: tuple[Part, ...]
) -> Iterator[Difference]:
    before, now = _by_name(recorded), _by_name(sent)
    for name in {**before, **now}:
        for old, new in _paired(before.get(name, []), now.get(name, [])):
            yield from _compare_part(name, old, new)


def _by_name(parts: tuple[Part, ...]) -> dict[str, list[Part]]:
    named: dict[str, list[Part]] = {}
    for part in parts:
        named.setdefault(part.name, []).append(part)
    return named


def _compare_part(
    name: str, recorded: Part | None, sent: Part | None
) -> Iterator[Difference]:
    if recorded is None or sent is None:
        yield Difference(
            path=f"form:{name}",
            recorded=ABSENT if recorded is None else _shown(recorded.content),
            sent=ABSENT if sent is None else _shown(sent.content),
        )
        return
    named: tuple[tuple[str, Shown, Shown], ...] = (
        ("filename", _or_absent(recorded.filename), _or_absent(sent.filename)),
        ("type", recorded.type or ABSENT, sent.type or ABSENT),
        ("headers", _joined(recorded.headers), _joined(sent.headers)),
    )
    for what, before, now in named:
        if before != now:
            yield Difference(path=f"form-{what}:{name}", recorded=before, sent=now)
    if not same(recorded.content, sent.content):
        before, now = _shown(recorded.content), _shown(sent.content)
        yield Difference(path=f"form:{name}", recorded=before, sent=now)


def _or_absent(text: str | None) -> Shown:
    return ABSENT if text is None else text


def _joined(headers: Pairs) -> Shown:
    return "; ".join(f"{name}: {value}" for name, value in headers) or ABSENT


def _shown(body: Body) -> Shown:
    match body:
        case Json(value):
            return value
        case Lines(values):
            return values
        case Form(pairs):
            return f"urlencoded form: {', '.join(name for name, _ in pairs)}"
        case Multipart(parts):
            return f"multipart form: {', '.join(part.name for part in parts)}"
        case Raw(data):
            return data or ABSENT


def _paired(recorded: list[T], sent: list[T]) -> Iterator[tuple[T | None, T | None]]:
    """Items paired by position; where one list is longer, without the common start and end."""
    start, end = (0, 0) if len(recorded) == len(sent) else common_ends(recorded, sent)
    before = recorded[start : len(recorded) - end]
    return zip_longest(before, sent[start : len(sent) - end])
