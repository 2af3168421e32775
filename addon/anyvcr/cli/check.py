"""`anyvcr check` and `anyvcr redact`: cassettes that are valid and hold no secret."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from anyvcr.cassettes import store
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction
from anyvcr.core.errors import CassetteError, CassetteFormatError, ConfigError
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import scan
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with one file; never the secret itself."""

    file: str
    what: str
    """`invalid`, or the rule that a secret was found by."""
    message: str
    line: int | None = None
    interaction: int | None = None
    """The id, or the place in the list where the file could not be read."""


class Form(StrEnum):
    """Who reads the problems."""

    HUMAN = "human"
    JSON = "json"
    GITHUB = "github"


def cassettes(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and every YAML file below the folders named; raises ConfigError."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.suffix in (".yaml", ".yml")
            )
        elif path.exists():
            yield path
        else:
            msg = f"{path} does not exist"
            raise ConfigError(msg)


def problems(path: Path) -> Iterator[Problem]:
    """What is wrong with the cassette in `path`."""
    try:
        cassette = _load(path)
    except CassetteFormatError as error:
        yield Problem(
            file=str(path),
            what="invalid",
            message=error.what,
            line=error.line,
            interaction=error.interaction,
        )
        return
    for interaction in cassette.interactions:
        for finding in scan(interaction):
            yield Problem(
                file=str(path),
                what=finding.rule,
                message=f"a secret in the {finding.where}",
                interaction=interaction.id,
            )


def write(found: list[Problem], form: Form) -> str:
    """All of `found`, as text that ends its lines."""
    match form:
        case Form.JSON:
            return json.dumps([_fields(p) for p in found], indent=2) + "\n"
        case Form.GITHUB:
            return "".join(f"{_annotation(p)}\n" for p in found)
        case Form.HUMAN:
            return "".join(f"{_sentence(p)}\n" for p in found)


def redact(path: Path, rules: RedactionRules) -> int:
    """Remove the secrets from the cassette in `path`, in one step; how many interactions changed.

    Raises CassetteError where it cannot be read or written, RedactionError where a secret
    cannot be removed; then the file is as it was.
    """
    cassette = _load(path)
    redactor = Redactor(rules, Credentials())
    clean = tuple(_redacted(redactor, i) for i in cassette.interactions)
    changed = sum(a is not b for a, b in zip(clean, cassette.interactions, strict=True))
    if changed:
        _replace(path, cassette_format.dumps(replace(cassette, interactions=clean)))
    return changed


def _redacted(redactor: Redactor, interaction: Interaction) -> Interaction:
    request = redactor.request(interaction.request)
    response = redactor.response(interaction.response)
    if request is interaction.request and response is interaction.response:
        return interaction
    return replace(interaction, request=request, response=response)


def _load(path: Path) -> Cassette:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise CassetteError(msg) from error
    return cassette_format.loads(data, file=str(path))


def _replace(path: Path, data: bytes) -> None:
    """A whole file in one step, with the mode of the one before; links stay links."""
    try:
        store.replace(path, data)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CassetteError(msg) from error


def _sentence(problem: Problem) -> str:
    place = problem.file
    if problem.line is not None:
        place += f", line {problem.line}"
    if problem.interaction is not None:
        place += f", interaction {problem.interaction}"
    return f"{place}: {problem.message} [{problem.what}]"


def _fields(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "interaction": problem.interaction,
        "rule": problem.what,
        "message": problem.message,
    }


def _annotation(problem: Problem) -> str:
    """A workflow command (docs.github.com, Workflow commands): data and properties escaped."""
    properties = f"file={_escaped(problem.file, ':,')}"
    if problem.line is not None:
        properties += f",line={problem.line}"
    return f"::error {properties},title=anyvcr check::{_escaped(_sentence(problem))}"


def _escaped(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
