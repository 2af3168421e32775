"""Leave to open a WebSocket on the client's connection, and what is said on it."""

from collections.abc import Callable
from dataclasses import dataclass

from anyvcr.core.replay.pacing import Pace
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.message import Message

Miss = Callable[[Choice, Message], str]
"""Reports what nothing recorded goes on with; the text is shown to the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """The answer to an opening handshake: 101, and then recorded conversations."""

    choice: Choice
    miss: Miss
    pace: Pace
    limit: int
    """Bytes of a message of the client's."""
    subprotocol: str = ""
    """What the server had chosen (`Sec-WebSocket-Protocol`); may be empty."""
    may_leave: bool = False
    """Whether a client to whom nothing was played may be handed over."""
