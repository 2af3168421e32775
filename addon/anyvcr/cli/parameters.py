"""click's parameters, made from the table of options, and what was given of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from anyvcr.options import BY_NAME, OPTIONS, SEVERAL, Kind, Option

Command = Callable[..., Any]
COMMAND = click.argument(
    "command",
    nargs=-1,
    required=True,
    type=click.UNPROCESSED,
    metavar="-- COMMAND...",
)
PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path)
)


class Given(dict[str, str | tuple[str, ...]]):
    """What the command line says, by the options' names, as texts to parse."""


given = click.make_pass_decorator(Given, ensure=True)
"""Hands a command what was given as its first argument."""


def options(command: str, **changed: dict[str, Any]) -> Callable[[Command], Command]:
    """All options of the table that `command` takes; by name, what click is told otherwise."""

    def decorate(function: Command) -> Command:
        for option in reversed(OPTIONS):
            if option.flags and command in option.commands:
                words = _click(option) | changed.get(option.name, {})
                function = click.option(*option.flags, option.name, **words)(function)
        return given(function)

    return decorate


def _remember(
    context: click.Context, parameter: click.Parameter, value: object
) -> None:
    if value not in (None, (), False):
        text = "true" if value is True else value
        found = context.ensure_object(Given)
        assert parameter.name
        found[parameter.name] = text if isinstance(text, tuple) else str(text)


# Not a Path, which loses the slash at the end: that slash makes a folder of cassettes.
CASSETTE = click.argument("cassette", callback=_remember, expose_value=False)


def _click(option: Option) -> dict[str, Any]:
    text = option.help
    if option.kind in SEVERAL:
        text += " May be repeated."
    if option.default:
        text += f"  [default: {option.default}]"
    return {
        "help": text,
        "metavar": option.metavar,
        "multiple": option.kind in SEVERAL,
        "is_flag": option.kind is Kind.FLAG,
        "type": _type(option),
        "callback": _remember,
        "expose_value": False,
    }


def _type(option: Option) -> Any:
    match option.kind:
        case Kind.FILE:
            return click.Path(exists=True, dir_okay=False)
        case Kind.NEW_FILE:
            return click.Path(dir_okay=False)
        case Kind.PORT:
            return click.IntRange(0, 65535)
    return (
        click.Choice([str(choice) for choice in option.choices])
        if option.choices
        else None
    )


REDACTION_RULES = click.option(
    "--rule",
    "rules",
    **_click(BY_NAME["redact"]) | {"callback": None, "expose_value": True},
)
"""`anyvcr redact` takes as `--rule` what a proxy takes as `--redact`."""
