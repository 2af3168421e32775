"""A message that no recorded conversation goes on with, in words and as JSON."""

from collections.abc import Callable
from dataclasses import dataclass

from anyvcr.core.matching import miss_text
from anyvcr.core.matching.differences import Difference, compare_bodies
from anyvcr.core.matching.rules import Rules
from anyvcr.core.printable import printable
from anyvcr.core.websocket.conversation import Conversation
from anyvcr.core.websocket.event import Event
from anyvcr.core.websocket.message import Binary, Message

Redact = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """What a client said that nothing recorded goes on with."""

    url: str
    said: Message
    nearest: Conversation | None
    """The conversation that fitted until then."""
    rules: Rules

    @property
    def differences(self) -> tuple[Difference, ...]:
        """From the message that is recorded next, in the conversation that fitted."""
        expected = self.nearest.expected if self.nearest else []
        if not expected:
            return ()
        names = self.nearest.names.live if self.nearest else {}
        live = Event(self.said).meaning(self.rules)
        found = (
            tuple(compare_bodies(each.meaning(self.rules, names), live))
            for each in expected
        )
        return min(found, key=len)


def explain(miss: Miss, redact: Redact) -> str:
    """The miss in one line for people."""
    what = Event(miss.said).type or _kind(miss.said)
    asked = f"{redact(what)} on the WebSocket {redact(miss.url)}"
    near = miss.nearest
    if near is None:
        text = f"no recorded conversation goes on with {asked}"
    elif not near.expected:
        text = f"no recorded conversation goes on with {asked}: #{near.id} has ended"
    else:
        listed = miss_text.listed(miss.differences, redact)
        text = (
            f"no recorded conversation goes on with {asked}; nearest is #{near.id}, "
            f"where {listed}"
        )
    return printable(text)


def report(miss: Miss, redact: Redact) -> dict[str, object]:
    """The miss for a program, as other misses are reported."""
    return {
        "method": "GET",
        "url": printable(redact(miss.url)),
        "message": explain(miss, redact),
        "used_up": False,
        "expected": None,
        "recorded": 0 if miss.nearest is None else 1,
        "nearest": [],
        "options": [],
    }


def _kind(said: Message) -> str:
    return "bytes" if isinstance(said, Binary) else "a text"
