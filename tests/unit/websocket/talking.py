"""Conversations for tests, written as transcripts, and a client that speaks."""

import json

from anyvcr.core.matching.rules import Rules
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.conversation import Conversation, Script
from anyvcr.core.websocket.message import Close, End, Message, Side, Text

Said = dict[str, object]


def client(**event: object) -> Message:
    """An event of the client's; `type_` is its type."""
    return _event(Side.CLIENT, event)


def server(**event: object) -> Message:
    """An event of the server's."""
    return _event(Side.SERVER, event)


def _event(side: Side, event: Said) -> Message:
    named = {name.rstrip("_"): value for name, value in event.items()}
    return Text(side, json.dumps(named, separators=(",", ":")))


def recorded(
    *messages: Message, id_: int = 0, ignore: tuple[str, ...] = ()
) -> Conversation:
    """A conversation that went through its text in a cassette."""
    body = "".join(map(transcript.write, messages))
    return Conversation(id_, Script(transcript.read(body)), Rules(ignore=ignore))


def choice(*talks: Conversation, taken: set[int] | None = None) -> Choice:
    """What a client that has just connected may have."""
    return Choice(talks, set() if taken is None else taken)


def said(choice: Choice, *, patient: bool = True) -> list[object]:
    """What the server says now: events as objects, ends as their code or None."""
    return [_value(message) for message in choice.due(patient=patient)]


def _value(message: Message) -> object:
    match message:
        case Text(text=text):
            return json.loads(text)
        case Close(code=code):
            return code
        case End():
            return None
        case binary:
            return binary.data
