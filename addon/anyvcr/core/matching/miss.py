"""A miss: no interaction answers a request, and what is nearest."""

from dataclasses import dataclass

from anyvcr.core.cassette.model import Request
from anyvcr.core.matching.nearest import Nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """No interaction answers `request`."""

    request: Request
    nearest: tuple[Nearest, ...] = ()
    """The best first; empty where nothing is recorded or no explanation was wanted."""
    used_up: bool = False
    """Equal interactions exist, and all were played."""
    indistinct: tuple[int, ...] = ()
    """Ids of equal interactions of which each was asked with a secret of its own."""
    expected: int | None = None
    """Id of the interaction whose turn it is, where the cassette is played strictly in order."""
    recorded: int = 0
    """Number of interactions in the cassette."""

    @property
    def equal(self) -> tuple[Nearest, ...]:
        """Those that match, only not (or no longer) now."""
        return tuple(near for near in self.nearest if not near.differences)
