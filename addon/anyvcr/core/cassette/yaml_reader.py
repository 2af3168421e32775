"""A cassette by way of YAML, for what canonical.py leaves: nodes, and then what they mean."""

from anyvcr.core import reading
from anyvcr.core.cassette import truncation
from anyvcr.core.cassette.model import Cassette, Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import decode, layout
from anyvcr.core.goyaml.nodes import Collection, Document, Scalar, compose
from anyvcr.core.goyaml.quirks import mended

_Document = Document[reading.Draft | CassetteFormatError]


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
    return reading.cassette(_compose(data))


def _compose(data: bytes) -> _Document:
    try:
        return compose(mended(data), reading.draft)
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
        f"to keep the {whole} before it, keep the first {lines} lines (`head -n {lines}`)"
        if whole
        else "it is the only one, so record the cassette again"
    )
    reason = "" if isinstance(error, _CutOffError) else f" ({error.what})"
    what = f"the last interaction is cut off{reason}: {way}"
    return CassetteFormatError(what, line=lines + 1, interaction=whole)


_CANNOT_EXTEND = (
    "so that an interaction can be added: record the cassette again, or move it there"
)
