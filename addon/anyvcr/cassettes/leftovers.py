"""Files beside a cassette: the one that grows, and what is kept of interrupted recordings.

    NAME.partial         a recording that is not in its place yet
    NAME.partial.old     a recording whose process was killed
    NAME.partial.torn    the beginning of an interaction that a kill or a full disk cut off
    NAME.partial.saved   what was recorded after its cassette was deleted or replaced

Each that is kept gets a name of its own (`.old`, `.old.2`, ...), so none overwrites another
or anything else.
"""

import os
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import regular_file


class Kind(StrEnum):
    """Why a file is kept, as its name says."""

    OLD = "old"
    TORN = "torn"
    SAVED = "saved"


def partial(cassette: Path) -> Path:
    """Where a new recording of `cassette` grows."""
    return cassette.with_name(cassette.name + ".partial")


def create(cassette: Path, kind: Kind, mode: int) -> tuple[Path, BinaryIO]:
    """A new empty file to keep something of `cassette` in, with its permissions `mode`.

    Raises OSError.
    """
    stem = f"{partial(cassette).name}.{kind}"
    for number in count(1):
        place = cassette.with_name(stem if number == 1 else f"{stem}.{number}")
        try:
            file = regular_file.open_binary(
                place, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode
            )
        except FileExistsError:
            continue
        os.fchmod(file.fileno(), mode)
        return place, file
    raise AssertionError


def keep(cassette: Path, kind: Kind, data: bytes, mode: int) -> Path:
    """The file that holds `data` from now on, whatever happens; raises OSError."""
    place, file = create(cassette, kind, mode)
    with file:
        regular_file.write(file, data)
        os.fsync(file.fileno())
    regular_file.sync_folder(place.parent)
    return place


def put_aside(file: Path, cassette: Path, kind: Kind) -> Path:
    """Rename `file` to a name where it stays; raises OSError."""
    # The empty file holds the name until the rename, which would overwrite another's.
    place, reserved = create(cassette, kind, 0o600)
    reserved.close()
    file.replace(place)
    return place
