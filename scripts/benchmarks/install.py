"""Getting the peers: from their registries, into a folder outside of the project."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(
    os.environ.get("ANYVCR_BENCH_CACHE") or "~/.cache/anyvcr-bench"
).expanduser()
PYPI = {"ddapm": ("ddapm-test-agent",), "suite": ("vcrpy", "openai", "httpx")}
NPM = (
    "talkback",
    "proxay",
    "@copilotkit/aimock",
    "wiremock",
    "mockserver-node",
    "openai",
)
_LIMIT = 600
"""Seconds for one installation."""


class MissingError(Exception):
    """What cannot be had, with the reason."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python of its own with the packages of PYPI under one name."""

    folder: Path

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def version(self, package: str) -> str:
        """The installed version of `package`."""
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        return _run(self.program("python"), "-c", code).strip()


def python(name: str) -> Environment:
    """The environment `name`, made if it is not there; raises MissingError."""
    folder = CACHE / name
    if not (folder / "installed").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
        _run(*pip, "--disable-pip-version-check", *PYPI[name])
        (folder / "installed").touch()
    return Environment(folder)


def node(package: str) -> Path:
    """The folder of an npm package, installed if it is not there; raises MissingError."""
    folder = CACHE / "npm"
    place = folder / "node_modules" / package
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--silent")
        _run(program("npm"), "install", *quiet, "--prefix", str(folder), package)
    return place


def node_version(package: str) -> str:
    text = (node(package) / "package.json").read_text()
    return str(json.loads(text)["version"])


def go(source: Path, name: str) -> Path:
    """The program of a Go module in `source`, built anew where that has changed."""
    built = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    _run(program("go"), "build", "-o", str(built), ".", cwd=source)
    return built


def program(name: str) -> str:
    """The path of a program; raises MissingError."""
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"there is no {name} here")
    return found


def _run(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"cannot be installed: {type(error).__name__}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [""]
        raise MissingError(f"cannot be installed: {said[-1][:200]}")
    return done.stdout
