"""Nodes as values, by the rules of go-yaml (constructor.go) for a field of each Go type.

Each reader takes the node and the field's name for the error. No error repeats a value of
the file: it may be a secret.
"""

import base64
import binascii
import math

from anyvcr.core import utf8
from anyvcr.core.cassette.model import Headers
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.go import duration
from anyvcr.core.goyaml import resolver
from anyvcr.core.goyaml.emitter import Plain
from anyvcr.core.goyaml.nodes import Collection, Node, Scalar
from anyvcr.core.goyaml.resolver import Tag

_NAMES = {
    Tag.STR: "text",
    Tag.INT: "a whole number",
    Tag.FLOAT: "a number with a fraction",
    Tag.BOOL: "true or false",
    Tag.NULL: "nothing",
    Tag.BINARY: "binary data",
    Tag.TIMESTAMP: "a date (quote it to make it text)",
    Tag.MERGE: "a merge key",
}


def fault(expected: str, field: str, node: Node) -> CassetteFormatError:
    """The error for a `field` that holds something else than `expected`."""
    msg = f"expected {expected} in `{field}`, found {_describe(node)}"
    return CassetteFormatError(msg, line=node.line + 1)


def is_null(node: Node) -> bool:
    """Whether the node is nothing, which leaves a Go field at its zero value."""
    return isinstance(node, Scalar) and _tag(node) is Tag.NULL


def mapping(node: Node, field: str) -> dict[str, Node]:
    """A mapping in file order, what is merged in by `<<` after its own keys."""
    if not isinstance(node, Collection) or not node.is_mapping:
        raise fault("a mapping", field, node)
    found: dict[str, Node] = {}
    merged = None
    content = iter(node.content)
    for key, value in zip(content, content, strict=True):
        if not isinstance(key, Scalar) or is_null(key):
            raise fault("text as each key", field, key)
        name = text(key, field) if key.tag == Tag.BINARY else key.text
        if name in found or (merged and _is_merge(key)):
            msg = f"a key stands twice in `{field}`"
            raise CassetteFormatError(msg, line=key.line + 1)
        if _is_merge(key):
            merged = value
        else:
            found[name] = value
    return found if merged is None else _merge(found, merged, field)


def items(node: Node, field: str) -> list[Node]:
    """The nodes of a list."""
    if not isinstance(node, Collection) or node.is_mapping:
        raise fault("a list", field, node)
    return node.content


def text(node: Node, field: str) -> str:
    """A Go string: numbers and booleans count as the text they are written with, dates do not."""
    if isinstance(node, Scalar):
        tag = _tag(node)
        if tag is Tag.BINARY:
            return utf8.decode(_decoded(node, field))
        if tag is not Tag.TIMESTAMP and tag is not Tag.NULL:
            return node.text
    raise fault("text", field, node)


def octets(node: Node, field: str) -> bytes:
    """A Go string as its bytes, for a body."""
    if isinstance(node, Scalar) and node.tag == Tag.BINARY:
        return _decoded(node, field)
    return text(node, field).encode()


def whole(node: Node, field: str) -> int:
    """A Go int64; a number with a fraction of zero counts."""
    if isinstance(node, Scalar):
        tag = _tag(node)
        value: float = math.nan
        if tag is Tag.INT:
            value = resolver.whole(node.text)
        elif tag is Tag.FLOAT:
            value = resolver.number(node.text)
        if -(2**63) <= value < 2**63 and value == int(value):
            return int(value)
    raise fault("a whole number", field, node)


def boolean(node: Node, field: str) -> bool:
    """A Go bool; YAML 1.1's words for it count, quoted or not."""
    if isinstance(node, Scalar):
        tag = _tag(node)
        if tag is Tag.BOOL:
            return node.text.lower() == "true"
        if tag is Tag.STR and resolver.is_old_bool(node.text):
            return node.text in resolver.OLD_TRUE
    raise fault("true or false", field, node)


def nanoseconds(node: Node, field: str) -> int:
    """A Go time.Duration: text with units. Go takes 0 without, and nanoseconds as a float."""
    expected = "a duration with its unit, such as 1.5s,"
    if isinstance(node, Scalar):
        tag = _tag(node)
        if tag is Tag.FLOAT or (tag is Tag.INT and resolver.whole(node.text) == 0):
            return whole(node, field)
        if tag is Tag.STR:
            try:
                return duration.parse(node.text)
            except ValueError:
                msg = f"expected {expected} in `{field}`, found other text"
                raise CassetteFormatError(msg, line=node.line + 1) from None
    raise fault(expected, field, node)


def texts(node: Node, field: str) -> tuple[str, ...]:
    """A Go []string; nulls are skipped, as go-yaml does."""
    return tuple(
        [text(item, field) for item in items(node, field) if not is_null(item)]
    )


def headers(node: Node, field: str) -> Headers:
    """A Go map of lists of strings, in file order."""
    return tuple(
        [
            (name, () if is_null(value) else texts(value, field))
            for name, value in mapping(node, field).items()
        ]
    )


def anything(node: Node) -> object:
    """What goyaml.entries writes back as it was."""
    if isinstance(node, Collection):
        if node.is_mapping:
            found = mapping(node, "an unknown key")
            return {name: anything(value) for name, value in found.items()}
        return tuple(anything(item) for item in node.content)
    match _tag(node):
        case Tag.NULL:
            return None
        case Tag.BOOL:
            return node.text.lower() == "true"
        case Tag.INT:
            return resolver.whole(node.text)
        case Tag.FLOAT | Tag.TIMESTAMP:
            return Plain(node.text)
    return text(node, "an unknown key")


def _tag(node: Scalar) -> Tag:
    """The type of a scalar; an explicit tag must fit its text."""
    if node.tag is None:
        return resolver.resolve(node.text)
    tag = Tag(node.tag)
    if tag is Tag.STR or tag is Tag.BINARY:
        return tag
    found = resolver.resolve(node.text)
    if found is tag or (tag is Tag.FLOAT and found is Tag.INT):
        return tag
    msg = f"the tag !!{tag.rpartition(':')[2]} does not fit its text"
    raise CassetteFormatError(msg, line=node.line + 1)


def _is_merge(key: Scalar) -> bool:
    return key.tag is None and key.text == "<<"


def _merge(found: dict[str, Node], source: Node, field: str) -> dict[str, Node]:
    """The first of several sources wins, and the mapping's own keys before all."""
    is_list = isinstance(source, Collection) and not source.is_mapping
    for part in items(source, field) if is_list else (source,):
        found = mapping(part, field) | found
    return found


def _decoded(node: Scalar, field: str) -> bytes:
    try:
        compact = node.text.replace("\n", "").replace("\r", "")
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        msg = f"expected base64 in `{field}`, as !!binary says, found other text"
        raise CassetteFormatError(msg, line=node.line + 1) from None


def _describe(node: Node) -> str:
    if isinstance(node, Collection):
        return "a mapping" if node.is_mapping else "a list"
    return _NAMES[_tag(node)]
