"""A cassette by way of YAML, for what fast_reader.py leaves: nodes, and then what they mean.

What is absent or null is Go's zero value, so that a cassette means the same to both.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from anyvcr.core.cassette import schema, truncation
from anyvcr.core.cassette.model import Cassette, Extra, Interaction, Request, Response
from anyvcr.core.cassette.schema import VERSION, Kind
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import decode, layout
from anyvcr.core.goyaml.nodes import Collection, Document, Node, Scalar, compose
from anyvcr.core.goyaml.quirks import mended

_Reader = Callable[[Node, str], Any]
_READERS: dict[Kind, _Reader] = {
    Kind.TEXT: decode.text,
    Kind.INT: decode.whole,
    Kind.TEXTS: decode.texts,
    Kind.MAP: decode.headers,
    Kind.BODY: decode.octets,
    Kind.BOOL: decode.boolean,
    Kind.DURATION: decode.nanoseconds,
}
_REQUEST = {key.name: _READERS[key.kind] for key in schema.REQUEST}
_RESPONSE = {key.name: _READERS[key.kind] for key in schema.RESPONSE}
_ZEROS = {
    Kind.TEXT: "",
    Kind.INT: 0,
    Kind.TEXTS: (),
    Kind.MAP: (),
    Kind.BODY: b"",
    Kind.BOOL: False,
    Kind.DURATION: 0,
}
_NO_REQUEST = Request(**{key.name: _ZEROS[key.kind] for key in schema.REQUEST})  # type: ignore[arg-type]
_NO_RESPONSE = Response(**{key.name: _ZEROS[key.kind] for key in schema.RESPONSE})  # type: ignore[arg-type]
_CANNOT_EXTEND = (
    "so that an interaction can be added: record the cassette again, or move it there"
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An interaction that may yet have to be numbered."""

    line: int
    number: int | None
    request: Request
    response: Response
    extra: Extra


_Document = Document[_Draft | CassetteFormatError]


def cassette(data: bytes, *, file: str = "") -> Cassette:
    """The cassette in `data`, its style one that does not fold; raises CassetteFormatError."""
    try:
        return _cassette(data)
    except CassetteFormatError as error:
        raise _explained(error, data).in_file(file) from None


def check_appendable(data: bytes, *, file: str = "") -> None:
    """Raise CassetteFormatError where no interaction can follow at the end of `data`."""
    try:
        found = _cassette(data)
        document = _compose(data)
        _check_end(document, found.style)
        if not data.endswith(b"\n") and _cassette(data + b"\n") != found:
            raise CassetteFormatError(
                f"expected a line end after the last line, {_CANNOT_EXTEND}"
            )
    except CassetteFormatError as error:
        raise _explained(error, data).in_file(file) from None


def torn(data: bytes) -> truncation.Torn | None:
    """Where `data` was cut off, None where it is whole; raises CassetteFormatError for other faults."""
    found = truncation.find(data)
    if found is None:
        try:
            _read(data)
        except CassetteFormatError as error:
            start = truncation.last_start(data)
            if start is None or not truncation.ends_at(data, error.line):
                raise
            found = truncation.Torn(start, data[start:])
        else:
            return None
    cassette(data[: found.kept])
    return found


def _cassette(data: bytes) -> Cassette:
    """The cassette in `data`, unless its end is missing."""
    if truncation.find(data) is not None:
        raise _CutOffError("the last interaction is cut off")
    return _read(data)


def _read(data: bytes) -> Cassette:
    return _meant(_compose(data))


def _compose(data: bytes) -> _Document:
    try:
        return compose(mended(data), _draft)
    except CassetteFormatError as error:
        at = truncation.interaction_at(data, error.line)
        raise CassetteFormatError(error.what, line=error.line, interaction=at) from None


class _CutOffError(CassetteFormatError):
    """The last interaction lacks its end."""


def _check_end(document: _Document, style: Style) -> None:
    """Raise unless an item at the style's column would be one more of the file's last list."""
    root = document.root
    if not isinstance(root, Collection) or root.flow or root.column:
        raise CassetteFormatError(
            f"expected block style from column 0, {_CANNOT_EXTEND}"
        )
    name, node = list(decode.mapping(root, "cassette").items())[-1]
    if name != "interactions" or root.content[-1] is not node or not document.is_last:
        msg = f"expected nothing after the list of interactions, {_CANNOT_EXTEND}"
        raise CassetteFormatError(msg, line=node.line + 1)
    column = layout.of(style).items(0)
    if isinstance(node, Scalar) and not node.text:
        return
    if not isinstance(node, Collection) or node.flow or node.column != column:
        msg = f"expected a list with each `- ` in column {column + 1}, {_CANNOT_EXTEND}"
        raise CassetteFormatError(msg, line=node.line + 1)


