"""Texts that come in pieces, put together again: from events, from lines, from lists.

A model that repeats a key sends it in pieces, each in an event of its own; `logprobs` list
the same text token by token and byte by byte. No piece holds the key, the text that a
program puts together does.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from anyvcr.core import sse, utf8
from anyvcr.core.affixes import common_ends
from anyvcr.core.json_spans import leaves

Path: TypeAlias = "tuple[int | str, ...]"

LINES = 8 << 20
"""Bytes of a body of JSON lines that is looked at as a stream. A longer one is a file of records
that have nothing to do with each other; to parse them all takes ten times its size in memory."""

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
_ALTERNATIVES = frozenset(("top_logprobs", "candidates"))
"""Lists of which each position is a text of its own."""
_MEMBERS = (b'"token"', b'"word"', b'"bytes"')
_MESSAGE = re.compile(r"^[<>]%?(?:@[0-9.]+)? (?=\{)", re.MULTILINE)
"""What a line of a WebSocket's transcript has before its JSON. A `%XX` in it stays a text."""
_LIST = re.compile(rb'\[\s*"[^"\\]{0,12}"\s*,\s*"')
"""What a document has that may list a text in pieces."""
_HEAD = 256
"""Bytes by which a stream is told: more than it may begin with."""
_PIECE = 16
"""Characters that the pieces of a text in a list have on average, at most."""
_WORD = "REDACTED"
_DECODER = json.JSONDecoder()


