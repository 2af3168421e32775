"""A project's options: `anyvcr.toml`, or `[tool.anyvcr]` of `pyproject.toml`, found upwards."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import Any

from anyvcr.core.errors import ConfigError
from anyvcr.options import BY_NAME, SEVERAL, Kind, Option
from anyvcr.settings import Layer, Value

NAME = "anyvcr.toml"
_PATHS = frozenset({"cassette", "report", "upstream_ca"})
"""Options that are paths; in the file they are relative to its folder."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """What a project says of anyvcr's options, by their names in the table."""

    path: Path
    values: Mapping[str, Value]

    @property
    def layer(self) -> Layer:
        """Its place among the others: behind the command line and the environment."""
        return Layer(self.values, lambda option: f"{option.name} in {self.path}")


def layers(folder: Path | None = None) -> tuple[Layer, ...]:
    """The layer of the file that is found from `folder` upwards, if any; raises ConfigError.

    Without `folder`, from the working directory.
    """
    try:
        found = find(folder or Path.cwd())
    except FileNotFoundError:
        return ()  # the working directory is gone
    return () if found is None else (found.layer,)


def find(folder: Path) -> ProjectFile | None:
    """The nearest file from `folder` upwards; raises ConfigError for one that is at fault.

    In a folder that has both, `anyvcr.toml` counts. A `pyproject.toml` without
    `[tool.anyvcr]` is none of ours, and one that does not name anyvcr need not even be TOML,
    as the template of a project.
    """
    for place in (folder, *folder.parents):
        own, shared = place / NAME, place / "pyproject.toml"
        # Not Path.is_file, which fails below a folder that must not be searched.
        if isfile(own):  # noqa: PTH113
            return ProjectFile(own, _values(_parsed(own, _read(own)), own))
        if isfile(shared) and b"anyvcr" in (data := _read(shared)):  # noqa: PTH113
            table = _parsed(shared, data).get("tool", {}).get("anyvcr")
            if table is not None:
                return ProjectFile(shared, _values(table, shared))
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise ConfigError(msg) from error


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: expected TOML, found {error}"
        raise ConfigError(msg) from None


def _values(table: Mapping[str, object], path: Path) -> dict[str, Value]:
    unknown = [name for name in table if name not in BY_NAME]
    if unknown:
        msg = f"{path}: unknown: {', '.join(unknown)}; expected some of {', '.join(BY_NAME)}"
        raise ConfigError(msg)
    return {name: _value(BY_NAME[name], said, path) for name, said in table.items()}


def _value(option: Option, said: object, path: Path) -> Value:
    match said:
        case bool() if option.kind is Kind.FLAG:
            return "true" if said else "false"
        case int() | float() if option.kind not in SEVERAL | {Kind.FLAG}:
            return str(said)
        case str() if option.kind in SEVERAL:
            return (said,)
        case str() if option.kind is not Kind.FLAG:
            return _beside(path, said) if option.name in _PATHS else said
        case list() if option.kind in SEVERAL and all(isinstance(s, str) for s in said):
            return tuple(said)
    expected = (
        "a list of texts"
        if option.kind in SEVERAL
        else "true or false"
        if option.kind is Kind.FLAG
        else "a text"
    )
    msg = f"{path}: {option.name}: expected {expected}, found {said!r}"
    raise ConfigError(msg)


def _beside(path: Path, said: str) -> str:
    """A path of the file's, from its folder; the slash at a folder's end is kept."""
    slash = "/" if said.endswith("/") else ""
    return f"{path.parent / Path(said).expanduser()}{slash}"
