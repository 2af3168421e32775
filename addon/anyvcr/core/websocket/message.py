"""What one side of a WebSocket says: a text, bytes, or the end of the connection."""

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Who says it; the value is the mark in a transcript."""

    CLIENT = ">"
    SERVER = "<"
    RECORDER = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text message, whole."""

    side: Side
    text: str
    at: float | None = None
    """Milliseconds since the upgrade was answered; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary message, whole."""

    side: Side
    data: bytes
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame (RFC 6455, section 5.5.1)."""

    side: Side
    code: int | None = None
    """None for a frame without a code, which programs see as 1005."""
    reason: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The connection's end without a close frame, which programs see as 1006.

    Of the recorder, it says that the recording stopped before the conversation did.
    """

    side: Side
    how: str = ""
    at: float | None = None


Message = Text | Binary | Close | End