class Piece(NamedTuple):
    """One part of a text."""

    document: int
    """Which of the body's documents holds it."""
    holder: object
    """The object or list that holds it; None where the document is the piece."""
    name: int | str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A text and the pieces it came in."""

    path: Path
    """Where its first piece stands in its document."""
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


class _Document(NamedTuple):
    start: int
    end: int
    """Span in the body, in characters."""
    value: object
    """As JSON; None for plain text."""
    text: str = ""
    """The plain text."""


def joined(body: bytes) -> list[Joined]:
    """The texts of `body` that come in more than one piece, and not always in the same."""
    documents = _documents(body)
    return list(_joined(documents)) if documents else []


def rewrite_all(body: bytes, changed: "Iterable[tuple[Joined, str]]") -> bytes:
    """`body` with each of the texts rewritten, in one pass."""
    documents = _documents(body)
    news: dict[int, dict[Path, str]] = {}
    paths = _Paths(documents)
    # The pieces were collected from another parse of the same bytes.
    known = {(text.path, text.pieces[0].document): text for text in _joined(documents)}
    for before, after in changed:
        text = known[before.path, before.pieces[0].document]
        for piece, new in _cut(text.pieces, text.text, after):
            news.setdefault(piece.document, {})[paths.of(piece)] = new
    return _spliced(_decoded(body), documents, news)


def _documents(body: bytes) -> list[_Document]:
    # Most bodies are none of these, and are not decoded to find that out.
    head = _decoded(body[:_HEAD])
    if sse.looks_like_stream(head):
        return list(_events(_decoded(body)))
    if head[:1] in ("<", ">") and (messages := list(_messages(_decoded(body)))):
        return messages
    found = []
    if len(body) <= LINES and (b"}\n{" in body or b"}\r\n{" in body):
        found = list(_lines(_decoded(body)))
    if not found and _may_list(body):
        text = _decoded(body)
        with_value = _parsed(text, 0, len(text))
        found = [with_value] if with_value else []
    return found


def _may_list(body: bytes) -> bool:
    start = body[:64].lstrip()[:1]
    if start not in (b"{", b"["):
        return False
    is_object = start == b"{"
    return not is_object or any(m in body for m in _MEMBERS) or bool(_LIST.search(body))


def _events(text: str) -> Iterator[_Document]:
    for lines in sse.data(text):
        start, end = lines[0][0], lines[-1][1]
        if document := _parsed(text, start, end, lines):
            yield document
        else:
            yield from (_Document(*line, None, text[slice(*line)]) for line in lines)


def _lines(text: str) -> Iterator[_Document]:
    for match in re.finditer(r"[^\r\n]+", text):
        if document := _parsed(text, *match.span()):
            yield document


def _messages(text: str) -> Iterator[_Document]:
    for match in _MESSAGE.finditer(text):
        end = text.find("\n", match.end())
        if document := _parsed(text, match.end(), end if end >= 0 else len(text)):
            yield document


def _parsed(
    text: str, start: int, end: int, lines: "list[tuple[int, int]] | None" = None
) -> _Document | None:
    """The JSON in `text[start:end]`; what stands between its `lines` does not count."""
    view = text[start:end]
    if lines and len(lines) > 1:
        view = "".join(
            text[first:last] + " " * (following - last)
            for (first, last), (following, _) in zip(
                lines, [*lines[1:], (end, end)], strict=True
            )
        )
    lead = len(view) - len(view.lstrip(" \t\ufeff"))
    if view[lead : lead + 1] not in ("{", "[", '"'):
        return None
    try:
        value, length = _DECODER.raw_decode(view, lead)
    except (ValueError, RecursionError):
        return None
    return _Document(start + lead, start + length, value)


def _joined(documents: "list[_Document]") -> Iterator[Joined]:
    root, plain = _Node(), _Node()
    paths = _Paths(documents)
    for number, document in enumerate(documents):
        if document.value is None:
            plain.add("", Piece(number, None, "", document.text))
        elif isinstance(document.value, str):
            root.add("", Piece(number, None, "", document.value))
        else:
            _collect(document.value, root, number)
    for pieces in (*root.texts(), *plain.texts()):
        if len(pieces) > 1 and any(each.text != pieces[0].text for each in pieces):
            is_spread = pieces[0].document != pieces[-1].document
            size = sum(len(each.text) for each in pieces)
            if is_spread or size <= _PIECE * len(pieces):
                yield Joined(path=paths.of(pieces[0]), pieces=tuple(pieces))


class _Paths:
    """Where pieces stand in their documents, each of which is searched once."""

    def __init__(self, documents: "list[_Document]") -> None:
        self._documents = documents
        self._holders: dict[int, dict[int, Path]] = {}

    def of(self, piece: Piece) -> Path:
        """Path of `piece`; empty where it is the document."""
        if piece.holder is None:
            return ()
        number = piece.document
        if number not in self._holders:
            self._holders[number] = dict(_holders(self._documents[number].value, ()))
        return (*self._holders[number][id(piece.holder)], piece.name)


def _holders(value: object, path: Path) -> Iterator[tuple[int, Path]]:
    """Each object and list in `value`, by its identity, with its path."""
    if isinstance(value, dict | list):
        yield id(value), path
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in members:
            yield from _holders(member, (*path, name))


class _Node:
    """What stands at one place in the documents, of one of the texts that they tell apart."""

    __slots__ = ("apart", "inner", "pieces")

    def __init__(self) -> None:
        self.pieces: dict[int | str, list[Piece]] = {}
        self.inner: dict[int | str, _Node] = {}
        self.apart: dict[tuple[object, ...], _Node] = {}

    def add(self, name: int | str, piece: Piece) -> None:
        if name in self.pieces:
            self.pieces[name].append(piece)
        else:
            self.pieces[name] = [piece]

    def texts(self) -> Iterator[list[Piece]]:
        """The pieces of every text at or below this place."""
        yield from self.pieces.values()
        for node in (*self.inner.values(), *self.apart.values()):
            yield from node.texts()


def _collect(value: object, node: _Node, document: int, key: object = None) -> None:
    members: Iterable[tuple[int | str, object]]
    if type(value) is dict:
        members = value.items()
        if not _ANY_TELLS.isdisjoint(value):
            told = tuple([_told(value[n]) for n in _TELLS_APART if n in value])
            node = node.apart.get(told) or node.apart.setdefault(told, _Node())
    else:
        assert type(value) is list
        members = enumerate(value)
    is_one_text = type(value) is list and key not in _ALTERNATIVES
    for name, member in members:
        kind = type(member)
        place = "" if is_one_text else name
        if kind is str:
            node.add(place, Piece(document, value, name, member))  # type: ignore[arg-type]
        elif kind is dict or kind is list:
            if name == "bytes" and (text := _as_bytes(member)) is not None:
                node.add(name, Piece(document, value, name, text))
                continue
            inner = node.inner.get(place) or node.inner.setdefault(place, _Node())
            _collect(member, inner, document, name)


def _as_bytes(value: object) -> str | None:
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        return None
    try:
        return utf8.decode(bytes(value))
    except ValueError:
        return None


def _told(value: object) -> object:
    return value if isinstance(value, str | int) else None


def _decoded(body: bytes) -> str:
    return utf8.decode(body)


def _cut(
    pieces: "tuple[Piece, ...]", old: str, new: str
) -> Iterator[tuple[Piece, str]]:
    """The pieces that change where `old` becomes `new`, as they are then."""
    spans = _replaced(old, new)
    at = 0
    for piece in pieces:
        end, text, kept = at + len(piece.text), "", at
        for start, stop, filling in spans:
            if stop > at and start < end:
                text += old[kept : max(start, at)]
                text += filling if start >= at else ""
                kept = min(stop, end)
        text += old[kept:end]
        at = end
        if text != piece.text:
            yield piece, text


def _replaced(old: str, new: str) -> list[tuple[int, int, str]]:
    """Spans of `old`, and what stands for each, that make it `new`."""
    spans: list[tuple[int, int, str]] = []
    rest = new.split(_WORD)
    done = len(rest[0]) if old.startswith(rest[0]) else -1
    for number, kept in enumerate(rest[1:], 1):
        is_last = number == len(rest) - 1
        at = len(old) - len(kept) if is_last else old.find(kept, done + 1)
        if done < 0 or at <= done or not old.startswith(kept, at):
            break
        spans.append((done, at, _WORD))
        done = at + len(kept)
    else:
        if done == len(old):
            return spans
    start, end = common_ends(old, new)
    return [(start, len(old) - end, new[start : len(new) - end])]


def _spliced(
    text: str, documents: "list[_Document]", news: dict[int, dict[Path, str]]
) -> bytes:
    out, done = [], 0
    for number in sorted(news):
        document = documents[number]
        if document.value is None:
            out += [text[done : document.start], news[number][()]]
            done = document.end
            continue
        whole = text[document.start : document.end]
        view = re.sub(r"(?<=[\r\n])data:", "     ", whole)
        for path, start, end in leaves(view):
            if path in news[number]:
                new = news[number][path]
                is_list = view[start] == "["
                encoded = utf8.encode(new)
                shown = str(list(encoded)) if is_list else json.dumps(new)
                out += [text[done : document.start + start], shown]
                done = document.start + end
    return utf8.encode("".join((*out, text[done:])))
