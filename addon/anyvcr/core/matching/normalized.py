"""A request in normal form under the rules: what counts in it, and when two are equal.

Two requests match exactly when their meanings are the same, which their keys say as well.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from anyvcr.core.cassette.model import Request, header
from anyvcr.core.matching import body
from anyvcr.core.matching.body import Body
from anyvcr.core.matching.coarse_hash import coarse_hash
from anyvcr.core.matching.ignored import without_volatile
from anyvcr.core.matching.rules import Rules
from anyvcr.core.matching.target import Target, target


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """The parts of a request that count, without what the rules ignore."""

    target: Target
    headers: tuple[tuple[str, str], ...]
    body: Body


class Key(NamedTuple):
    """A meaning as a short value: equal for two requests exactly when they match."""

    target: Target
    headers: tuple[tuple[str, str], ...]
    body: bytes


class NormalizedRequest:
    """A recorded or live request in normal form; every part is computed on first use."""

    def __init__(self, request: Request, rules: Rules) -> None:
        self.request = request
        self._rules = rules.for_agent(header(request.headers, "User-Agent"))

    @cached_property
    def target(self) -> Target:
        """Method and URL in normal form."""
        return target(self.request, self._rules)

    @cached_property
    def coarse_hash(self) -> int:
        """The same as that of every request that matches, and of few others."""
        return coarse_hash(self.request.body, self._content_type, self._rules)

    @cached_property
    def meaning(self) -> RequestParts:
        """All the parts that count."""
        read = body.read(self.request.body, self._content_type)
        return RequestParts(
            target=self.target,
            headers=self._headers,
            body=without_volatile(read, self._rules),
        )

    @cached_property
    def key(self) -> Key:
        """The meaning as a short value, to be looked up."""
        return Key(self.target, self._headers, body.digest(self.meaning.body))

    def has_bytes_of(self, other: "NormalizedRequest") -> bool:
        """Whether the two are equal before any parsing, if their targets are."""
        return (
            self._rules is other._rules
            and self.request.body == other.request.body
            and self._content_type == other._content_type
            and self._headers == other._headers
        )

    def matches(self, other: "NormalizedRequest") -> bool:
        """Whether the two requests match: all that counts is equal."""
        if self.target != other.target or self._headers != other._headers:
            return False
        return self.has_bytes_of(other) or body.same(
            self.meaning.body, other.meaning.body
        )

    @property
    def _content_type(self) -> str:
        return header(self.request.headers, "Content-Type")

    @property
    def _headers(self) -> tuple[tuple[str, str], ...]:
        if not self._rules.headers:
            return ()
        wanted = {name.lower() for name in self._rules.headers}
        return tuple(
            sorted(
                (name.lower(), ", ".join(value.strip() for value in values))
                for name, values in self.request.headers
                if name.lower() in wanted
            )
        )
