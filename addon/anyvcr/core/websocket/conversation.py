"""One recorded conversation, and how far it has been played.

What the client says is compared in its order, within a stream where it names one. What the
server said goes out once all that the client had said before it has been heard again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from anyvcr.core.matching.rules import Rules
from anyvcr.core.websocket.event import Event, Names, agree, audio
from anyvcr.core.websocket.lanes import SESSION, Lane, Lanes
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text


class _Due(NamedTuple):
    """A message of the server's."""

    position: int
    event: Event
    lane: Lane
    after: int
    """How many messages of the client's, in its line, came before it."""
    after_own: int
    """How many it can have depended on: those before its response began or for it."""


class _Part(NamedTuple):
    """Messages that wait for each other: those of one stream, or of all the rest."""

    wanted: list[Event]
    """What the client said."""
    due: list[_Due]


class Script:
    """A recorded conversation, read once for all who have it."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.parts: dict[Lane, _Part] = {SESSION: _Part([], [])}
        self.lanes = Lanes()
        self.end: Event | None = None
        """How the server ended it, if it did."""
        self._read(messages)

    def _read(self, messages: Iterable[Message]) -> None:
        own: dict[Lane, int] = {}
        for position, message in enumerate(messages):
            event = Event(message)
            match message:
                case Close() | End():
                    # Where the client ended it, it does so again.
                    if message.side is Side.SERVER:
                        self.end = event
                    return
                case Text() | Binary() if message.side is Side.CLIENT:
                    lane = self.lanes.of_client(event.value)
                    part = self._part(lane)
                    part.wanted.append(event)
                    if lane in own:
                        own[lane] = len(part.wanted)
                case _:
                    lane = self.lanes.of_server(event.value)
                    part = self._part(lane)
                    count = len(part.wanted)
                    alone = count if lane == SESSION else own.setdefault(lane, count)
                    part.due.append(_Due(position, event, lane, count, alone))

    def _part(self, lane: Lane) -> _Part:
        """The part that messages of `lane` wait in."""
        key = lane if lane.is_stream else SESSION
        return self.parts.setdefault(key, _Part([], []))


@dataclass(slots=True)
class _Line:
    """How far a part of a script has been played."""

    wanted: list[Event]
    due: list[_Due]
    heard: int = 0
    said: int = 0
    """How many of `due` have gone out, counted to the first that has not."""
    early: set[int] = field(default_factory=set)
    """Positions of those that have gone out before their turn."""

    @property
    def next(self) -> Event | None:
        """What the client says next."""
        return self.wanted[self.heard] if self.heard < len(self.wanted) else None

    @property
    def is_over(self) -> bool:
        return self.heard == len(self.wanted) and self.said == len(self.due)

    def pop(self) -> Iterator[_Due]:
        """What is due, in order."""
        while self.said < len(self.due):
            due = self.due[self.said]
            if due.position not in self.early and due.after > self.heard:
                return
            self.said += 1
            if due.position in self.early:
                self.early.discard(due.position)
            else:
                yield due

    def pop_early(self) -> Iterator[_Due]:
        """What is due but for messages of the client's that it cannot have depended on."""
        waiting: set[Lane] = set()
        for due in self.due[self.said :]:
            if due.position in self.early or due.lane in waiting:
                continue
            if due.after_own > self.heard:
                waiting.add(due.lane)
                continue
            self.early.add(due.position)
            yield due


class Conversation:
    """A recording that talks: `hear` what the client says, then send what is `due`."""

    def __init__(self, id: int, script: Script, rules: Rules) -> None:  # noqa: A002
        self.id = id
        """Of the interaction."""
        self.names = Names()
        self.heard_at: float | None = None
        """When the client said, in the recording, what was heard last; milliseconds."""
        self._rules = rules
        self._lines = {lane: _Line(*part) for lane, part in script.parts.items()}
        self._lanes = script.lanes
        self._end = script.end
        self._streams: dict[str, Lane] = {}
        """The recorded streams by the live client's names for them."""
        self._audio = b""
        """What came of a recorded piece of audio that is not whole yet."""

    def hear(self, live: Event) -> bool:
        """Take what the client says; False where this conversation does not go on like that."""
        piece = audio(live)
        if self._audio and piece is None:
            return False  # a part of a recorded piece came, and not the rest
        if piece is not None and not self._is_next(live):
            return self._hear_audio(piece)
        for lane in self._lanes_for(live):
            line = self._lines[lane]
            wanted = line.next
            if wanted and agree(wanted, live, self._rules, self.names.live):
                line.heard += 1
                self.heard_at = wanted.message.at
                self.names.learn_from_client(wanted, live)
                if lane.is_stream and isinstance(
                    name := live.value.get("stream_id"), str
                ):
                    self._streams[name] = lane
                return True
        return False

    def _lanes_for(self, live: Event) -> Sequence[Lane]:
        """The recorded lanes whose next message the live one may be, the likeliest first."""
        value = live.value
        name = value.get("stream_id")
        if not isinstance(name, str):
            known = {now: before for before, now in self.names.live.items()}
            response = value.get("previous_response_id")
            if isinstance(response, str) and response in known:
                value = {**value, "previous_response_id": known[response]}
            lane = self._lanes.of_client(value)
            return [lane if lane.is_stream else SESSION]
        if name in self._streams:
            return [self._streams[name]]
        bound = set(self._streams.values())
        free = [lane for lane in self._lines if lane.is_stream and lane not in bound]
        return sorted(free, key=lambda lane: lane.id != name)

    def _is_next(self, live: Event) -> bool:
        """Whether a whole piece of audio is the next by a rule of the user's, whatever it is."""
        wanted = self._lines[SESSION].next
        return (
            bool(self._rules.ignore)
            and not self._audio
            and wanted is not None
            and agree(wanted, live, self._rules, self.names.live)
        )

    def _hear_audio(self, piece: bytes) -> bool:
        """Take audio by its bytes, however the client cuts it."""
        line = self._lines[SESSION]
        heard = self._audio + piece
        while heard:
            wanted = line.next
            if wanted is None:
                return False
            recorded = audio(wanted)
            if recorded is None:
                return False
            if not heard.startswith(recorded):
                if not recorded.startswith(heard):
                    return False
                break
            line.heard += 1
            self.heard_at = wanted.message.at
            heard = heard[len(recorded) :]
        self._audio = heard
        return True

    def due(self, *, patient: bool = True) -> list[Event]:
        """What the server says now, in the recorded order, each once.

        A patient server waits for all that its client had said before; an impatient one, for
        what its response can have depended on: a program may send a tool's output after the
        response today that it sent during the response when it was recorded.
        """
        found = [due for line in self._lines.values() for due in line.pop()]
        if not patient:
            found += self._lines[SESSION].pop_early()
        events = [due.event for due in sorted(found)]
        if self._end and all(line.is_over for line in self._lines.values()):
            events.append(self._end)
            self._end = None
        return events

    @property
    def is_waiting(self) -> bool:
        """Whether the server has more to say, once the client says more."""
        return self._end is not None or any(
            line.said < len(line.due) for line in self._lines.values()
        )

    @property
    def expected(self) -> list[Event]:
        """What the client may say next, for a message about a miss."""
        return [line.next for line in self._lines.values() if line.next]
