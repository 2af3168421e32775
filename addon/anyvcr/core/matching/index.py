"""The index of a cassette: which recorded interaction answers a request.

Interactions are sorted by where they go when they come, and then, in file order and only
as far as a request needs it, by their hash. Most are never parsed: what has the bytes
of the request answers at once, and what has another hash cannot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from anyvcr.core.cassette.model import Interaction, Request
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.nearest import Candidate, Nearest, closest, nearest
from anyvcr.core.matching.normalized import Key, NormalizedRequest
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.matching.target import Target

Clean: TypeAlias = Callable[[Request], Request]
"""What both sides of a comparison go through: `Redactor.request`."""


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
    is_repeating: bool = False
    """Whether all were played, and they are played again."""
    variants: "dict[Key, _Group] | None" = None
    """By what they were before they were cleaned, once that was asked for."""


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


def _has_stand_in(request: Request) -> bool:
    return b"REDACTED" in request.body or "REDACTED" in request.url


def _as_it_is(request: Request) -> Request:
    return request


class Index:
    """The interactions of one cassette session, and which of them were played.

    Recorded requests are compared as `clean` leaves them, as live ones are; `revision` is
    another number once it may leave them otherwise. Where several that were recorded
    differ only by what it takes away, a live request is answered by the one that is its
    own in full, else by none.
    """

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        rules: Rules | None = None,
        repeats: Repeats = Repeats.ONCE,
        *,
        clean: Clean = _as_it_is,
        revision: Callable[[], int] = int,
    ) -> None:
        self._clean = clean
        self._revision = revision
        self._filed_at = revision()
        self._rules = rules or Rules()
        self._repeats = repeats
        self._interactions = tuple(interactions)
        self._played = bytearray(len(self._interactions))
        """1 for each position that answered."""
        self._buckets = self._sorted()

    def _sorted(self) -> dict[Target, _Bucket]:
        buckets: dict[Target, _Bucket] = {}
        targets: dict[tuple[str, str, str], Target] = {}
        for position, interaction in enumerate(self._interactions):
            request = interaction.request
            place = (request.method, request.url, request.host)
            if place not in targets:
                bare = replace(request, headers=(), body=b"", form=(), extra=())
                targets[place] = NormalizedRequest(
                    self._clean(bare), self._rules
                ).target
            buckets.setdefault(targets[place], _Bucket()).positions.append(position)
        return buckets

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
        """Play the interaction that answers; a Miss names the nearest if it is to `explain`."""
        asked = NormalizedRequest(self._clean(request), self._rules)
        raw = NormalizedRequest(request, self._rules)
        position = self._position(asked, raw)
        if position is None and explain and self._filed_at != self._revision():
            self._file_anew()
            position = self._position(asked, raw)
        if position is None:
            return self._miss(asked, raw, explain=explain)
        self._played[position] = 1
        return Hit(self._interactions[position])

    def _position(self, asked: NormalizedRequest, raw: NormalizedRequest) -> int | None:
        if self._repeats is Repeats.STRICT:
            return self._next_in_file(asked)
        return self._next_equal(asked, raw)

    def _file_anew(self) -> None:
        """Compare what was recorded as it is cleaned now: more is known to be secret."""
        self._filed_at = self._revision()
        self._buckets = self._sorted()

    def _recorded(self, position: int) -> NormalizedRequest:
        return NormalizedRequest(
            self._clean(self._interactions[position].request), self._rules
        )

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

    def _next_equal(
        self, asked: NormalizedRequest, raw: NormalizedRequest
    ) -> int | None:
        bucket = self._buckets.get(asked.target)
        if bucket is None:
            return None
        equal = bucket.equal_to(asked)
        while (equal is None or equal.next == len(equal.positions)) and (
            bucket.filed < len(bucket.positions)
        ):
            if self._file_next(bucket, asked) == asked.coarse_hash:
                equal = bucket.equal_to(asked)
        if equal is None:
            return None
        if asked.request is not raw.request or _has_stand_in(asked.request):
            equal = self._variant(asked, raw)
        return None if equal is None else self._turn(equal)

    def _variant(
        self, asked: NormalizedRequest, raw: NormalizedRequest
    ) -> _Group | None:
        """Those that the live request equals in full, or all where they have one origin."""
        equal = self._all_equal(asked)
        if equal is None or len(equal.positions) == 1:
            return equal
        if equal.variants is None:
            equal.variants = self._variants(equal)
        if len(equal.variants) == 1:
            return equal
        return equal.variants.get(raw.key)

    def _variants(self, equal: _Group) -> dict[Key, _Group]:
        """One where all answers are the same: then it does not matter which is given."""
        variants: dict[Key, _Group] = {}
        for position in equal.positions:
            recorded = self._interactions[position].request
            key = NormalizedRequest(recorded, self._rules).key
            variants.setdefault(key, _Group()).positions.append(position)
        answers = {
            (response.code, response.body)
            for response in (self._interactions[p].response for p in equal.positions)
        }
        return (
            variants if len(answers) > 1 else dict.fromkeys(list(variants)[:1], equal)
        )

    def _turn(self, equal: _Group) -> int | None:
        """The position among equal ones that answers now."""
        positions = equal.positions
        while (
            not equal.is_repeating
            and equal.next < len(positions)
            and self._played[positions[equal.next]]
        ):
            equal.next += 1  # played before it was filed anew
        if equal.next == len(positions):
            if self._repeats is Repeats.ONCE:
                return None
            equal.is_repeating = True
            equal.next = 0 if self._repeats is Repeats.CYCLE else equal.next - 1
        equal.next += 1
        return positions[equal.next - 1]

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

    def _all_equal(self, asked: NormalizedRequest) -> _Group | None:
        bucket = self._buckets.get(asked.target)
        if bucket is None:
            return None
        while bucket.filed < len(bucket.positions):
            self._file_next(bucket, asked)
        return bucket.equal_to(asked)

    def _miss(
        self, asked: NormalizedRequest, raw: NormalizedRequest, *, explain: bool
    ) -> Miss:
        found = self._all_equal(asked)
        equal = found.positions if found else []
        variants = found.variants if found else None
        expected = self._expected()
        is_doubt = bool(variants) and len(variants or ()) > 1
        if is_doubt and variants and raw.key in variants:
            equal, is_doubt = variants[raw.key].positions, False
        return Miss(
            request=asked.request,
            nearest=self._nearest(asked, equal, expected) if explain else (),
            used_up=bool(equal) and all(self._played[position] for position in equal),
            indistinct=tuple(self._interactions[p].id for p in equal)
            if is_doubt
            else (),
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
