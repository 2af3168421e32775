"""The recorded interactions that are nearest to a request.

Ranking is bounded: of a limited number of candidates only those that share most of
their quoted text with the request are parsed and compared in full.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple

from anyvcr.core.affixes import common_ends, common_start
from anyvcr.core.matching.differences import Difference, compare
from anyvcr.core.matching.normalized import NormalizedRequest
from anyvcr.core.matching.target import Target

_CONSIDERED = 2000
"""Candidates whose text is looked at; about 10 microseconds each."""
_COMPARED = 8
"""Candidates that are compared in full."""
_NAMED = 3
"""Interactions that a miss names."""
_LISTED = 100
"""Differences kept of each."""
_COSTS = {"method": 30.0, "path": 30.0, "body": 50.0, "host": 10.0, "scheme": 5.0}
_NEAR, _FAR = 1024, 32768
"""Bytes looked at from either end of a body, for words and for what is the same at the ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A recorded interaction that almost answers, or did already."""

    id: int
    already_played: bool
    differences: tuple[Difference, ...]
    """Empty where the interaction is equal, and only its turn is not (or no longer) now."""


class Candidate(NamedTuple):
    """A recorded interaction that a miss may name."""

    id: int
    recorded: NormalizedRequest
    played: bool


def closest(wanted: Target, targets: Iterable[Target]) -> list[Target]:
    """The targets most like the wanted one: by path first, then method, then host."""
    ranks = [(_likeness(wanted, target), target) for target in targets]
    best = max((likeness for likeness, _ in ranks), default=None)
    return [target for likeness, target in ranks if likeness == best]


def _likeness(wanted: Target, other: Target) -> tuple[int, ...]:
    return (
        wanted.path == other.path,
        common_start(wanted.path.split("/"), other.path.split("/")),
        wanted.method == other.method,
        wanted.authority == other.authority,
        len(set(wanted.query) & set(other.query)),
    )


def nearest(
    asked: NormalizedRequest, candidates: Sequence[Candidate]
) -> tuple[Nearest, ...]:
    """The candidates that differ least from the request, the best first."""
    similar = _similarity(asked.request.body)
    ordered = sorted(candidates, key=lambda candidate: candidate.played)[:_CONSIDERED]
    chosen = nsmallest(
        _COMPARED,
        ordered,
        key=lambda candidate: -similar(candidate.recorded.request.body),
    )
    compared = [
        (compare(candidate.recorded.meaning, asked.meaning), candidate)
        for candidate in chosen
    ]
    compared.sort(key=lambda pair: sum(map(_cost, pair[0])))
    return tuple(
        Nearest(
            id=candidate.id,
            already_played=candidate.played,
            differences=differences[:_LISTED],
        )
        for differences, candidate in compared[:_NAMED]
    )


def _cost(difference: Difference) -> float:
    """How much a difference says against an interaction; 1 for a value that is another."""
    old, new = difference.recorded, difference.sent
    if difference.path in _COSTS:
        return _COSTS[difference.path]
    if isinstance(old, str) and isinstance(new, str):
        return 1 - _common_share(_bytes(old), _bytes(new)) / 2
    return 1


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _similarity(body: bytes) -> Callable[[bytes], float]:
    """How much of its text a recorded body shares with this one, whatever order it is in."""
    words = set(_words(body))
    edges = _edges(body)

    def similar(recorded: bytes) -> float:
        others = _words(recorded)
        shared = len(words.intersection(others)) / max(len(words), len(others))
        return shared + _common_share(edges, _edges(recorded))

    return similar


def _words(body: bytes) -> list[bytes]:
    """What stands between quotes near the ends: names and texts, for JSON in any spelling."""
    if len(body) > 2 * _NEAR:
        body = body[:_NEAR] + body[-_NEAR:]
    return body.split(b'"')


def _edges(body: bytes) -> bytes:
    return body if len(body) <= 2 * _FAR else body[:_FAR] + body[-_FAR:]


def _common_share(one: bytes, other: bytes) -> float:
    """The part of the longer one that is common at the start and the end, from 0 to 1."""
    if one == other:
        return 1
    return sum(common_ends(one, other)) / max(len(one), len(other))
