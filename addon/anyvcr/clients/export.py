"""Environment changes as lines that a shell, a .env file or GitHub Actions understands."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

GITHUB_REFUSES = frozenset({"NODE_OPTIONS"})
"""Names that GitHub's runner does not take from $GITHUB_ENV; a step's `env:` can set them."""


class Shell(StrEnum):
    """The readers that `lines` writes for."""

    SH = "sh"
    """Any POSIX shell, by `eval`."""
    FISH = "fish"
    """By `| source`."""
    POWERSHELL = "powershell"
    """By `| Out-String | Invoke-Expression`."""
    DOTENV = "dotenv"
    """A .env file, as Compose, python-dotenv, Node's dotenv and `source` agree on it."""
    GITHUB = "github"
    """Appended to the file $GITHUB_ENV."""
    JSON = "json"
    """One line for programs: `{"set": {NAME: VALUE}, "unset": [NAME]}`."""


def lines(values: Mapping[str, str], unset: Iterable[str], shell: Shell | str) -> str:
    """One statement for each name, each with a line end.

    .env and GitHub's form cannot unset: there, a name to unset gets an empty value.
    """
    shell = Shell(shell)
    if shell is Shell.JSON:
        return json.dumps({"set": dict(values), "unset": list(unset)}) + "\n"
    put, remove = _FORMS[shell]
    if shell is Shell.GITHUB:
        values = {k: v for k, v in values.items() if k not in GITHUB_REFUSES}
    statements = [remove(name) for name in unset]
    statements += [put(name, value) for name, value in values.items()]
    return "".join(f"{statement}\n" for statement in statements)


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    # PowerShell takes the typographic quotes for the plain one (about_Quoting_Rules).
    quoted = re.sub("['\u2018\u2019\u201a\u201b]", r"\g<0>\g<0>", value)
    return f"$env:{name} = '{quoted}'"


def _dotenv(name: str, value: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./-]*", value, re.ASCII):
        return f"{name}={value}"
    if "'" not in value:
        return f"{name}='{value}'"
    escaped = re.sub(r'[\\"$`]', r"\\\g<0>", value)
    return f'{name}="{escaped}"'


def _github(name: str, value: str) -> str:
    if "\n" not in value:
        return f"{name}={value}"
    end = "ANYVCR"
    while end in value.split("\n"):
        end += "_"
    return f"{name}<<{end}\n{value}\n{end}"


_FORMS: dict[Shell, tuple[Callable[[str, str], str], Callable[[str], str]]] = {
    Shell.SH: (_sh, "unset {}".format),
    Shell.FISH: (_fish, "set -e {}".format),
    Shell.POWERSHELL: (
        _powershell,
        "Remove-Item Env:{} -ErrorAction SilentlyContinue".format,
    ),
    Shell.DOTENV: (_dotenv, "{}=".format),
    Shell.GITHUB: (_github, "{}=".format),
}
