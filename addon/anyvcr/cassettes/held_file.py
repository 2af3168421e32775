"""A file that this process alone appends to, and that may rest closed in between.

Descriptors are few (`ulimit -n` is 256 on macOS) and a folder may hold any number of
cassettes, so only AWAKE files stay open: the one unused longest is closed when another one
is opened. A file that rests is not locked. Whether another program used the time is found
out when it wakes.
"""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import lock, regular_file
from anyvcr.core.errors import CassetteBusyError

AWAKE = 16
"""Files that are open at once."""

_WRITE = 1 << 20
"""Bytes that are collected before they are written."""


class Change(Enum):
    """What another program did to a file of ours, as it is said of a cassette."""

    DELETED = "was deleted"
    REPLACED = "was replaced by another file"
    EDITED = "was changed by another program"
    TAKEN = "was taken over by another process"


class HeldFile:
    """A regular file, locked while it is open. Methods raise OSError."""

    def __init__(self, place: Path, cassette: Path, file: BinaryIO) -> None:
        """Take over the open `file` at `place`; errors name `cassette`."""
        self.place = place
        status = os.fstat(file.fileno())
        self.mode = status.st_mode & 0o777
        self.end = status.st_size
        """Bytes that are whole; what may follow them is a torn write of ours."""
        self._cassette = cassette
        self._identity = regular_file.identity(status)
        self._file: BinaryIO | None = file
        self._is_torn = False
        self._rested_at = 0
        """The file's time of change when it was closed, since its inode may be used again."""
        self._stay_awake()

    def change(self) -> Change | None:
        """What became of the file since we last wrote to it; None if it is as we left it."""
        try:
            slept = self._wake()
            status = os.lstat(self.place)
        except CassetteBusyError:
            return Change.TAKEN
        except (FileNotFoundError, NotADirectoryError):
            return Change.DELETED
        if regular_file.identity(status) != self._identity:
            return Change.REPLACED
        if self._is_torn:
            return None
        if status.st_size != self.end or (
            slept and status.st_mtime_ns != self._rested_at
        ):
            return Change.EDITED
        return None

    def append(self, pieces: Iterable[bytes]) -> None:
        """Write all of `pieces` at the end of the file, or nothing of them.

        Call `change` first. Unbuffered: a SIGKILL finds no bytes that have not reached the
        kernel.
        """
        file = self._open()
        if self._is_torn:
            self._cut_back(file)
        end = file.seek(self.end)
        try:
            for data in _together(pieces):
                regular_file.write(file, data)
                end += len(data)
        except BaseException:
            self._is_torn = True
            with contextlib.suppress(OSError):
                self._cut_back(file)
            raise
        self.end = end

    def replace(self, start: int, end: int, data: bytes) -> None:
        """Put `data` in place of the bytes from `start` to `end`, moving what follows them.

        In one write with what follows. Call `change` first. If it fails, the file is as before.
        """
        file = self._open()
        if self._is_torn:
            self._cut_back(file)
        file.seek(start)
        old = file.read(self.end - start)
        new = data + old[end - start :]
        try:
            self._rewrite(file, start, new)
        except BaseException:
            with contextlib.suppress(OSError):
                self._rewrite(file, start, old)
            raise
        self.end = start + len(new)

    @property
    def is_open(self) -> bool:
        """Whether the content can be read, whatever became of the name."""
        return self._file is not None

    def read(self, start: int = 0) -> bytes:
        """What is whole of the file, from its byte `start` on."""
        file = self._open()
        file.seek(start)
        return file.read(self.end - start)

    def read_span(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`."""
        file = self._open()
        file.seek(start)
        return file.read(end - start)

    def adopt(self, end: int) -> None:
        """Go on after the first `end` bytes, however they came there."""
        self.end = end
        self._is_torn = False

    def sync(self) -> None:
        """Wait until the file's content is on the disk."""
        os.fsync(self._open().fileno())

    def rest(self) -> None:
        """Close the file and give up its lock until it is needed again."""
        if self._file is not None:
            self._rested_at = os.fstat(self._file.fileno()).st_mtime_ns
            self._file.close()
            self._file = None
        _awake.pop(self, None)

    def close(self) -> None:
        """Let go of the file."""
        self.rest()

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._wake()
        if self._file is None:
            raise FileNotFoundError(errno.ENOENT, "another file is in its place")
        return self._file

    def _wake(self) -> bool:
        """Open the file if it rests and is still at its place; whether it rested."""
        rested = self._file is None
        if rested:
            file = lock.open_exclusive(self.place, self._cassette)
            if regular_file.identity(os.fstat(file.fileno())) != self._identity:
                file.close()
                return True
            self._file = file
        self._stay_awake()
        return rested

    def _stay_awake(self) -> None:
        _awake.pop(self, None)
        _awake[self] = None
        while len(_awake) > AWAKE:
            next(iter(_awake)).rest()

    def _rewrite(self, file: BinaryIO, start: int, data: bytes) -> None:
        file.seek(start)
        regular_file.write(file, data)
        file.truncate(start + len(data))

    def _cut_back(self, file: BinaryIO) -> None:
        file.truncate(self.end)
        self._is_torn = False


def _together(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in few pieces, so that most interactions are one write."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _WRITE:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    yield b"".join(waiting)


_awake: dict[HeldFile, None] = {}
"""The files that are open, the one unused longest first: descriptors belong to the process."""
