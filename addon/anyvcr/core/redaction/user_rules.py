"""What the user wants removed, beside what is known to be secret (`cassette_redact`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyvcr.core import json_path
from anyvcr.core.errors import ConfigError

if TYPE_CHECKING:
    import regex
    from jsonpath import JSONPath


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionRules:
    """What the user wants removed beside what is known to be secret.

    Raises ConfigError for a rule that cannot be read.
    """

    json_paths: tuple[str, ...] = ()
    """`$.user`: texts there become `REDACTED`, numbers 0; also in SSE's data and JSON Lines."""
    headers: tuple[str, ...] = ()
    """Names; all of the value goes."""
    patterns: tuple[str, ...] = ()
    """Regular expressions; what the groups hold goes, or all of the match without groups."""
    paths: "tuple[JSONPath, ...]" = field(init=False, repr=False, compare=False)
    expressions: "tuple[regex.Pattern[str], ...]" = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for attribute, compiled in (
            ("headers", tuple(name.lower() for name in self.headers)),
            (
                "paths",
                tuple(json_path.compiled(path, "redact") for path in self.json_paths),
            ),
            ("expressions", tuple(map(_compiled_pattern, self.patterns))),
        ):
            object.__setattr__(self, attribute, compiled)

    @classmethod
    def parse(cls, text: str) -> "RedactionRules":
        """The rules of a text that has one a line; raises ConfigError."""
        return cls.of(line.strip() for line in text.splitlines() if line.strip())

    @classmethod
    def of(cls, rules: Iterable[str]) -> "RedactionRules":
        """The rules of the option's values: `$.user`, `header:NAME`, `regex:PATTERN`; raises ConfigError."""
        lines = list(rules)
        for line in lines:
            kind, _, rest = line.partition(":")
            if not (line.startswith("$") or (kind in {"header", "regex"} and rest)):
                msg = (
                    f"cannot redact {line!r}: expected a JSON path such as $.user,"
                    " header:NAME or regex:PATTERN"
                )
                raise ConfigError(msg)
        return cls(
            json_paths=tuple(line for line in lines if line.startswith("$")),
            headers=_after("header:", lines),
            patterns=_after("regex:", lines),
        )


def _after(prefix: str, lines: list[str]) -> tuple[str, ...]:
    return tuple(
        line.removeprefix(prefix).strip() for line in lines if line.startswith(prefix)
    )


def _compiled_pattern(pattern: str) -> "regex.Pattern[str]":
    # Not the standard library's re, which cannot be stopped.
    import regex  # noqa: PLC0415

    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        msg = f"cannot redact by {pattern!r}: not a regular expression ({error})"
        raise ConfigError(msg) from None
    if compiled.search(""):
        msg = f"cannot redact by {pattern!r}: it also matches where there is nothing"
        raise ConfigError(msg)
    return compiled
