"""What a test needs of the machine: absent, it skips on a user's machine and fails in CI."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

CORPORA = Path(
    os.environ.get("ANYVCR_CORPORA") or Path(__file__).resolve().parents[3] / "shared"
)
"""Traffic corpora, beside the project where they are at hand; `none` where nobody has them."""


def missing(reason: str) -> NoReturn:
    """Skip with `reason`, or fail where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have this: {reason}", pytrace=False)
    pytest.skip(reason)


def require_tool(name: str, why: str = "") -> str:
    """Path of the command `name`."""
    path = shutil.which(name)
    if path is None:
        missing(f"{name} is not installed{f' ({why})' if why else ''}")
    return path


def require_shared(relative: str) -> Path:
    """Path of a corpus file or folder."""
    path = CORPORA / relative
    if str(CORPORA) == "none":
        pytest.skip("ANYVCR_CORPORA is none")
    if not path.exists():
        missing(f"corpus {relative} is not in {CORPORA}: see ANYVCR_CORPORA")
    return path
