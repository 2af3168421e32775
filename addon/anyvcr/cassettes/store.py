"""Cassette files on disk, as their users see them: read whole, or recorded.

How a recording grows and what it survives is said in recording.py, what becomes of an
interrupted one in leftovers.py and repair.py.
"""

import contextlib
import os
from pathlib import Path

from anyvcr.cassettes import leftovers, lock, regular_file
from anyvcr.cassettes.partial_file import resolved
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette
from anyvcr.core.errors import (
    CassetteBusyError,
    CassetteError,
    CassetteFormatError,
    CassetteNotFoundError,
)

__all__ = ["Recording", "exists", "is_folder", "read", "refuse_if_recorded", "replace"]


def exists(path: Path) -> bool:
    """Whether there is anything at `path`; raises CassetteError where that cannot be found out."""
    try:
        return path.exists()
    except OSError as error:
        raise CassetteError(_cannot_read(path, error)) from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`; raises CassetteError where that cannot be found out."""
    try:
        return path.is_dir()
    except OSError as error:
        raise CassetteError(_cannot_read(path, error)) from error


def read(path: Path) -> Cassette:
    """The cassette in `path`; raises CassetteError naming the file."""
    try:
        with regular_file.open_binary(resolved(path), os.O_RDONLY) as file:
            is_at_rest = lock.lock_shared(file)
            data = file.read()
    except FileNotFoundError:
        msg = f"cassette {path} does not exist: record it first, with `anyvcr record {path} -- COMMAND`"
        raise CassetteNotFoundError(msg) from None
    except OSError as error:
        raise CassetteError(_cannot_read(path, error)) from error
    try:
        return codec.loads(data, file=str(path), editable=False)
    except CassetteFormatError as error:
        if not is_at_rest:
            raise CassetteBusyError(lock.busy(path)) from error
        raise


def refuse_if_recorded(path: Path) -> None:
    """Raise CassetteBusyError while another process records this cassette."""
    goal = resolved(path)
    for place in (goal, leftovers.partial(goal)):
        # What cannot be opened holds nobody up: reading says what is wrong with it.
        with (
            contextlib.suppress(OSError),
            regular_file.open_binary(place, os.O_RDONLY) as file,
        ):
            if not lock.lock_shared(file):
                raise CassetteBusyError(lock.busy(path))


def replace(path: Path, data: bytes) -> None:
    """Put `data` in place of the cassette at `path`, in one step, with its mode.

    A link stays a link. Raises OSError, and CassetteBusyError while it is being recorded.
    """
    goal = resolved(path)
    with lock.open_exclusive(goal, path) as file:
        regular_file.replace(goal, data, os.fstat(file.fileno()).st_mode & 0o777)


def _cannot_read(path: Path, error: OSError) -> str:
    return f"cannot read cassette {path}: {error.strerror or error}"
