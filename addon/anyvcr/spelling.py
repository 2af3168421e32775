"""How an advice is typed: in the words of the command that runs, quoted for a shell."""

import shlex
from collections.abc import Sequence

from anyvcr.core.matching.advice import NEW_EPISODES, Advice, Spell
from anyvcr.options import BY_NAME


def mitmdump(advice: Advice) -> str:
    """As mitmproxy has it: `--set 'cassette_ignore=$.user'`."""
    return " ".join(
        f"--set {shlex.quote(f'{BY_NAME[name].set_name}={value}')}"
        for name, value in advice
    )


def command_line(advice: Advice) -> str:
    """As our own commands have it: `--ignore '$.user'`."""
    return " ".join(
        f"{BY_NAME[name].flags[0]} {shlex.quote(value)}" for name, value in advice
    )


def replaying(cassette: str, command: Sequence[str]) -> Spell:
    """As `anyvcr replay` has it, which records nothing: another command does."""
    again = shlex.join(["record", *command_line(NEW_EPISODES).split(), cassette])

    def spell(advice: Advice) -> str:
        if advice == NEW_EPISODES:
            return f"anyvcr {again} -- {shlex.join(command)}"
        return command_line(advice)

    return spell
