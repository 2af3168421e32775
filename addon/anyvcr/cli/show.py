"""What `anyvcr show` prints: the interactions of a cassette as the conversations they are."""

import json
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import click

from anyvcr.cassettes import store
from anyvcr.core import utf8
from anyvcr.core.cassette.model import Interaction
from anyvcr.core.errors import ConfigError
from anyvcr.core.viewing import reader
from anyvcr.core.viewing.markdown import markdown
from anyvcr.core.viewing.plain import plain
from anyvcr.core.viewing.text import Look, lines

_LOOKS = {
    Look.TITLE: {"bold": True},
    Look.ROLE: {"fg": "cyan"},
    Look.PLAIN: {},
    Look.FAINT: {"dim": True},
    Look.TOOL: {"fg": "yellow"},
    Look.ERROR: {"fg": "red"},
}


class Form(StrEnum):
    """How interactions are printed."""

    HUMAN = "human"
    JSON = "json"
    MARKDOWN = "markdown"


def show(path: Path, numbers: Sequence[str], form: Form) -> None:
    """Print the interactions of `path` with these ids, or all; raises AnyvcrError."""
    interactions = _chosen(path, numbers)
    match form:
        case Form.JSON:
            found = [plain(reader.read(each)) for each in interactions]
            text = json.dumps(found, ensure_ascii=False, indent=2)
            click.echo(utf8.encode(text))
        case Form.MARKDOWN:
            click.echo(
                "\n".join(markdown(reader.read(i)) for i in interactions), nl=False
            )
        case Form.HUMAN:
            for each in interactions:
                _print(each)


def _chosen(path: Path, numbers: Sequence[str]) -> Sequence[Interaction]:
    interactions = store.read(path).interactions
    if not numbers:
        return interactions
    known = {each.id: each for each in interactions}
    return [known[number] for number in _parsed(numbers, known, path)]


def _parsed(
    numbers: Sequence[str], known: dict[int, Interaction], path: Path
) -> Iterator[int]:
    for text in numbers:
        digits = text.removeprefix("#")
        if not digits.isdecimal() or int(digits) not in known:
            held = f"#{min(known)} to #{max(known)}" if known else "no interaction"
            msg = f"expected the id of an interaction, found {text!r}: {path} holds {held}"
            raise ConfigError(msg)
        yield int(digits)


def _print(interaction: Interaction) -> None:
    is_plain = not sys.stdout.isatty()
    for line in lines(reader.read(interaction)):
        text = line.text.encode("utf-8", "replace").decode()
        click.echo(text if is_plain else click.style(text, **_LOOKS[line.look]))  # type: ignore[arg-type]  # its keywords are not typed
