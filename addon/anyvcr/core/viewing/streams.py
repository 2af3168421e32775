"""The events of a streamed body, whatever frames them: event streams, JSON arrays, JSON lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from anyvcr.core import sse
from anyvcr.core.viewing.loose import Object, obj, parsed, text


@dataclass(frozen=True, slots=True)
class Event:
    """One event whose data is a JSON object."""

    name: str
    """Its `event:` line, or the `type` in its data; may be empty."""
    data: Object


def events(body: bytes) -> list[Event]:
    """The events of a `text/event-stream` body that hold an object each."""
    return [event for block in sse.split(body) if (event := _event(block)) is not None]


def _event(block: bytes) -> Event | None:
    name, data = sse.fields(block)
    found = parsed(data.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        return None
    return Event(name.decode("utf-8", "replace") or text(found, "type"), found)


def objects(body: bytes) -> list[Object]:
    """The objects of a body that streams them as a JSON array or one a line."""
    value = parsed(body)
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict)]
    if isinstance(value, dict):
        return [value]
    return list(_lines(body))


def _lines(body: bytes) -> Iterator[Object]:
    for line in body.splitlines():
        if value := obj(parsed(line)):
            yield value
