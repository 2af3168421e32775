"""A cassette as the bytes of its file, and back: format version 2 of go-vcr.

    bytes -> canonical -> Cassette                      what is laid out as go-yaml does it
    bytes -> parsing: nodes -> reading -> Cassette      all else; no tag runs code
    Cassette -> writing -> goyaml -> bytes              byte for byte as go.yaml.in/yaml/v4

Pure: what is read and written here are bytes, the files are the caller's.
"""

from dataclasses import replace

from anyvcr.core.cassette import fast_reader, writer
from anyvcr.core.cassette.model import Cassette, Interaction, Style
from anyvcr.core.cassette.truncation import Torn
from anyvcr.core.goyaml import layout
from anyvcr.core.goyaml.emitter import entries, items
from anyvcr.core.goyaml.scalar_style import may_fold


def loads(data: bytes, *, file: str = "") -> Cassette:
    """The cassette in `data`; `file` is named in the CassetteFormatError that anything else raises."""
    found = fast_reader.cassette(data)
    if found is None:
        # A YAML parser takes longer to import than most cassettes to read.
        from anyvcr.core.cassette import yaml_reader  # noqa: PLC0415

        found = yaml_reader.cassette(data, file=file)
    if found.style is Style.X_VCR and _is_folded(found, data):
        return replace(found, style=Style.X_VCR_FOLDED)
    return found


def dumps(cassette: Cassette) -> bytes:
    """The whole file, in the cassette's own style."""
    text = entries(writer.cassette(cassette), layout.of(cassette.style), 0)
    return f"---\n{text}".encode()


def header(style: Style) -> bytes:  # noqa: ARG001 - both styles begin alike
    """The lines before the first interaction."""
    return f"---\nversion: {writer.VERSION}\ninteractions:\n".encode()


def dump_interaction(interaction: Interaction, style: Style) -> bytes:
    """The lines of one interaction: `header` and these one after the other are a file."""
    form = layout.of(style)
    return items([writer.interaction(interaction)], form, form.items(0)).encode()


def appendable(data: bytes, *, file: str = "") -> None:
    """Raise CassetteFormatError where dump_interaction's lines cannot follow the cassette `data`.

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


def _is_folded(cassette: Cassette, data: bytes) -> bool:
    """Whether the first interaction that go-yaml's versions write differently is the newer one's."""
    for each in cassette.interactions:
        bodies = (each.request.body, each.response.body)
        if any(may_fold(body.decode(errors="surrogateescape"), 80) for body in bodies):
            newer = dump_interaction(each, Style.X_VCR_FOLDED)
            if newer != dump_interaction(each, Style.X_VCR):
                return newer in data
    return False
