"""Cutting off what a killed recorder or a full disk left of its last interaction."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import leftovers, lock, regular_file
from anyvcr.cassettes.leftovers import Kind
from anyvcr.core.cassette import codec
from anyvcr.core.errors import CassetteError, CassetteFormatError, CassetteNotFoundError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was cut off from a cassette."""

    length: int
    """Bytes that were cut off."""
    place: Path
    """The file they are in now."""

    def describe(self, path: Path) -> str:
        """What was done, for the user of the cassette `path`."""
        return (
            f"the last interaction of cassette {path} was cut off, and is removed: "
            f"its {self.length} bytes are now in {self.place}"
        )


def repair(path: Path) -> Repair | None:
    """Cut off a torn last interaction of the cassette at `path`; None if it is whole.

    Raises CassetteError: CassetteBusyError while it is being recorded, CassetteFormatError
    where something else is wrong with it. Then the file stays as it is.
    """
    try:
        with lock.open_exclusive(path.resolve(), path) as file:
            return cut_off_torn_end(file, path)
    except FileNotFoundError:
        msg = f"cassette {path} does not exist: expected the file to repair"
        raise CassetteNotFoundError(msg) from None
    except OSError as error:
        msg = f"cannot repair cassette {path}: {error.strerror or error}"
        raise CassetteError(msg) from error


def cut_off_torn_end(file: BinaryIO, path: Path) -> Repair | None:
    """Cut off a torn last interaction of a `file` that is open and locked; `path` is the cassette's name.

    Raises OSError, and CassetteFormatError. What is cut off is on the disk before it is cut.
    """
    file.seek(0)
    try:
        torn = codec.torn(file.read())
    except CassetteFormatError as error:
        raise error.in_file(str(path)) from None
    if torn is None:
        return None
    status = os.fstat(file.fileno())
    tail = leftovers.keep(path.resolve(), Kind.TORN, torn.tail, status.st_mode & 0o777)
    file.truncate(torn.kept)
    os.fsync(file.fileno())
    regular_file.sync_folder(tail.parent)
    return Repair(length=len(torn.tail), place=tail)
