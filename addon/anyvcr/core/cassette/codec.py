"""A cassette as the bytes of its file, and back: format version 2 of go-vcr.

    bytes -> fast_reader -> Cassette                what is laid out as go-yaml does it
    bytes -> goyaml: nodes -> yaml_reader -> Cassette    all else; no tag runs code
    Cassette -> writer -> goyaml -> bytes           byte for byte as go.yaml.in/yaml/v4
    bytes, Cassette -> edit -> bytes                what changed, in the file that it was read from

Pure: what is read and written here are bytes, the files are the caller's.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import cast

from anyvcr.core.cassette import dialect, fast_reader, writer
from anyvcr.core.cassette.model import Cassette, Interaction, Later, Source
from anyvcr.core.cassette.style import Style
from anyvcr.core.cassette.truncation import Torn
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import layout

_SAMPLE = 1 << 20
"""Bytes of a file by which its style is known, where not all of it is kept."""


def loads(data: bytes, *, file: str = "", editable: bool = True) -> Cassette:
    """The cassette in `data`; `file` is named in the CassetteFormatError that anything else raises.

    An editable one holds `data` as long as it lives, so that `dumps` keeps what did not
    change; one that is only played needs less memory.
    """
    found = fast_reader.cassette(data)
    if found is None:
        # A YAML parser takes longer to import than most cassettes to read.
        from anyvcr.core.cassette import yaml_reader  # noqa: PLC0415

        found = yaml_reader.cassette(data, file=file)
    sample = data if editable or len(data) <= _SAMPLE else data[:_SAMPLE]
    style = Later(cache(lambda: dialect.style_of(sample)))
    found = replace(found, style=cast("Style", style))
    if not editable:
        return found
    return replace(found, style=cast("Style", style), source=Source(data, found))


def dumps(cassette: Cassette) -> bytes:
    """The whole file, in the cassette's own style.

    One that was read keeps the bytes of its file where it did not change.
    """
    source = cassette.source
    if source is not None:
        before = source.cassette
        if cassette == before:
            return source.data
        if (cassette.style, cassette.extra) == (before.style, before.extra):
            found = _edited(source, cassette)
            if found is not None:
                return found
    return b"".join(writer.cassette(cassette, layout.of(cassette.style)))


def _edited(source: Source, cassette: Cassette) -> bytes | None:
    """The file with its changes made in place; None where that is not certain to be right."""
    from anyvcr.core.cassette import edit  # noqa: PLC0415  # as above: it needs a YAML parser

    before, form = source.cassette.interactions, layout.of(cassette.style)
    try:
        data = edit.edited(source.data, before, cassette.interactions, form)
        found = loads(data)
    except (edit.StructureChangedError, CassetteFormatError):
        return None
    is_right = (found.interactions, found.extra) == (
        cassette.interactions,
        cassette.extra,
    )
    return data if is_right else None


def header() -> bytes:
    """The lines before the first interaction, in every style."""
    return writer.HEADER


def pieces(interaction: Interaction, style: Style) -> Iterator[bytes]:
    """The lines of one interaction: `header` and these one after the other are a file.

    In pieces, since a body may be large; all of them are one interaction.
    """
    return writer.interaction(interaction, layout.of(style))


def appendable(data: bytes, *, file: str = "") -> None:
    """Raise CassetteFormatError where no `pieces` can follow the cassette `data`.

    The style to follow with is the one that loads found. A line end is the caller's to add
    where `data` ends without one.
    """
    if fast_reader.cassette(data) is None:
        from anyvcr.core.cassette import yaml_reader  # noqa: PLC0415  # as above

        yaml_reader.check_appendable(data, file=file)


def torn(data: bytes) -> Torn | None:
    """Where the cassette `data` was cut off in its last interaction; None where it is whole.

    A recorder killed while it wrote leaves such a file: `data[:torn.kept]` is a cassette that
    can grow on, `torn.tail` is what to keep aside. Raises CassetteFormatError where something
    else is wrong, or wrong as well.
    """
    if fast_reader.cassette(data) is not None:
        return None
    from anyvcr.core.cassette import yaml_reader  # noqa: PLC0415  # as above

    return yaml_reader.torn(data)
