"""A cassette as the bytes of its file, key by key in the order of schema.py, in pieces.

Keys that go-vcr does not know come last in their mapping. Pieces, because a body of many
megabytes is not to stand in memory in several forms while it is written.
"""

from collections.abc import Iterator

from anyvcr.core import utf8
from anyvcr.core.cassette import schema
from anyvcr.core.cassette.model import (
    Cassette,
    Extra,
    Headers,
    Interaction,
    Request,
    Response,
)
from anyvcr.core.cassette.schema import Kind
from anyvcr.core.go import duration
from anyvcr.core.goyaml import block_scalars, emitter
from anyvcr.core.goyaml.layout import Layout

LARGE = 4 << 20
"""Bytes from which on a body is written in pieces."""

HEADER = f"---\nversion: {schema.VERSION}\ninteractions:\n".encode()
"""The lines before the first interaction, in every layout."""


def cassette(value: Cassette, layout: Layout) -> Iterator[bytes]:
    """The whole file."""
    if value.interactions:
        yield HEADER
    else:
        yield HEADER[:-1] + b" []\n"
    for each in value.interactions:
        yield from interaction(each, layout)
    yield _extra(value.extra, layout, 0)


def interaction(
    value: Interaction, layout: Layout, *, large: int = LARGE
) -> Iterator[bytes]:
    """One item of the list `interactions`; bodies of `large` bytes are pieces of their own."""
    dash = layout.items(0)
    yield f"{' ' * dash}- id: {value.id}\n".encode()
    for name, keys in schema.MESSAGES.items():
        yield f"{' ' * (dash + 2)}{name}:\n".encode()
        yield from _message(getattr(value, name), keys, layout, large)
    yield _extra(value.extra, layout, dash + 2)


def _message(
    value: Request | Response, keys: tuple[schema.Key, ...], layout: Layout, large: int
) -> Iterator[bytes]:
    indent = layout.below(layout.items(0) + 2)
    lines: list[str] = []
    for key in keys:
        found = getattr(value, key.name)
        if not found and key.omitempty and not layout.all_keys:
            continue
        lines.append(f"{' ' * indent}{key.name}:")
        if key.kind is Kind.BODY and len(found) >= large:
            pieces = block_scalars.long(found, layout, layout.below(indent), indent)
            if pieces is not None:
                yield ("".join(lines) + " ").encode()
                yield from pieces
                lines = []
                continue
        written = _written(key.kind, found, layout)
        lines.append(emitter.value(written, layout, indent, len(key.name) + 1))
    yield "".join(lines).encode()
    yield _extra(value.extra, layout, indent)


def _written(kind: Kind, found: object, layout: Layout) -> object:
    """A field as a value of emitter.py."""
    match kind, found:
        case Kind.BODY, bytes():
            return utf8.decode(found)
        case Kind.DURATION, int():
            return duration.format(found)
        case Kind.MAP, tuple():
            return _map(found, layout)
    return found


def _map(headers: Headers, layout: Layout) -> dict[str, object]:
    found = dict(headers)
    return {name: found[name] for name in emitter.in_key_order(found, layout)}


def _extra(extra: Extra, layout: Layout, indent: int) -> bytes:
    return emitter.entries(dict(extra), layout, indent).encode() if extra else b""
