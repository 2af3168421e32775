"""Imports go one way, and each module can be imported alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "addon"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "anyvcr").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
FORBIDDEN = {
    "core": ("mitmproxy", "click", "anyvcr.proxy", "anyvcr.clients", "anyvcr.cli"),
    "clients": ("mitmproxy", "click", "anyvcr.proxy", "anyvcr.cli"),
    "proxy": ("anyvcr.clients", "anyvcr.cli"),  # mitmproxy itself brings click
}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_loads_nothing_of_the_rooms_above(room: str) -> None:
    mine = [module for module in MODULES if module.split(".")[1] == room]
    program = (
        "import importlib, sys\n"
        f"for name in {mine!r}: importlib.import_module(name)\n"
        "print(*sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = done.stdout.split()
    assert not [
        name
        for name in loaded
        for forbidden in FORBIDDEN[room]
        if name == forbidden or name.startswith(forbidden + ".")
    ]
