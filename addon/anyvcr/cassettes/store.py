"""Cassette files on disk: read whole, extended by one write per interaction.

Nothing that was recorded is lost, and nothing that was there is damaged:

- A new cassette grows in `NAME.partial` beside its place until its first interaction is
  in it, then takes its place; from there each interaction is one append. After a SIGKILL
  the file holds every interaction that was complete.
- An existing cassette that is recorded anew stays until the end: the new one grows in
  `NAME.partial` and replaces it in one step when the recording ends in order.
- An existing cassette that is extended keeps its bytes; a failed append is cut off again.

The lock (flock) is held on the file that grows, so it ends with the process, however it ends.
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Style
from anyvcr.core.errors import (
    CassetteBusyError,
    CassetteError,
    CassetteNotFoundError,
)

logger = logging.getLogger(__name__)


def read(path: Path) -> Cassette:
    """The cassette in `path`; raises CassetteError naming the file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        msg = f"cassette {path} does not exist: record it first, with `anyvcr record {path} -- COMMAND`"
        raise CassetteNotFoundError(msg) from None
    except OSError as error:
        raise CassetteError(_cannot("read", path, error)) from error
    return cassette_format.loads(data, file=str(path), editable=False)


class Recording:
    """A cassette file that is being written: a new one, or an existing one that is extended."""

    def __init__(self, path: Path, file: BinaryIO, place: Path, style: Style) -> None:
        self.path = path
        self.place = place
        """The file that holds what was recorded so far: `path` or the partial file beside it."""
        self.style = style
        self.count = 0
        self._starts: dict[int, int] = {}
        """Where in the file each interaction of this recording begins, by its id."""
        self._file = file
        self._replaced: BinaryIO | None = None
        """The existing cassette, open for its lock."""
        self._made: list[Path] = []

    @classmethod
    def create(cls, path: Path, style: Style) -> "Recording":
        """Begin a cassette in place of `path`, which may exist; raises CassetteError."""
        made = _make_folders(path)
        replaced = _open_locked(path, os.O_RDONLY) if path.exists() else None
        partial = _partial(path)
        try:
            file = _open_locked(partial, os.O_RDWR | os.O_CREAT, cassette=path)
        except CassetteError:
            if replaced is not None:
                replaced.close()
            raise
        recording = cls(path, file, partial, style)
        recording._made = made
        recording._replaced = replaced
        if replaced is not None:
            os.fchmod(file.fileno(), os.fstat(replaced.fileno()).st_mode & 0o777)
        _put_leftover_aside(partial, file)
        recording._write(cassette_format.header())
        return recording

    @classmethod
    def extend(cls, path: Path, style: Style) -> "Recording":
        """Append to the cassette in `path`, written in `style`; raises CassetteError."""
        file = _open_locked(path, os.O_RDWR)
        try:
            cassette_format.appendable(file.read(), file=str(path))
        except CassetteError:
            file.close()
            raise
        recording = cls(path, file, path, style)
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                recording._write(b"\n")
        return recording

    def append(self, interaction: Interaction) -> None:
        """Write one interaction; raises CassetteError, and then the file is as it was before."""
        start = self._file.seek(0, os.SEEK_END)
        self._write_all(cassette_format.pieces(interaction, self.style))
        self._starts[interaction.id] = start
        self.count += 1
        if self.place != self.path and self._replaced is None:
            self._move_into_place()

    def amend(self, interaction: Interaction) -> None:
        """Write an interaction of this recording anew, in its place; raises CassetteError.

        In one write, which no SIGKILL cuts in two, with what was recorded after it.
        """
        start = self._starts[interaction.id]
        end = self._file.seek(0, os.SEEK_END)
        old = os.pread(self._file.fileno(), end - start, start)
        later = [at for at in self._starts.values() if at > start]
        rest = old[min(later) - start :] if later else b""
        new = b"".join(cassette_format.pieces(interaction, self.style)) + rest
        try:
            os.pwrite(self._file.fileno(), new, start)
            self._file.truncate(start + len(new))
        except OSError as error:
            with contextlib.suppress(OSError):
                os.pwrite(self._file.fileno(), old, start)
                self._file.truncate(end)
            raise CassetteError(_cannot("write", self.place, error)) from error
        for number, at in self._starts.items():
            if at > start:
                self._starts[number] = at + len(new) - len(old)

    def close(self) -> None:
        """End the recording: what was recorded is in `path`, or nothing was and `path` is as before."""
        try:
            if self.count and self.place != self.path:
                self._move_into_place()
            elif self.place != self.path:
                self.place.unlink(missing_ok=True)
                for folder in reversed(self._made):
                    with contextlib.suppress(OSError):
                        folder.rmdir()
            if self.count:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise CassetteError(_cannot("write", self.path, error)) from error
        finally:
            self._file.close()
            if self._replaced is not None:
                self._replaced.close()

    def _move_into_place(self) -> None:
        try:
            self.place.replace(self.path)
        except OSError as error:
            raise CassetteError(_cannot("write", self.path, error)) from error
        self.place = self.path

    def _write(self, data: bytes) -> None:
        self._write_all([data])

    def _write_all(self, pieces: Iterable[bytes]) -> None:
        """All of `pieces` at the end of the file or nothing of it."""
        end = self._file.seek(0, os.SEEK_END)
        try:
            for data in pieces:
                # Unbuffered: a SIGKILL finds no bytes that have not reached the kernel.
                written = 0
                while written < len(data):
                    written += self._file.write(data[written:])
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise CassetteError(_cannot("write", self.place, error)) from error


def refuse_if_recorded(path: Path) -> None:
    """Raise CassetteBusyError while another process records this cassette."""
    for place in (path, _partial(path)):
        if place.exists():
            _open_locked(place, os.O_RDONLY, cassette=path).close()


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def _open_locked(path: Path, flags: int, *, cassette: Path | None = None) -> BinaryIO:
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CassetteError(_cannot("open", path, error)) from error
    file = os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        msg = (
            f"cassette {cassette or path} is being recorded by another process: "
            "wait for it to end, or name another cassette"
        )
        raise CassetteBusyError(msg) from None
    return cast("BinaryIO", file)


def _make_folders(path: Path) -> list[Path]:
    """Create the folder of `path`; the folders that were missing, outermost first."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CassetteError(_cannot("create the folder of", path, error)) from error
    return missing[::-1]


def _put_leftover_aside(partial: Path, file: BinaryIO) -> None:
    """Keep what a killed recording left, if more than its first lines are in it."""
    data = file.read()
    if data and data != cassette_format.header():
        aside = partial.with_name(partial.name + ".old")
        aside.write_bytes(data)
        logger.warning(
            "an earlier recording was killed: what it had recorded is now in %s", aside
        )
    file.truncate(0)


def _cannot(what: str, path: Path, error: OSError) -> str:
    return f"cannot {what} cassette {path}: {error.strerror or error}"
