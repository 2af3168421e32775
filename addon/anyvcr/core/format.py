"""A cassette as the bytes of its file, and back: format version 2 of go-vcr.

    bytes -> canonical -> Cassette            what is laid out as go-yaml does it
    bytes -> nodes -> reading -> Cassette     all else, by libyaml or PyYAML; no tag runs code
    Cassette -> writing -> goyaml -> bytes    byte for byte what go.yaml.in/yaml/v4 writes

Pure: what is read and written here are bytes, the files are the caller's.
"""

from dataclasses import replace

from anyvcr.core import canonical, layout, reading, recovery, values, writing
from anyvcr.core.cassette import Cassette, Interaction, Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import entries, items
from anyvcr.core.mending import mended
from anyvcr.core.nodes import Collection, Document, Node, Scalar, compose
from anyvcr.core.quoting import may_fold

_Document = Document[reading.Draft | CassetteFormatError]


def loads(data: bytes, *, file: str = "") -> Cassette:
    """The cassette in `data`; `file` is named in the CassetteFormatError that anything else raises."""
    try:
        return _load(data)
    except CassetteFormatError as error:
        raise _explained(error, data).in_file(file) from None


def dumps(cassette: Cassette) -> bytes:
    """The whole file, in the cassette's own style."""
    text = entries(writing.cassette(cassette), layout.of(cassette.style), 0)
    return f"---\n{text}".encode()


def header(style: Style) -> bytes:  # noqa: ARG001 - both styles begin alike
    """The lines before the first interaction."""
    return f"---\nversion: {writing.VERSION}\ninteractions:\n".encode()


def dump_interaction(interaction: Interaction, style: Style) -> bytes:
    """The lines of one interaction: `header` and these one after the other are a file."""
    form = layout.of(style)
    return items([writing.interaction(interaction)], form, form.items(0)).encode()


def appendable(data: bytes, *, file: str = "") -> None:
    """Raise CassetteFormatError where dump_interaction's lines cannot follow the cassette `data`.

    The style to follow with is the one that loads found. A line end is the caller's to add
    where `data` ends without one.
    """
    try:
        document = _compose(data)
        cassette = _checked(document, data)
        _check_end(document, cassette.style)
        if not data.endswith(b"\n") and _load(data + b"\n") != cassette:
            raise CassetteFormatError(
                f"expected a line end after the last line, {_CANNOT_EXTEND}"
            )
    except CassetteFormatError as error:
        raise _explained(error, data).in_file(file) from None


def recover(data: bytes, *, file: str = "") -> tuple[Cassette, int]:
    """What is whole in `data`, and the offset at which a cut-off last interaction begins.

    The offset is the length of `data` where nothing is cut off. Raises CassetteFormatError
    where more than the end is wrong.
    """
    try:
        return _load(data), len(data)
    except CassetteFormatError as error:
        kept = _kept(error, data)
        if kept is None:
            raise error.in_file(file) from None
        return kept


class _CutOffError(CassetteFormatError):
    """The last interaction lacks its end."""


def _load(data: bytes) -> Cassette:
    found = canonical.cassette(data)
    return _checked(_compose(data), data) if found is None else _styled(found, data)


def _compose(data: bytes) -> _Document:
    try:
        return compose(mended(data), reading.draft)
    except CassetteFormatError as error:
        at = recovery.interaction_at(data, error.line)
        raise CassetteFormatError(error.what, line=error.line, interaction=at) from None


def _checked(document: _Document, data: bytes) -> Cassette:
    cassette = reading.cassette(document)
    last = _last(document)
    if last is not None and recovery.is_cut_off(last, data):
        at = len(cassette.interactions) - 1
        raise _CutOffError(
            "the last interaction is cut off", line=last.line + 1, interaction=at
        )
    return _styled(cassette, data)


def _styled(cassette: Cassette, data: bytes) -> Cassette:
    if cassette.style is Style.X_VCR and _is_folded(cassette, data):
        return replace(cassette, style=Style.X_VCR_FOLDED)
    return cassette


def _is_folded(cassette: Cassette, data: bytes) -> bool:
    """Whether the first interaction that go-yaml's versions write differently is the newer one's."""
    for each in cassette.interactions:
        bodies = (each.request.body, each.response.body)
        if any(may_fold(body.decode(errors="surrogateescape"), 80) for body in bodies):
            newer = dump_interaction(each, Style.X_VCR_FOLDED)
            if newer != dump_interaction(each, Style.X_VCR):
                return newer in data
    return False


def _last(document: _Document) -> Node | None:
    recorded = (
        values.mapping(document.root, "cassette")["interactions"]
        if document.root
        else None
    )
    if isinstance(recorded, Collection) and recorded.content:
        return recorded.content[-1]
    return document.last


def _check_end(document: _Document, style: Style) -> None:
    """Raise unless an item at the style's column would be one more of the file's last list."""
    root = document.root
    if not isinstance(root, Collection) or root.flow or root.column:
        raise CassetteFormatError(
            f"expected block style from column 0, {_CANNOT_EXTEND}"
        )
    name, node = list(values.mapping(root, "cassette").items())[-1]
    if name != "interactions" or root.content[-1] is not node or not document.is_last:
        msg = f"expected nothing after the list of interactions, {_CANNOT_EXTEND}"
        raise CassetteFormatError(msg, line=node.line + 1)
    column = layout.of(style).items(0)
    if isinstance(node, Scalar) and not node.text:
        return
    if not isinstance(node, Collection) or node.flow or node.column != column:
        msg = f"expected a list with each `- ` in column {column + 1}, {_CANNOT_EXTEND}"
        raise CassetteFormatError(msg, line=node.line + 1)


def _kept(error: CassetteFormatError, data: bytes) -> tuple[Cassette, int] | None:
    """What recover returns, where `error` says that the end of `data` is missing."""
    start = recovery.last_start(data)
    if start is None or not (
        isinstance(error, _CutOffError) or recovery.ends_at(data, error.line)
    ):
        return None
    try:
        return _load(data[:start]), start
    except CassetteFormatError:
        return None


def _explained(error: CassetteFormatError, data: bytes) -> CassetteFormatError:
    kept = _kept(error, data)
    if kept is None:
        return error
    cassette, start = kept
    lines = data.count(b"\n", 0, start)
    whole = len(cassette.interactions)
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
