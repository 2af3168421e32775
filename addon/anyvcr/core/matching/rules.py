"""The rules of matching: what is ignored, which headers count, and which answer repeats get."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from anyvcr.core import json_path
from anyvcr.core.errors import ConfigError, one_of
from anyvcr.core.matching.profiles import Profile, Span, of

if TYPE_CHECKING:
    from jsonpath import JSONPath

TOOL_CALL_IDS = "tool-call-ids"
"""Preset: ids of tool calls are compared by their order of first appearance."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Repeats(StrEnum):
    """Which answer identical requests get."""

    ONCE = "once"
    """Their recorded answers in order, each once (go-vcr cassette.go, GetInteraction)."""
    STICKY = "sticky"
    """In order, then the last one again and again."""
    CYCLE = "cycle"
    """In order, then from the first again."""
    STRICT = "strict"
    """The whole cassette in its order, each once."""

    @classmethod
    def parse(cls, text: str) -> "Repeats":
        """The rule of that name; raises ConfigError listing the four."""
        return one_of(cls, text, "rule for repeats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is ignored although it differs, and what counts although it is a header.

    Raises ConfigError for a declaration that cannot be read.
    """

    ignore: tuple[str, ...] = ()
    """JSON paths (`$.user`; JSON Lines are an array), `query:NAME`, `form:NAME` (urlencoded
    field or multipart part), `form-type:NAME` (only a part's Content-Type), and
    `tool-call-ids`."""
    headers: tuple[str, ...] = ()
    """Names of the headers that must be equal as well."""
    profiles: tuple[Profile, ...] = ()
    """Clients whose requests hold more that does not count; see `for_agent`."""
    spans: tuple[Span, ...] = ()
    """Parts of texts that do not count."""
    query: frozenset[str] = field(init=False, repr=False, compare=False)
    form: frozenset[str] = field(init=False, repr=False, compare=False)
    form_type: frozenset[str] = field(init=False, repr=False, compare=False)
    paths: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for entry in self.ignore:
            _check_ignore(entry)
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                msg = f"{name!r} is not the name of a header that could be matched"
                raise ConfigError(msg)
        for name in ("query", "form", "form-type"):
            named = frozenset(_named(self.ignore, f"{name}:"))
            object.__setattr__(self, name.replace("-", "_"), named)
        paths = tuple(entry for entry in self.ignore if entry.startswith("$"))
        object.__setattr__(self, "paths", paths)

    @property
    def leaves_out(self) -> bool:
        """Whether any part of a JSON body does not count."""
        return bool(self.paths or self.spans or TOOL_CALL_IDS in self.ignore)

    def for_agent(self, agent: str) -> "Rules":
        """The rules for requests with this User-Agent; the same object for one client."""
        profile = self.profile_for(agent)
        return self if profile is None else _with(self, profile)

    def profile_for(self, agent: str) -> Profile | None:
        """The profile of the client with this User-Agent, None where there is none."""
        return of(agent, self.profiles) if self.profiles else None


@lru_cache(maxsize=64)
def _with(rules: Rules, profile: Profile) -> Rules:
    return replace(
        rules,
        ignore=rules.ignore + profile.ignore,
        spans=rules.spans + profile.spans,
    )


def _named(ignore: Sequence[str], prefix: str) -> list[str]:
    return [entry[len(prefix) :] for entry in ignore if entry.startswith(prefix)]


def _check_ignore(entry: str) -> None:
    kind, colon, name = entry.partition(":")
    if entry.startswith("$"):
        compiled_path(entry)
    elif entry != TOOL_CALL_IDS and not (
        colon and name and kind in {"query", "form", "form-type"}
    ):
        msg = (
            f"cannot ignore {entry!r}: expected a JSON path such as $.user,"
            f" query:NAME, form:NAME, form-type:NAME or {TOOL_CALL_IDS}"
        )
        raise ConfigError(msg)


def compiled_path(path: str) -> "JSONPath":
    """`path` as a query of RFC 9535; raises ConfigError."""
    query = json_path.compiled(path, "ignore")
    if any(query.finditer([])):
        msg = f"cannot ignore {path!r}: that is the whole body"
        raise ConfigError(msg)
    return query