def _explained(error: CassetteFormatError, data: bytes) -> CassetteFormatError:
    """What to do about a missing end; a fault in what stands before it is named first."""
    try:
        found = torn(data)
        if found is None:
            return error
        whole = len(_read(data[: found.kept]).interactions)
    except CassetteFormatError as other:
        return other
    lines = data.count(b"\n", 0, found.kept)
    way = (
        f"to keep the {whole} before it, keep the first {lines} lines (`head -n {lines}`), "
        "as `anyvcr repair FILE` does"
        if whole
        else "it is the only one, so record the cassette again"
    )
    reason = "" if isinstance(error, _CutOffError) else f" ({error.what})"
    what = f"the last interaction is cut off{reason}: {way}"
    return CassetteFormatError(what, line=lines + 1, interaction=whole)


def _meant(document: _Document) -> Cassette:
    """The cassette that a file's document is."""
    root = document.root
    if root is None or decode.is_null(root):
        raise CassetteFormatError("expected a cassette, found an empty file")
    found = decode.mapping(root, "cassette")
    _check_version(found.pop("version", None))
    recorded = found.pop("interactions", None)
    if recorded is None:
        msg = "expected the key `interactions`, found none (an empty cassette has `interactions: []`)"
        raise CassetteFormatError(msg, line=root.line + 1)
    nodes = [] if decode.is_null(recorded) else decode.items(recorded, "interactions")
    return Cassette(
        interactions=_numbered([*document.taken, *map(_draft, nodes)]),
        style=_style(recorded),
        extra=tuple((name, decode.anything(node)) for name, node in found.items()),
    )


def _draft(node: Node) -> _Draft | CassetteFormatError:
    """One interaction, or what is wrong with it: the version of the file is to be judged first."""
    try:
        known, extra = _fields(node, "interaction", _INTERACTION)
    except CassetteFormatError as error:
        return error
    request = known.get("request", _NO_REQUEST)
    return _Draft(
        node.line + 1,
        known.get("id"),
        request,
        known.get("response", _NO_RESPONSE),
        extra,
    )


def _check_version(node: Node | None) -> None:
    if node is None or decode.is_null(node):
        return  # go-vcr takes this for its own version
    version = decode.whole(node, "version")
    if version != VERSION:
        msg = f"expected cassette format version {VERSION}, found {version}: record it again"
        raise CassetteFormatError(msg, line=node.line + 1)


def _style(recorded: Node) -> Style:
    """x/vcr's compact lists stand at column 0; whatever is further in is nearer to go-vcr's."""
    indented = (
        isinstance(recorded, Collection) and not recorded.flow and recorded.column > 2
    )
    return Style.GO_VCR if indented else Style.X_VCR


def _numbered(found: list[_Draft | CassetteFormatError]) -> tuple[Interaction, ...]:
    """Ids are as found, and positions where no interaction has one."""
    numbers: set[int] = set()
    interactions = []
    has_none = all(isinstance(each, _Draft) and each.number is None for each in found)
    for index, each in enumerate(found):
        if isinstance(each, CassetteFormatError):
            raise CassetteFormatError(each.what, line=each.line, interaction=index)
        number = index if has_none else each.number or 0
        if number in numbers:
            msg = f"the id {number} stands twice"
            raise CassetteFormatError(msg, line=each.line, interaction=index)
        numbers.add(number)
        interactions.append(
            Interaction(
                id=number,
                request=each.request,
                response=each.response,
                extra=each.extra,
            )
        )
    return tuple(interactions)


def _request(node: Node, field: str) -> Request:
    known, extra = _fields(node, field, _REQUEST)
    return replace(_NO_REQUEST, **known, extra=extra)


def _response(node: Node, field: str) -> Response:
    known, extra = _fields(node, field, _RESPONSE)
    return replace(_NO_RESPONSE, **known, extra=extra)


def _fields(
    node: Node, field: str, readers: "dict[str, _Reader]"
) -> tuple[dict[str, Any], Extra]:
    known = {}
    extra = []
    for name, value in decode.mapping(node, field).items():
        read = readers.get(name)
        if read is None:
            extra.append((name, decode.anything(value)))
        elif not decode.is_null(value):
            known[name] = read(value, f"{field}.{name}")
    return known, tuple(extra)


_INTERACTION: dict[str, _Reader] = {
    "id": decode.whole,
    "request": lambda node, _: _request(node, "request"),
    "response": lambda node, _: _response(node, "response"),
}
