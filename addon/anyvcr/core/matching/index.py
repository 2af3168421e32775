"""The index of a cassette: which recorded interaction answers a request.

Interactions are sorted by where they go when they come, and then, in file order and only
as far as a request needs it, by their hash. Most are never parsed: what has the bytes
of the request answers at once, and what has another hash cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from anyvcr.core.cassette.model import Interaction, Request
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.nearest import Candidate, Nearest, closest, nearest
from anyvcr.core.matching.normalized import Key, NormalizedRequest
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.matching.target import Target


@dataclass(frozen=True, slots=True)
class Hit:
    """The interaction that answers."""

    interaction: Interaction


@dataclass(slots=True)
class _Group:
    """Positions of interactions that match each other, in file order."""

    positions: list[int] = field(default_factory=list)
    next: int = 0
    """Index in `positions` of the next to be played."""


@dataclass(slots=True)
class _SameHash:
    """Interactions of one target and one hash: `by_key` once their bytes differ."""

    first: Request
    rules: Rules
    equal: _Group
    """Those with the bytes of the first."""
    by_key: dict[Key, _Group] = field(default_factory=dict)

    def add(self, position: int, recorded: NormalizedRequest) -> None:
        if not self.by_key:
            sample = self._sample()
            if recorded.has_bytes_of(sample):
                self.equal.positions.append(position)
                return
            self.by_key[sample.key] = self.equal
        self.by_key.setdefault(recorded.key, _Group()).positions.append(position)

    def equal_to(self, asked: NormalizedRequest) -> _Group | None:
        if self.by_key:
            return self.by_key.get(asked.key)
        return self.equal if asked.matches(self._sample()) else None

    def _sample(self) -> NormalizedRequest:
        # Anew each time: what it parses is not to stay in memory.
        return NormalizedRequest(self.first, self.rules)


@dataclass(slots=True)
class _Bucket:
    """Positions of interactions of one target; those before `filed` are in `by_hash`."""

    positions: list[int] = field(default_factory=list)
    filed: int = 0
    by_hash: dict[int, _SameHash] = field(default_factory=dict)

    def equal_to(self, asked: NormalizedRequest) -> _Group | None:
        alike = self.by_hash.get(asked.coarse_hash)
        return None if alike is None else alike.equal_to(asked)


class Index:
    """The interactions of one cassette session, and which of them were played."""

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        rules: Rules | None = None,
        repeats: Repeats = Repeats.ONCE,
    ) -> None:
        self._rules = rules or Rules()
        self._repeats = repeats
        self._interactions = tuple(interactions)
        self._played = bytearray(len(self._interactions))
        """1 for each position that answered."""
        self._buckets: dict[Target, _Bucket] = {}
        for position in range(len(self._interactions)):
            target = self._recorded(position).target
            self._buckets.setdefault(target, _Bucket()).positions.append(position)

    def unused(self) -> tuple[Interaction, ...]:
        """Interactions that answered nothing, in file order."""
        return tuple(
            interaction
            for interaction, played in zip(
                self._interactions, self._played, strict=True
            )
            if not played
        )

    def take(self, request: Request, *, explain: bool = True) -> Hit | Miss:
        """Play the interaction that answers, or return a Miss, which with `explain` names the nearest."""
        asked = NormalizedRequest(request, self._rules)
        if self._repeats is Repeats.STRICT:
            position = self._next_in_file(asked)
        else:
            position = self._next_equal(asked)
        if position is None:
            return self._miss(asked, explain=explain)
        self._played[position] = 1
        return Hit(self._interactions[position])

    def _recorded(self, position: int) -> NormalizedRequest:
        return NormalizedRequest(self._interactions[position].request, self._rules)

    def _next_in_file(self, asked: NormalizedRequest) -> int | None:
        position = self._expected()
        if position is None or not asked.matches(self._recorded(position)):
            return None
        return position

    def _expected(self) -> int | None:
        """The position whose turn it is, where the file is played strictly in order."""
        if self._repeats is not Repeats.STRICT:
            return None
        found = self._played.find(0)
        return None if found < 0 else found

    def _next_equal(self, asked: NormalizedRequest) -> int | None:
        bucket = self._buckets.get(asked.target)
        if bucket is None:
            return None
        equal = bucket.equal_to(asked)
        while (equal is None or equal.next == len(equal.positions)) and (
            bucket.filed < len(bucket.positions)
        ):
            if self._file_next(bucket, asked) == asked.coarse_hash:
                equal = bucket.equal_to(asked)
        return None if equal is None else self._turn(equal)

    def _turn(self, equal: _Group) -> int | None:
        """The position among equal ones that answers now."""
        if equal.next == len(equal.positions):
            if self._repeats is Repeats.ONCE:
                return None
            equal.next = 0 if self._repeats is Repeats.CYCLE else equal.next - 1
        equal.next += 1
        return equal.positions[equal.next - 1]

    def _file_next(self, bucket: _Bucket, asked: NormalizedRequest) -> int:
        """File the next interaction; returns its hash."""
        position = bucket.positions[bucket.filed]
        bucket.filed += 1
        recorded = self._recorded(position)
        known = asked if asked.has_bytes_of(recorded) else recorded
        alike = bucket.by_hash.get(known.coarse_hash)
        if alike is None:
            alike = _SameHash(recorded.request, self._rules, _Group([position]))
            bucket.by_hash[known.coarse_hash] = alike
        else:
            alike.add(position, known)
        return known.coarse_hash

    def _equal_positions(self, asked: NormalizedRequest) -> list[int]:
        bucket = self._buckets.get(asked.target)
        if bucket is None:
            return []
        while bucket.filed < len(bucket.positions):
            self._file_next(bucket, asked)
        equal = bucket.equal_to(asked)
        return [] if equal is None else equal.positions

    def _miss(self, asked: NormalizedRequest, *, explain: bool) -> Miss:
        equal = self._equal_positions(asked)
        expected = self._expected()
        return Miss(
            request=asked.request,
            nearest=self._nearest(asked, equal, expected) if explain else (),
            used_up=bool(equal) and all(self._played[position] for position in equal),
            expected=None if expected is None else self._interactions[expected].id,
            recorded=len(self._interactions),
        )

    def _nearest(
        self, asked: NormalizedRequest, equal: Sequence[int], expected: int | None
    ) -> tuple[Nearest, ...]:
        """The one whose turn it is, if there is a turn, then the others by their likeness."""
        first = [] if expected is None else [expected]
        near = equal or self._same_target(asked.target)
        others = [position for position in near if position != expected]
        return tuple(
            found
            for positions in (first, others)
            for found in nearest(asked, [self._candidate(each) for each in positions])
        )

    def _candidate(self, position: int) -> Candidate:
        return Candidate(
            id=self._interactions[position].id,
            recorded=self._recorded(position),
            played=bool(self._played[position]),
        )

    def _same_target(self, wanted: Target) -> list[int]:
        """Positions worth comparing: of the same target, else of the most similar ones."""
        bucket = self._buckets.get(wanted)
        if bucket is not None:
            return bucket.positions
        return [
            position
            for other in closest(wanted, self._buckets)
            for position in self._buckets[other].positions
        ]
