"""A changed cassette in the bytes of its file: what changed is written, all else stays as it was.

A file made by another release, another library or by hand keeps its layout: only the spans of
the scalars that changed are replaced, each in the quotes that it had where they can hold it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from anyvcr.core import utf8
from anyvcr.core.cassette import schema
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.go import duration
from anyvcr.core.goyaml import nodes, quirks, scalar_style
from anyvcr.core.goyaml.emitter import Plain
from anyvcr.core.goyaml.layout import Layout

_BLOCK = re.compile(r"[|>][+-]?([1-9]?)[+-]?[^\n]*\n\n*( *)[^ \n]")
"""The start of a block scalar, with its indicator and the indentation of its first line."""


class StructureChangedError(Exception):
    """More than the text of scalars changed, or the file's structure is not plain."""


@dataclass(frozen=True, slots=True)
class _Change:
    """New text for the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def edited(
    data: bytes,
    before: tuple[Interaction, ...],
    after: tuple[Interaction, ...],
    layout: Layout,
) -> bytes:
    """`data`, the file of `before`, with what is different in `after`.

    Raises StructureChangedError where the difference is more than scalars, or `data` has its
    interactions in a form that cannot be edited in place: behind aliases, or in UTF-16.
    """
    if [each.id for each in before] != [each.id for each in after]:
        raise StructureChangedError
    changed = [n for n, each in enumerate(after) if each is not before[n]]
    try:
        text = data.decode()
        tree = _tree(quirks.mended(data))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        raise StructureChangedError from None
    items = _child(tree, "interactions").value
    shift = quirks.insertions(data)
    changes = [
        change
        for n in changed
        for change in _Differences(text, shift, layout).of(
            items[n], _fields(before[n]), _fields(after[n])
        )
    ]
    return utf8.encode(_applied(text, changes))


def _tree(data: bytes) -> yaml.Node:
    loader = yaml.SafeLoader if nodes.LIBYAML is None else yaml.CSafeLoader
    tree = yaml.compose(data, Loader=loader)
    if tree is None:
        raise StructureChangedError
    return tree


def _applied(text: str, changes: list[_Change]) -> str:
    pieces, at = [], 0
    for change in sorted(set(changes), key=lambda change: change.start):
        if change.start < at:
            raise StructureChangedError  # two values of one anchor
        pieces += [text[at : change.start], change.text]
        at = change.end
    return "".join([*pieces, text[at:]])


def _fields(value: Interaction) -> dict[str, object]:
    """An interaction as nested mappings, empty fields and all."""
    return {
        "request": _message(value.request, schema.REQUEST),
        "response": _message(value.response, schema.RESPONSE),
        **dict(value.extra),
    }


def _message(
    value: Request | Response, keys: tuple[schema.Key, ...]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in keys:
        field = getattr(value, key.name)
        if isinstance(field, bytes):
            field = utf8.decode(field)
        elif key.kind is schema.Kind.MAP:
            field = dict(field)
        elif key.kind is schema.Kind.DURATION:
            field = Plain(duration.format(field))
        found[key.name] = field
    return found | dict(value.extra)


class _Differences:
    """The spans of a file's text that differ between two values of one node."""

    def __init__(self, text: str, shift: list[int], layout: Layout) -> None:
        self._text = text
        self._shift = shift
        self._layout = layout

    def of(
        self, node: yaml.Node, old: object, new: object, indent: int = 0
    ) -> Iterator[_Change]:
        """What to change where `node`, a child of what stands at `indent`, was `old`."""
        if old == new:
            return
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._of_mapping(node, old, new)
        elif isinstance(old, tuple) and isinstance(new, tuple):
            if not isinstance(node, yaml.SequenceNode) or len(old) != len(new):
                raise StructureChangedError
            for child, left, right in zip(node.value, old, new, strict=True):
                yield from self.of(child, left, right, node.start_mark.column)
        elif isinstance(node, yaml.ScalarNode):
            yield self._scalar(node, new, indent)
        else:
            raise StructureChangedError

    def _of_mapping(
        self, node: yaml.Node, old: "dict[str, object]", new: "dict[str, object]"
    ) -> Iterator[_Change]:
        if not isinstance(node, yaml.MappingNode) or list(old) != list(new):
            raise StructureChangedError
        for name, value in new.items():
            if value != old[name]:
                child = _child(node, name)
                yield from self.of(child, old[name], value, node.start_mark.column)

    def _scalar(self, node: yaml.ScalarNode, new: object, indent: int) -> _Change:
        start, end = self._place(node.start_mark), self._place(node.end_mark)
        written = self._text[start:end]
        if written[:1] in "&!" and not written.startswith("!!binary"):
            raise StructureChangedError
        match new:
            case str():
                text = self._as_before(node, written, new, indent)
            case bool():
                text = "true" if new else "false"
            case int():
                text = str(new)
            case Plain():
                text = new.text
            case _:
                raise StructureChangedError
        # The blank lines behind a block are part of its span, and of its text after `|+`.
        blank = written[len(written.rstrip("\n")) :]
        if re.match(r"[|>][0-9]?\+", text):
            return _Change(start, end, text if blank else text.removesuffix("\n"))
        return _Change(start, end, text.rstrip("\n") + blank)

    def _place(self, mark: yaml.Mark) -> int:
        return mark.index - sum(at < mark.index for at in self._shift)

    def _as_before(
        self, node: yaml.ScalarNode, written: str, new: str, indent: int
    ) -> str:
        """`new` in the quotes of the scalar that it replaces, else as the layout has it."""
        quotes = written[:1]
        if quotes in {"'", '"'}:
            kept = scalar_style.in_quotes(new, quotes, self._layout)
            if kept is not None:
                return kept
        lines = _BLOCK.match(written)
        if lines is None:
            below = self._layout.below(indent)
        else:
            below = indent + int(lines[1]) if lines[1] else len(lines[2])
        column = node.start_mark.column
        return scalar_style.scalar(
            new, self._layout, column=column, indent=below, parent=indent
        )


def _child(node: yaml.Node, name: str) -> yaml.Node:
    value: yaml.Node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == name:
                return value
    raise StructureChangedError
