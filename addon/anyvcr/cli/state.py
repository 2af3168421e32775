"""The private folder of a run: what its clients and its proxy must trust, gone at its end."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyvcr.core.errors import ConfigError


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder that only this user can open; raises ConfigError where none can be made."""
    try:
        made = tempfile.TemporaryDirectory(prefix="anyvcr-")
    except OSError as error:
        msg = (
            f"cannot make a temporary folder: {error.strerror or error}; "
            "set TMPDIR to a folder that can be written"
        )
        raise ConfigError(msg) from error
    with made as name:
        yield Path(name)
