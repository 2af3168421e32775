"""Texts that a stream sends word by word, put together again.

A model that repeats a key sends it in pieces, each in an event of its own: no event holds
it, the text that a program puts together does.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

from anyvcr.core.json_spans import spans

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
    root = _Node()
    for start, end, event in _events(_decoded(body)):
        _collect(event, root, (start, end))
    return [
        Joined(path=path, pieces=tuple(map(Piece._make, pieces)))
        for path, pieces in root.texts(())
        if any(text != pieces[0][2] for _, _, text in pieces)
    ]


_Pieces: TypeAlias = "list[tuple[int, int, str]]"


class _Node:
    """What stands at one place in the events, of one of the texts that they tell apart."""

    __slots__ = ("apart", "inner", "pieces")

    def __init__(self) -> None:
        self.pieces: dict[int | str, _Pieces] = {}
        self.inner: dict[int | str, _Node] = {}
        self.apart: dict[tuple[object, ...], _Node] = {}

    def texts(self, path: Path) -> Iterator[tuple[Path, _Pieces]]:
        """Every text at or below this place, with its path."""
        for name, pieces in self.pieces.items():
            yield (*path, name), pieces
        for name, node in self.inner.items():
            yield from node.texts((*path, name))
        for node in self.apart.values():
            yield from node.texts(path)


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


def _collect(value: object, node: _Node, span: tuple[int, int]) -> None:
    members: Iterable[tuple[int | str, object]]
    if type(value) is dict:
        members = value.items()
        if not _ANY_TELLS.isdisjoint(value):
            told = tuple([_told(value[n]) for n in _TELLS_APART if n in value])
            node = node.apart.get(told) or node.apart.setdefault(told, _Node())
    else:
        assert type(value) is list
        members = enumerate(value)
    for name, member in members:
        kind = type(member)
        if kind is str:
            piece = (*span, cast("str", member))
            if name in node.pieces:
                node.pieces[name].append(piece)
            else:
                node.pieces[name] = [piece]
        elif kind is dict or kind is list:
            inner = node.inner.get(name) or node.inner.setdefault(name, _Node())
            _collect(member, inner, span)


def _told(value: object) -> object:
    return value if isinstance(value, str | int) else None


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
