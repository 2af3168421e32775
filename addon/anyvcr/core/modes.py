"""go-vcr's five modes (recorder.go, type Mode) and what each may do."""

from enum import StrEnum

from anyvcr.core.errors import one_of


class Mode(StrEnum):
    """What a session does with requests that the cassette knows, and with those it does not."""

    RECORD_ONLY = "record-only"
    """Forward and record everything; an existing cassette is replaced."""
    REPLAY_ONLY = "replay-only"
    """Answer from the cassette or refuse; the cassette must exist."""
    REPLAY_WITH_NEW_EPISODES = "replay-with-new-episodes"
    """Answer from the cassette, forward and append what it does not hold."""
    RECORD_ONCE = "record-once"
    """Record where there is no cassette yet, else as replay-only."""
    PASSTHROUGH = "passthrough"
    """Forward everything, record nothing."""

    @classmethod
    def parse(cls, text: str) -> "Mode":
        """The mode of that name; raises ConfigError listing the five."""
        return one_of(cls, text, "cassette mode")


def resolve(mode: Mode, *, exists: bool) -> Mode:
    """What `mode` amounts to for a cassette that is there or not (go-vcr recorder.go, getCassette).

    Never returns RECORD_ONCE: it is REPLAY_ONLY on an existing cassette, else RECORD_ONLY.
    """
    if mode is Mode.RECORD_ONCE:
        return Mode.REPLAY_ONLY if exists else Mode.RECORD_ONLY
    return mode
