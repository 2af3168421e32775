"""The file where a new recording grows, beside the cassette it may replace."""

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import leftovers, lock, regular_file
from anyvcr.cassettes.held_file import HeldFile
from anyvcr.cassettes.leftovers import Kind
from anyvcr.core.cassette import codec
from anyvcr.core.errors import CassetteError

logger = logging.getLogger(__name__)

_YAML = (".yaml", ".yml")
_HEAD = 1 << 16
"""Bytes in which a file that a link leads to must name its interactions."""


def resolved(path: Path) -> Path:
    """`path` with all links followed, also where the last one leads to nothing yet."""
    return Path(os.path.realpath(path))


def begin(path: Path) -> tuple[HeldFile | None, HeldFile]:
    """Hold the cassette at `path`, if there is one to be replaced, and a new file beside it.

    The folder must be there. Raises CassetteError.
    """
    try:
        return _begin(path, resolved(path))
    except OSError as error:
        msg = f"cannot record cassette {path}: {error.strerror or error}"
        raise CassetteError(msg) from error


def _begin(path: Path, goal: Path) -> tuple[HeldFile | None, HeldFile]:
    _refuse_foreign_link(path, goal)
    partial = leftovers.partial(goal)
    while True:
        replaced = _hold_replaced(path, goal)
        try:
            file = _new_partial(path, goal, replaced.mode if replaced else None)
        except BaseException:
            if replaced is not None:
                replaced.close()
            raise
        if replaced is None and os.path.lexists(goal):
            # Another recorder moved it there between our two looks, and holds it.
            partial.unlink()
            file.close()
            continue
        return replaced, HeldFile(partial, path, file)


def _hold_replaced(path: Path, goal: Path) -> HeldFile | None:
    try:
        file = lock.open_exclusive(goal, path)
    except FileNotFoundError:
        return None
    except PermissionError:
        # What may only be read can be replaced all the same, by a rename.
        file = lock.open_exclusive(goal, path, os.O_RDONLY)
    return HeldFile(goal, path, file)


def _new_partial(path: Path, goal: Path, mode: int | None) -> BinaryIO:
    """A new file where `goal` grows; what a killed recording left there is kept elsewhere."""
    partial = leftovers.partial(goal)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    while True:
        try:
            file = lock.open_exclusive(
                partial, path, flags, regular_file.NEW_MODE if mode is None else mode
            )
        except FileExistsError:
            _clear(partial, path, goal)
            continue
        if mode is not None:
            os.fchmod(file.fileno(), mode)  # the umask took its part
        return file


def _clear(partial: Path, path: Path, goal: Path) -> None:
    """Free the name of a leftover; raises CassetteBusyError if it is being recorded."""
    try:
        left = lock.open_exclusive(partial, path)
    except FileNotFoundError:
        return
    except OSError as error:
        msg = f"cannot record cassette {path}: {partial}: {error.strerror or error}"
        raise CassetteError(msg) from error
    with left:
        start = left.read(_HEAD)
        if codec.header().startswith(start):
            partial.unlink()
            return
        aside = leftovers.put_aside(partial, goal, Kind.OLD)
    logger.warning(
        "an earlier recording was killed: what it had recorded is now in %s", aside
    )


def _refuse_foreign_link(path: Path, goal: Path) -> None:
    """Raise CassetteError where `path` is a link to what is, or would be, no cassette.

    A link may come with a checkout, and whoever records there did not choose its target.
    """
    if not path.is_symlink():
        return
    try:
        with regular_file.open_binary(goal, os.O_RDONLY) as file:
            head = file.read(_HEAD)
            is_cassette = not head or b"interactions" in head
    except FileNotFoundError:
        is_cassette = goal.suffix in _YAML
    if not is_cassette:
        msg = (
            f"cassette {path} is a link to {goal}, expected a cassette there or a name "
            f"that ends in {_YAML[0]}: remove the link, or name another cassette"
        )
        raise CassetteError(msg)


def make_folders(path: Path) -> list[Path]:
    """Create the folder of cassette `path`; the folders that were missing, innermost first.

    Raises CassetteError.
    """
    goal = resolved(path)
    try:
        missing = [folder for folder in goal.parents if not folder.exists()]
        goal.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot create the folder of cassette {path}: {error.strerror or error}"
        raise CassetteError(msg) from error
    return missing


def remove_folders(made: Iterable[Path]) -> None:
    """Remove those of the folders that are empty, in the order of `make_folders`."""
    for folder in made:
        with contextlib.suppress(OSError):
            folder.rmdir()
