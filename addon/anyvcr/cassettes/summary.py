"""What became of one cassette in one run, for people and for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyvcr.core.modes import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The account of one cassette."""

    cassette: Path
    mode: Mode
    played: int
    recorded: int
    misses: tuple[Mapping[str, object], ...]
    """Requests that were refused, with what the cassette held nearest to each."""
    unused: tuple[int, ...]
    """Ids of recorded interactions that nobody asked for."""
    dropped: Mapping[str, int]
    """Exchanges that were not stored, counted by the reason."""
    failure: str | None
    """Why the cassette could not be written."""

    @property
    def records(self) -> bool:
        """Whether its session writes new interactions."""
        return self.mode in (Mode.RECORD_ONLY, Mode.REPLAY_WITH_NEW_EPISODES)

    def describe(self) -> str:
        """One line for the user."""
        parts = []
        if self.recorded:
            parts.append(f"recorded {_count(self.recorded)} in {self.cassette}")
        elif self.mode is Mode.RECORD_ONLY:
            parts.append("recorded nothing")
        if self.played or self.mode is Mode.REPLAY_ONLY:
            parts.append(f"played back {_count(self.played)} from {self.cassette}")
        if self.misses:
            parts.append(f"refused {len(self.misses)} that the cassette does not hold")
        if self.unused:
            parts.append(f"{len(self.unused)} recorded but not asked for")
        if self.dropped:
            reasons = ", ".join(f"{n}: {why}" for why, n in self.dropped.items())
            parts.append(f"{sum(self.dropped.values())} not recorded ({reasons})")
        if self.failure:
            parts.append(f"FAILED: {self.failure}")
        return "; ".join(parts) or "passed everything through"

    def report(self) -> dict[str, object]:
        """The account as JSON values."""
        return {
            "cassette": str(self.cassette),
            "mode": str(self.mode),
            "played": self.played,
            "recorded": self.recorded,
            "misses": list(self.misses),
            "unused": list(self.unused),
            "dropped": dict(self.dropped),
            "failure": self.failure,
        }


def _count(number: int) -> str:
    return f"{number} interaction{'' if number == 1 else 's'}"
