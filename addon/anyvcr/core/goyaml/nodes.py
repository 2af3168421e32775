"""YAML as a tree of nodes, read by libyaml where PyYAML has it, else by PyYAML itself.

Nothing is constructed here. Tags other than YAML's own types, nesting without end and
aliases out of all proportion are errors.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from anyvcr.core import utf8
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml.resolver import Tag

LIBYAML: Any = None
if yaml.__with_libyaml__:  # not everywhere: PyYAML can be built without
    import yaml._yaml as _libyaml

    LIBYAML = _libyaml.CParser

T = TypeVar("T")
_DEPTH = 100
_ALIAS_ALLOWANCE = 1_000_000
"""Nodes and characters that aliases may stand for, beyond as many as the file has bytes."""
_SCALAR_TAGS = frozenset(tag for tag in Tag if tag is not Tag.MERGE)
_COLLECTION_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_STANDARD = "tag:yaml.org,2002:"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


class PythonParser(Reader, Scanner, Parser):
    """PyYAML without libyaml."""

    def __init__(self, data: bytes) -> None:
        Reader.__init__(self, data)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Any:
        """The next event; raises where libyaml does, for half of a surrogate pair."""
        event: Any = super().get_event()  # type: ignore[no-untyped-call]
        if type(event) is ScalarEvent and utf8.SURROGATE.search(event.value):
            raise ValueError
        return event


@dataclass(slots=True, eq=False)
class Scalar:
    """A text. `tag` is None for a plain scalar, whose type the text itself decides."""

    line: int
    text: str
    tag: str | None


@dataclass(slots=True, eq=False)
class Collection:
    """A list, or a mapping with keys and values by turns. Lines and columns count from 0."""

    line: int
    column: int
    is_mapping: bool
    flow: bool
    content: "list[Node]" = field(default_factory=list)
    size: int = 0
    """Nodes and characters with aliases written out; 0 until somebody asked."""


Node = Scalar | Collection
"""Where the file has an alias, the node that it stands for."""


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """The first document of a file, which is all that go-vcr reads."""

    root: Node | None
    taken: tuple[T, ...]
    """What `take` made of the first interactions, which the tree no longer has."""
    last: Node | None
    """The last that was taken."""
    is_last: bool
    """Nothing follows the document in the file, not even the `...` that ends one."""


def compose(data: bytes, take: Callable[[Node], T]) -> Document[T]:
    """The tree of `data`; raises CassetteFormatError where it is not YAML.

    `take` is called with each interaction once it is read, so that a long cassette never
    stands in memory as nodes. Once the file has an anchor, the nodes stay in the tree.
    """
    try:
        parser = (LIBYAML or PythonParser)(data)
        return _Composer(parser, take, len(data) + _ALIAS_ALLOWANCE).document()
    except ReaderError:
        _fail_unreadable(data)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        msg = f"expected YAML, but {_problem(error)}"
        raise CassetteFormatError(msg, line=mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        msg = "expected YAML, but an escape sequence stands for no character"
        raise CassetteFormatError(msg) from None


class _Composer(Generic[T]):
    """Events into nodes, without recursion."""

    def __init__(self, parser: Any, take: Callable[[Node], T], allowance: int) -> None:
        self._next = parser.get_event
        self._take = take
        self._taken: list[T] = []
        self._last: Node | None = None
        self._allowance = allowance
        self._anchors: dict[str, Node] = {}
        self._open: list[Collection] = []
        self._top: list[Node] = []
        self._content = self._top

    def document(self) -> Document[T]:
        while (event := self._next()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                node = _scalar(event)
                self._content.append(node)
                if event.anchor is not None:
                    self._anchors[event.anchor] = node
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._begin(event, is_mapping=kind is MappingStartEvent)
            elif kind is AliasEvent:
                self._attach_alias(event)
            elif self._open:
                self._end()
            elif kind is DocumentEndEvent:
                is_last = not event.explicit and type(self._next()) is StreamEndEvent
                return Document(self._top[0], tuple(self._taken), self._last, is_last)
        return Document(None, (), None, is_last=True)

    def _begin(self, event: Any, *, is_mapping: bool) -> None:
        mark = event.start_mark
        _is_standard(event.tag, _COLLECTION_TAGS, mark.line)
        node = Collection(mark.line, mark.column, is_mapping, bool(event.flow_style))
        self._content.append(node)
        self._open.append(node)
        self._content = node.content
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if len(self._open) > _DEPTH:
            msg = f"expected at most {_DEPTH} levels of lists and mappings, found more"
            raise CassetteFormatError(msg, line=mark.line + 1)

    def _end(self) -> None:
        node = self._open.pop()
        self._content = self._open[-1].content if self._open else self._top
        if len(self._open) == 2 and not self._anchors and self._is_next_interaction():
            self._taken.append(self._take(node))
            self._last = self._content.pop()

    def _is_next_interaction(self) -> bool:
        root, items = self._open
        name = root.content[-2] if root.is_mapping and len(root.content) > 1 else None
        return (
            isinstance(name, Scalar)
            and name.text == "interactions"
            and not items.is_mapping
            and len(items.content) == 1
        )

    def _attach_alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        node = self._anchors.get(event.anchor)
        if node is None:
            raise CassetteFormatError(
                "expected an anchor for the alias, found none", line=line
            )
        if any(node is collection for collection in self._open):
            raise CassetteFormatError(
                "the alias stands inside its own anchor", line=line
            )
        self._allowance -= _size(node)
        if self._allowance < 0:
            msg = "the aliases stand for far more text than the file has"
            raise CassetteFormatError(msg, line=line)
        self._content.append(node)


def _scalar(event: Any) -> Scalar:
    line = event.start_mark.line
    tag = event.tag
    if tag is None:
        tag = Tag.STR if event.style else None
    elif not _is_standard(tag, _SCALAR_TAGS, line):
        tag = Tag.STR
    return Scalar(line, event.value, tag)


def _is_standard(tag: str | None, known: frozenset[str], line: int) -> bool:
    """Whether `tag` is one of YAML's own; an application's (`!name`) means nothing here."""
    if tag is None or not tag.startswith(_STANDARD):
        return False
    if tag in known:
        return True
    msg = "expected one of YAML's own types, found a tag that asks for another"
    raise CassetteFormatError(msg, line=line + 1)


def _size(node: Node) -> int:
    if isinstance(node, Scalar):
        return 1 + len(node.text)
    if not node.size:
        node.size = 1 + sum(_size(child) for child in node.content)
    return node.size


def _fail_unreadable(data: bytes) -> NoReturn:
    """For what no YAML may hold; PyYAML's two readers count their positions differently."""
    try:
        text = data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8")
    except UnicodeDecodeError as error:
        what, before = (
            "bytes that are not UTF-8",
            data[: error.start].decode(errors="replace"),
        )
    else:
        found = _CONTROL.search(text)
        what, before = "a control character", text[: found.start()] if found else ""
    line = 1 + len(before.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:])
    raise CassetteFormatError(f"expected YAML, found {what}", line=line) from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What PyYAML says, without what it quotes of the file."""
    return re.sub(
        r"'[^'<>]{2,}'", "something else", error.problem or "it cannot be read"
    )
