"""Every library that our code imports is declared: what another library brings today may go tomorrow."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((PROJECT / "pyproject.toml").read_text())
OURS = {path.stem for folder in ("addon", "scripts", "tests") for path in (PROJECT / folder).iterdir()}  # fmt: skip
OF_CLIENTS = PROJECT / "tests" / "clients" / "python"
"""Programs that run in the environments of their SDKs."""
LATER = {"compression"}
"""Of the standard library from Python 3.14 on."""


def names(requirements: list[str]) -> set[str]:
    return {_normal(Requirement(text).name) for text in requirements}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


RUNS_WITH = names(TABLE["project"]["dependencies"])
FOR_PYTEST = RUNS_WITH | names(TABLE["project"]["optional-dependencies"]["pytest"])
TESTS_WITH = RUNS_WITH | names(TABLE["dependency-groups"]["dev"])


def sources(folder: str) -> list[Path]:
    found = sorted((PROJECT / folder).rglob("*.py"))
    assert found
    return [path for path in found if OF_CLIENTS not in path.parents]


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names of the modules that a file imports, and their lines."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{a.name}", node.lineno) for a in node.names)


DISTRIBUTIONS = packages_distributions()


def distributions(module: str) -> set[str]:
    """The installed distributions that may have brought the module."""
    top = module.partition(".")[0]
    found = {_normal(name) for name in DISTRIBUTIONS.get(top, [])}
    if top == "backports":  # a folder that several share
        return {_normal(".".join(module.split(".")[:2]))}
    return found


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        pytest.param("addon", FOR_PYTEST, id="addon"),
        pytest.param("scripts", TESTS_WITH, id="scripts"),
        pytest.param("tests", TESTS_WITH, id="tests"),
    ],
)
def test_every_import_is_declared(folder: str, declared: set[str]) -> None:
    undeclared = [
        f"{path.relative_to(PROJECT)}:{line}: {module}"
        for path in sources(folder)
        for module, line in imported(path)
        if (top := module.partition(".")[0]) not in sys.stdlib_module_names
        and top not in OURS | LATER
        and not distributions(module) & declared
    ]
    assert undeclared == []


def test_pytest_is_imported_by_its_plugin_alone() -> None:
    users = {
        path.name
        for path in sources("addon")
        for module, _ in imported(path)
        if module.partition(".")[0] == "pytest"
    }
    assert users == {"pytest_plugin.py"}


@pytest.mark.parametrize("name", ["h11", "cryptography", "brotli", "backports-zstd"])
def test_what_the_quickstart_imports_is_installed_without_the_developers_tools(
    name: str,
) -> None:
    assert name in RUNS_WITH


@pytest.mark.parametrize("folder", ["addon", "scripts", "tests"])
def test_no_missing_import_is_passed_over(folder: str) -> None:
    """An `except ImportError` would leave a feature out without a word."""
    silent = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in sources(folder)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ExceptHandler)
        and node.type is not None
        and re.search("ImportError|ModuleNotFoundError", ast.unparse(node.type))
    ]
    assert silent == []
