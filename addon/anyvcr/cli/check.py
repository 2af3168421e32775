"""How `anyvcr check` prints what it found: for people, as JSON, or for GitHub Actions."""

import json
from enum import StrEnum

from anyvcr.cassettes.checking import Problem
from anyvcr.core.printable import printable


class Form(StrEnum):
    """The forms in which problems are printed."""

    HUMAN = "human"
    JSON = "json"
    GITHUB = "github"


def write(found: list[Problem], form: Form) -> str:
    """All of `found`, as text that ends its lines."""
    match form:
        case Form.JSON:
            return json.dumps([_fields(p) for p in found], indent=2) + "\n"
        case Form.GITHUB:
            return "".join(f"{_annotation(p)}\n" for p in found)
        case Form.HUMAN:
            return "".join(f"{_sentence(p)}\n" for p in found)


def _sentence(problem: Problem) -> str:
    place, line = problem.file, f", line {problem.line}"
    is_in_body = problem.interaction is not None and problem.what != "invalid"
    if problem.line is not None and not is_in_body:
        place += line
    if problem.interaction is not None:
        place += f", interaction {problem.interaction}"
    after = line if problem.line is not None and is_in_body else ""
    return printable(f"{place}: {problem.message}{after} [{problem.what}]")


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
