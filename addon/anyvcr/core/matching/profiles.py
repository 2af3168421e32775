"""Profiles of known clients: what each sends anew on every run, from profiles.toml.

A profile is declared and never guessed: it is chosen by the User-Agent of a request, live or
recorded, and leaves out what its table names and nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from anyvcr.core.errors import ConfigError

NONE = "none"
"""The name that turns all profiles off."""


@dataclass(frozen=True, slots=True)
class Span:
    """Parts of the texts at a path that do not count."""

    path: str
    """A JSON path (RFC 9535)."""
    pattern: re.Pattern[str]
    """Its groups are the parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What does not count in the requests of one client."""

    name: str
    agent: re.Pattern[str]
    """Matches the start of its User-Agent."""
    ignore: tuple[str, ...]
    """JSON paths (RFC 9535)."""
    spans: tuple[Span, ...]
    source: str
    """Where the client makes them."""
    seen: str
    """The version in which they were seen to change."""


@cache
def shipped() -> tuple[Profile, ...]:
    """All profiles of profiles.toml."""
    # Imported here: they take 20 ms, which `--help` must not wait for.
    import tomllib  # noqa: PLC0415
    from importlib import resources  # noqa: PLC0415

    text = resources.files(__package__).joinpath("profiles.toml").read_text("utf-8")
    return tuple(
        Profile(
            name=entry["name"],
            agent=re.compile(entry["agent"]),
            ignore=tuple(entry.get("ignore", ())),
            spans=tuple(
                Span(span["path"], re.compile(span["pattern"], re.DOTALL))
                for span in entry.get("spans", ())
            ),
            source=entry["source"],
            seen=entry["seen"],
        )
        for entry in tomllib.loads(text)["profile"]
    )


def named(names: Iterable[str]) -> tuple[Profile, ...]:
    """The profiles of these names; all where there is none, and no one for `none` alone.

    Raises ConfigError for a name that no profile has.
    """
    wanted = [name.strip().lower() for name in names]
    if not wanted:
        return shipped()
    if wanted == [NONE]:
        return ()
    known = {profile.name: profile for profile in shipped()}
    for name in wanted:
        if name not in known:
            expected = ", ".join([*known, NONE])
            msg = f"there is no profile {name!r}: expected one of {expected}"
            raise ConfigError(msg)
    return tuple(known[name] for name in wanted)


def of(agent: str, profiles: Iterable[Profile]) -> Profile | None:
    """The first of `profiles` for this User-Agent, None where there is none."""
    return next((each for each in profiles if each.agent.match(agent)), None)
