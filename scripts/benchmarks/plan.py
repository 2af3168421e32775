"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Rounds and seconds; the medians need some rounds, the rates some tenths of a second."""

    rounds: int
    seconds: float
    """Of each load."""
    warm_up: float
    """Seconds of load on each subject before its first round: a JVM needs some."""
    starts: int
    long_starts: int
    interactions: int
    """Of the long recording."""
    is_full: bool
