"""A message as an event of the API: its JSON object, and what of it counts."""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from anyvcr.core.matching.body import Body, Json, Raw, same
from anyvcr.core.matching.ignored import without_volatile
from anyvcr.core.matching.json_value import Value, parse_json
from anyvcr.core.matching.rules import Rules
from anyvcr.core.websocket.message import Binary, Message, Text

APPEND = "input_audio_buffer.append"
"""Type of the events that carry the client's audio, cut as the client likes."""

_APPENDED = {"type", "audio", "event_id"}

# Names that a client makes up for what it sends; the server repeats them.
_MADE_UP = ("event_id", "stream_id")

_SHORTEST = 8
"""Characters of a made-up name that stands for itself wherever the server says it; a shorter
one might be a word."""


@dataclass(frozen=True)
class Event:
    """A message of either side and, where it is a JSON object, what it says."""

    message: Message

    @cached_property
    def value(self) -> dict[str, Value]:
        """The object; empty where the message is none. Not to be changed."""
        parsed = self._parsed()
        return parsed if isinstance(parsed, dict) else {}

    @property
    def type(self) -> str:
        """The event's `type`, empty where it has none."""
        kind = self.value.get("type")
        return kind if isinstance(kind, str) else ""

    def meaning(self, rules: Rules, names: Mapping[str, str] | None = None) -> Body:
        """What counts of a client's message, with the names in `names` put for others."""
        match self.message:
            case Text(text=text):
                parsed = self._parsed()
                if not isinstance(parsed, dict):
                    return Json(parsed) if parsed is not None else Raw(_bytes(text))
                if names:
                    parsed = _renamed(parsed, names)
                    assert isinstance(parsed, dict)
                for name in _MADE_UP:
                    parsed.pop(name, None)
                item = parsed.get("item")
                if isinstance(item, dict) and self.type == "conversation.item.create":
                    item.pop("id", None)
                return without_volatile(Json(parsed), rules)
            case Binary(data=data):
                return Raw(b"binary:" + data)
            case _:
                return Raw(b"")

    def _parsed(self) -> Value:
        """Parsed anew each time: who gets it may change it."""
        if not isinstance(self.message, Text):
            return None
        try:
            return parse_json(_bytes(self.message.text))
        except ValueError:
            return None


def agree(recorded: Event, live: Event, rules: Rules, names: Mapping[str, str]) -> bool:
    """Whether two messages of a client say the same; `names` are the live ones by recorded."""
    if type(recorded.message) is not type(live.message):
        return False
    return same(recorded.meaning(rules, names), live.meaning(rules))


def audio(event: Event) -> bytes | None:
    """The audio of an event that only appends it, None of any other or where it is no base64."""
    if event.type != APPEND or not event.value.keys() <= _APPENDED:
        return None
    text = event.value.get("audio")
    try:
        return b64decode(text, validate=True) if isinstance(text, str) else None
    except Base64Error:
        return None


class Names:
    """What stands for the names in a recording: those of the live client and session.

    A name of eight characters or more is replaced wherever it is a whole value; a shorter one
    might be a word, so it is replaced only where a name stands (`event_id`, `id` and the like).
    """

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        """The live names by the recorded ones."""

    def learn_from_client(self, recorded: Event, live: Event) -> None:
        """Take the strings that differ in two messages that agree: nothing there counts."""
        self.live.update(_differing(recorded.value, live.value, lambda _: True))

    def learn_from_server(self, recorded: Event, sent: Event) -> None:
        """Take the ids of what was sent in place of a recorded message of another session."""
        self.live.update(_differing(recorded.value, sent.value, _is_id))

    def put_into(self, recorded: Event) -> Message:
        """The message as the live client must see it."""
        message = recorded.message
        if not self.live or not isinstance(message, Text) or not recorded.value:
            return message
        # JSON as it came, numbers and order too: the exact values are for comparing only.
        value = json.loads(message.text)
        new = _put(value, self.live, "")
        if new == value:
            return message
        text = json.dumps(new, ensure_ascii=False, separators=(",", ":"))
        return Text(message.side, text, message.at)


def _differing(
    one: Value, other: Value, counts: Callable[[str], bool], field: str = ""
) -> Iterator[tuple[str, str]]:
    """The strings that differ at the same place, in fields that `counts`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() & other.keys():
            yield from _differing(one[name], other[name], counts, name)
    elif isinstance(one, list) and isinstance(other, list):
        for before, now in zip(one, other, strict=False):
            yield from _differing(before, now, counts, field)
    elif (
        isinstance(one, str)
        and isinstance(other, str)
        and one != other
        and counts(field)
    ):
        yield one, other


def _is_id(field: str) -> bool:
    return field == "id" or field.endswith("_id")


def _put(value: object, live: Mapping[str, str], field: str) -> object:
    match value:
        case dict():
            return {name: _put(item, live, name) for name, item in value.items()}
        case list():
            return [_put(item, live, field) for item in value]
        case str() if value in live and (len(value) >= _SHORTEST or _is_id(field)):
            return live[value]
        case _:
            return value


def _renamed(value: Value, names: Mapping[str, str], field: str = "") -> Value:
    if isinstance(value, dict):
        return {name: _renamed(item, names, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names, field) for item in value]
    if isinstance(value, str) and (len(value) >= _SHORTEST or _is_id(field)):
        return names.get(value, value)
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
