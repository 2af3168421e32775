"""The import contract holds, modules are short, folders say what they hold, constants stand on top."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LONGEST = 400
"""Lines."""


def test_each_room_imports_only_what_it_may_know() -> None:
    # In a process of its own: it silences the loggers of the one it runs in.
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [lint, "--no-logo", "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_no_module_is_too_long() -> None:
    modules = (PROJECT / "addon").rglob("*.py")
    lengths = {path: len(path.read_text().splitlines()) for path in modules}

    assert not {path.name for path, n in lengths.items() if n > LONGEST}


def test_each_folder_says_what_it_holds() -> None:
    packages = (PROJECT / "addon").rglob("__init__.py")
    said = {path: path.read_text().partition('"""')[2] for path in packages}

    assert not [path for path, text in said.items() if not text.strip()]


def test_no_pattern_repeats_a_group_possessively() -> None:
    """`(?:…)*+` finds what it should not before Python 3.11.5 (python/cpython#106052).

    `(?>(?:…)*)` means the same, and is right everywhere.
    """
    sources = [*(PROJECT / "addon").rglob("*.py"), *(PROJECT / "addon").rglob("*.json")]
    possessive = re.compile(r"""(?<!\\)\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+(?!["'])""")

    assert not [path for path in sources if possessive.search(path.read_text())]


def test_constants_stand_on_top() -> None:
    modules = (PROJECT / "addon").rglob("*.py")

    assert not [late for path in modules for late in _late_constants(path)]


def _late_constants(path: Path) -> Iterator[str]:
    """Those below a function or class of the module without using one."""
    defined: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                defined.add(name)
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                words = set(re.findall(r"\w+", ast.unparse(node)))
                if words & defined:
                    defined.add(ast.unparse(target))
                elif defined:
                    yield f"{path.name}:{node.lineno}"


def test_mitmproxy_is_patched_in_one_place() -> None:
    proxy = PROJECT / "addon" / "anyvcr" / "proxy"
    modules = set(proxy.rglob("*.py")) - set((proxy / "patches").rglob("*.py"))

    assert not [patch for path in modules for patch in _patches(path)]


def _patches(path: Path) -> Iterator[str]:
    """Assignments to what belongs to a class or module of mitmproxy's."""
    theirs: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("mitmproxy"):
                theirs |= {name.asname or name.name for name in node.names}
            case ast.Assign(targets=[ast.Attribute() as target]):
                if ast.unparse(target).partition(".")[0] in theirs:
                    yield f"{path.name}: {ast.unparse(target)}"
