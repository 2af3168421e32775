"""The import contract of pyproject.toml holds, and no module is too long to read."""

from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PROJECT = Path(__file__).resolve().parents[2]
LONGEST = 400
"""Lines."""
TO_BE_SPLIT = {"patches.py"}
"""Longer than that today; nothing may join them."""


def test_each_room_imports_only_what_it_may_know() -> None:
    status = lint_imports(
        config_filename=str(PROJECT / "pyproject.toml"), no_cache=True
    )

    assert status == EXIT_STATUS_SUCCESS, "run: lint-imports"


def test_no_module_is_too_long() -> None:
    modules = (PROJECT / "addon").rglob("*.py")
    lengths = {path: len(path.read_text().splitlines()) for path in modules}

    assert {path.name for path, n in lengths.items() if n > LONGEST} <= TO_BE_SPLIT


def test_each_folder_says_what_it_holds() -> None:
    packages = (PROJECT / "addon").rglob("__init__.py")
    said = {path: path.read_text().partition('"""')[2] for path in packages}

    assert not [path for path, text in said.items() if not text.strip()]
