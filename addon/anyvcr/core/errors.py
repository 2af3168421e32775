"""The errors that leave the core.

    AnyvcrError
    ├── CassetteError            a cassette file: which, and what is wrong with it
    │   ├── CassetteNotFoundError
    │   ├── CassetteFormatError  carries `line` and `interaction` where they are known
    │   └── CassetteBusyError    another recorder holds it
    ├── ConfigError              an option or a command line
    └── RedactionError           a secret could not be removed, so nothing was written

Each message is one sentence a stranger can act on, and never holds a secret.
"""

from enum import StrEnum
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)


class AnyvcrError(Exception):
    """Any error of ours; its text is meant for the user as it stands."""


class CassetteError(AnyvcrError):
    """A cassette cannot be used."""


class CassetteNotFoundError(CassetteError):
    """go-vcr's ErrCassetteNotFound: `replay-only` on a file that is not there."""


class CassetteBusyError(CassetteError):
    """Another process is recording this cassette."""


class CassetteFormatError(CassetteError):
    """The file is not a cassette of format 2.

    `line` counts from 1; `interaction` is the position in the list, from 0; both are
    None where the fault has no such place. The text holds file, line and interaction.
    """

    def __init__(
        self,
        what: str,
        *,
        file: str = "",
        line: int | None = None,
        interaction: int | None = None,
    ) -> None:
        self.what = what
        self.file = file
        self.line = line
        self.interaction = interaction
        place = file or "cassette"
        if line is not None:
            place += f", line {line}"
        if interaction is not None:
            place += f", interaction {interaction}"
        super().__init__(f"{place}: {what}")

    def in_file(self, file: str) -> "CassetteFormatError":
        """The same error, naming the file it was read from."""
        return CassetteFormatError(
            self.what, file=file, line=self.line, interaction=self.interaction
        )


class ConfigError(AnyvcrError):
    """An option, an environment variable or an argument has a value that cannot be used."""


class RedactionError(AnyvcrError):
    """A value could not be redacted; the interaction it belongs to is not written."""


def one_of(choices: type[E], text: str, what: str) -> E:
    """The member of `choices` with that name; raises ConfigError listing them all."""
    try:
        return choices(text.strip().lower())
    except ValueError:
        msg = f"unknown {what} {text!r}: expected one of {', '.join(choices)}"
        raise ConfigError(msg) from None
