"""Regular files, opened and replaced so that nothing else is touched.

A checkout or a shared folder may hold a link, a pipe or a device where a file of ours is
expected. Nothing here follows a link in the last part of a path, waits for a pipe, or
writes into a file that another name leads to.
"""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO, cast

NEW_MODE = 0o666
"""Permissions of a new file before the umask takes its part (as Go's os.Create)."""

_NOT_REGULAR = "expected a regular file there, found something else"


def open_binary(path: Path, flags: int, mode: int = NEW_MODE) -> BinaryIO:
    """Open the regular file at `path`, unbuffered; `flags` are those of os.open.

    Raises OSError, also where a link, a folder, a pipe, a socket or a device is there.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe would wait
    try:
        descriptor = os.open(path, flags, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(
                errno.ELOOP, "expected a regular file there, found a link"
            ) from None
        if error.errno in (errno.EISDIR, errno.ENXIO):
            raise OSError(error.errno, _NOT_REGULAR) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, _NOT_REGULAR)
    reads = flags & os.O_ACCMODE == os.O_RDONLY
    return cast("BinaryIO", os.fdopen(descriptor, "rb" if reads else "r+b", 0))


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Put `data` at `path` in one step that survives a loss of power; raises OSError.

    `mode` holds the permissions; those of the umask if it is None. What was at `path` must
    be a regular file. It keeps its content if this fails.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(errno.EINVAL, _NOT_REGULAR)
    fresh = path.with_name(f".anyvcr-{secrets.token_hex(8)}")
    file = open_binary(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            write(file, data)
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write(file: BinaryIO, data: bytes) -> None:
    """Hand all of `data` to the kernel, which may take it in parts; raises OSError."""
    written = 0
    while written < len(data):
        written += file.write(data[written:])


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power, where its file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def identity(status: os.stat_result) -> tuple[int, int]:
    """What tells a file from every other one, whatever names it has."""
    return status.st_dev, status.st_ino
