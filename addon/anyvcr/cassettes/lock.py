"""Locks on cassette files: one recorder, or any number of readers.

The lock is flock's, on the file itself, so it ends with the process, however that ends. It
belongs to the file and not to its name: who gets it looks whether the name still leads to
the file, since the one who held it may have renamed or removed it.
"""

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import regular_file
from anyvcr.core.errors import CassetteBusyError, CassetteError

READERS_TIME = 2.0
"""Seconds that a recorder waits for readers, who hold a lock only while they look at the file."""

_PAUSE = 0.002
"""Seconds between two attempts."""
_NO_LOCKS = frozenset(
    {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
)
"""What flock says on file systems without locks, such as NFS without its lock daemon."""


def open_exclusive(
    path: Path,
    cassette: Path,
    flags: int = os.O_RDWR,
    mode: int = regular_file.NEW_MODE,
) -> BinaryIO:
    """Open the file at `path` with os.open's `flags`, locked against everyone else.

    Raises CassetteBusyError naming `cassette` where another process has it, CassetteError
    where its file system has no locks, and OSError.
    """
    while True:
        file = regular_file.open_binary(path, flags, mode)
        try:
            _lock_exclusively(file, cassette)
            if is_at(file, path):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def lock_shared(file: BinaryIO) -> bool:
    """Lock `file` against recorders until it is closed; False if one is recording it now.

    Where the file system has no locks, nobody can record there, so that is True.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def is_at(file: BinaryIO, path: Path) -> bool:
    """Whether `path` leads to the open `file` and to no other."""
    try:
        there = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return regular_file.identity(there) == regular_file.identity(
        os.fstat(file.fileno())
    )


def _lock_exclusively(file: BinaryIO, cassette: Path) -> None:
    deadline = time.monotonic() + READERS_TIME
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline or not lock_shared(file):
                raise CassetteBusyError(busy(cassette)) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise CassetteError(_no_locks(cassette, error)) from error
        else:
            return
        # Only readers hold it, and they let it go at once.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(_PAUSE)


def busy(cassette: Path) -> str:
    """What to tell the user of a cassette that another process is recording."""
    return (
        f"cassette {cassette} is being recorded by another process: "
        "wait for it to end, or name another cassette"
    )


def _no_locks(cassette: Path, error: OSError) -> str:
    return (
        f"cannot lock cassette {cassette} to write it: its file system has no locks "
        f"({error.strerror}), so nothing keeps two recorders apart; it can be replayed "
        "there, but record it on another file system"
    )
