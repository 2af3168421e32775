"""Texts that a stream sends word by word, put together again.

A model that repeats a key sends it in pieces, each in an event of its own: no event holds
it, the text that a program puts together does.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from anyvcr.core.places import spans

Path: TypeAlias = "tuple[int | str, ...]"

_STREAM = (b"data:", b"event:", b"id:", b":")
_TELLS_APART = (
    "type",
    "index",
    "item_id",
    "output_index",
    "content_index",
    "summary_index",
)
"""Members that say which of several texts, sent at the same time, an event is of."""
_ANY_TELLS = frozenset(_TELLS_APART)


class Piece(NamedTuple):
    """One event's part of a text."""

    start: int
    end: int
    """Span of the event's JSON in the body, in characters."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A text and the pieces it came in."""

    path: Path
    """Where in each event its piece stands."""
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece.text for piece in self.pieces)

    def across(self, start: int, end: int) -> bool:
        """Whether a span of the text's UTF-8 is in more than one piece."""
        at = 0
        for piece in self.pieces:
            at += len(piece.text.encode("utf-8", "surrogatepass"))
            if start < at:
                return end > at
        return False


def joined(body: bytes) -> list[Joined]:
    """The texts that differ from event to event, where `body` is a stream of events."""
    if not body.startswith(_STREAM):
        return []
    texts: _Texts = {}
    for start, end, event in _events(_decoded(body)):
        _collect(event, (), (), (start, end), texts)
    return [
        Joined(path=(*path, name), pieces=tuple(map(Piece._make, pieces)))
        for (path, name, _), pieces in texts.items()
        if pieces[0][2] != pieces[-1][2]
        or any(text != pieces[0][2] for _, _, text in pieces)
    ]


_Texts: TypeAlias = (
    "dict[tuple[Path, int | str, tuple[object, ...]], list[tuple[int, int, str]]]"
)
_DECODER = json.JSONDecoder()


def _events(text: str) -> Iterator[tuple[int, int, object]]:
    start = text.find("data:")
    while start >= 0:
        at = text.find("{", start, start + 7)
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if at >= 0:
            try:
                event, end = _DECODER.raw_decode(text, at)
                yield at, end, event
            except (ValueError, RecursionError):
                pass  # some other stream, whose lines are no JSON
        start = text.find("\ndata:", end - 1) + 1 or -1


def _collect(
    value: object,
    path: Path,
    apart: tuple[object, ...],
    span: tuple[int, int],
    texts: _Texts,
) -> None:
    members: Iterable[tuple[int | str, object]]
    if isinstance(value, dict):
        members = value.items()
        if not _ANY_TELLS.isdisjoint(value):
            told = (value[name] for name in _TELLS_APART if name in value)
            apart += tuple(name for name in told if isinstance(name, str | int))
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return
    for name, member in members:
        if type(member) is str:
            key = (path, name, apart)
            if key in texts:
                texts[key].append((*span, member))
            else:
                texts[key] = [(*span, member)]
        elif type(member) is dict or type(member) is list:
            _collect(member, (*path, name), apart, span, texts)


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def rewrite(body: bytes, before: Joined, after: str) -> bytes:
    """`body` with the text `after` in place of `before`, in as many of its pieces as can stay."""
    old = before.text
    head = _common(old, after)
    tail = _common(old[head:][::-1], after[head:][::-1])
    start, end = head, len(old) - tail
    new: list[tuple[Piece, str]] = []
    filling, at = after[head : len(after) - tail], 0
    for piece in before.pieces:
        first, last = max(start - at, 0), max(end - at, 0)
        at += len(piece.text)
        if at > start and first < len(piece.text) and (last or filling):
            text = piece.text[:first] + filling + piece.text[last:]
            filling = ""
            if text != piece.text:
                new.append((piece, text))
    return _spliced(body, before.path, new)


def _common(one: str, other: str) -> int:
    """Length of the common start."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def _spliced(body: bytes, path: Path, new: list[tuple[Piece, str]]) -> bytes:
    whole, out, done = _decoded(body), [], 0
    for piece, text in new:
        event = whole[piece.start : piece.end]
        start, end = next(spans(event, path))
        out += [whole[done : piece.start], event[:start], json.dumps(text), event[end:]]
        done = piece.end
    return "".join((*out, whole[done:])).encode("utf-8", "surrogateescape")
