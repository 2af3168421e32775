"""The nodes of a file as a cassette, field by field as go-vcr's structs have them (cassette.go).

What is absent or null is Go's zero value, so that a cassette means the same to both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyvcr.core.cassette.model import (
    Cassette,
    Extra,
    Interaction,
    Request,
    Response,
    Style,
)
from anyvcr.core.cassette.writer import VERSION
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import decode
from anyvcr.core.goyaml.nodes import Collection, Document, Node


@dataclass(frozen=True, slots=True)
class Draft:
    """An interaction that may yet have to be numbered."""

    line: int
    number: int | None
    request: Request
    response: Response
    extra: Extra


def cassette(document: Document[Draft | CassetteFormatError]) -> Cassette:
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
        interactions=_numbered([*document.taken, *map(draft, nodes)]),
        style=_style(recorded),
        extra=tuple((name, decode.anything(node)) for name, node in found.items()),
    )


def draft(node: Node) -> Draft | CassetteFormatError:
    """One interaction, or what is wrong with it: the version of the file is to be judged first."""
    try:
        known, extra = _fields(node, "interaction", _INTERACTION)
    except CassetteFormatError as error:
        return error
    request = known.get("request", _NO_REQUEST)
    return Draft(
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


def _numbered(found: list[Draft | CassetteFormatError]) -> tuple[Interaction, ...]:
    """Ids are as found, and positions where no interaction has one."""
    numbers: set[int] = set()
    interactions = []
    has_none = all(isinstance(each, Draft) and each.number is None for each in found)
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
    return Request(**{**_REQUEST_ZEROS, **known}, extra=extra)


def _response(node: Node, field: str) -> Response:
    known, extra = _fields(node, field, _RESPONSE)
    return Response(**{**_RESPONSE_ZEROS, **known}, extra=extra)


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


_Reader = Callable[[Node, str], Any]

_INTERACTION: dict[str, _Reader] = {
    "id": decode.whole,
    "request": lambda node, _: _request(node, "request"),
    "response": lambda node, _: _response(node, "response"),
}
_MESSAGE: dict[str, _Reader] = {
    "proto": decode.text,
    "proto_major": decode.whole,
    "proto_minor": decode.whole,
    "content_length": decode.whole,
    "transfer_encoding": decode.texts,
    "trailer": decode.headers,
    "body": decode.octets,
    "headers": decode.headers,
}
_REQUEST: dict[str, _Reader] = _MESSAGE | {
    "host": decode.text,
    "remote_addr": decode.text,
    "request_uri": decode.text,
    "form": decode.headers,
    "url": decode.text,
    "method": decode.text,
}
_RESPONSE: dict[str, _Reader] = _MESSAGE | {
    "uncompressed": decode.boolean,
    "status": decode.text,
    "code": decode.whole,
    "duration": decode.nanoseconds,
}
_MESSAGE_ZEROS = {"proto": "", "proto_major": 0, "proto_minor": 0, "content_length": 0}
_REQUEST_ZEROS = _MESSAGE_ZEROS | {"method": "", "url": ""}
_RESPONSE_ZEROS = _MESSAGE_ZEROS | {"code": 0, "status": ""}
_NO_REQUEST = Request(**_REQUEST_ZEROS)  # type: ignore[arg-type]
_NO_RESPONSE = Response(**_RESPONSE_ZEROS)  # type: ignore[arg-type]
