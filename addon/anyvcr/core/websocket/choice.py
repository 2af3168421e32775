"""Which recorded conversation a client is having, found out by what it says.

All that fit so far go on side by side; the first of them, the lead, speaks. Where the client
says what the lead did not record, the next that fits takes the lead, if up to now it would
have said messages of the same types; its ids are then replaced by those already sent.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from anyvcr.core.websocket.conversation import Conversation
from anyvcr.core.websocket.event import Event
from anyvcr.core.websocket.message import Binary, Message, Text


class Choice:
    """The conversations that fit what one client has said; `taken` are the ids that others have.

    A conversation is taken with the client's first word, so that two clients that connect at
    once do not get the same one.
    """

    def __init__(
        self,
        fitting: Iterable[Conversation],
        taken: set[int],
        redact: Callable[[bytes], bytes] = bytes,
        count: Callable[[int | None, int | None], object] | None = None,
        subprotocol: str = "",
    ) -> None:
        """`redact` is given what the client says, and `count` the ids of what it has and had before.

        `subprotocol` is the one that the server had chosen.
        """
        self.subprotocol = subprotocol
        self._fitting = list(fitting)
        self._taken = taken
        self._redact = redact
        self._count = count
        self._mine: int | None = None
        self.nearest: Conversation | None = None
        """After a miss, the conversation that fitted until then."""

    @property
    def lead(self) -> Conversation | None:
        """The conversation that speaks."""
        return self._fitting[0] if self._fitting else None

    def hear(self, live: Message) -> bool:
        """Take what the client says; False where nothing recorded goes on like that."""
        event = Event(self._without_secrets(live))
        lead = self.lead
        self._fitting = [
            talk
            for talk in self._fitting
            if (talk.id == self._mine or talk.id not in self._taken)
            and talk.hear(event)
        ]
        if self.lead is None:
            self.nearest = lead
            return False
        if self.lead.id != self._mine:
            before, self._mine = self._mine, self.lead.id
            if before is not None:
                self._taken.discard(before)
            self._taken.add(self._mine)
            if self._count:
                self._count(self._mine, before)
        return True

    def leave(self) -> None:
        """Give back what the client has, where nothing of it was said."""
        before, self._mine = self._mine, None
        if before is not None:
            self._taken.discard(before)
            if self._count:
                self._count(None, before)

    def _without_secrets(self, live: Message) -> Message:
        match live:
            case Text(text=text):
                return replace(live, text=self._redact(text.encode()).decode())
            case Binary(data=data):
                return replace(live, data=self._redact(data))
            case _:
                return live

    def due(self, *, patient: bool = True) -> Iterator[Message]:
        """What is to be sent now, in order."""
        if self.lead is None:
            return
        said = self.lead.due(patient=patient)
        sent = [self.lead.names.put_into(event) for event in said]
        self._fitting[1:] = [
            talk
            for talk in self._fitting[1:]
            if _follows(talk, talk.due(patient=patient), sent)
        ]
        yield from sent


def _follows(talk: Conversation, own: list[Event], sent: list[Message]) -> bool:
    """Whether `talk` would have said the like of what was sent; takes the ids that were."""
    if len(own) != len(sent):
        return False
    for mine, theirs in zip(own, map(Event, sent), strict=True):
        if mine.type != theirs.type or type(mine.message) is not type(theirs.message):
            return False
        talk.names.learn_from_server(mine, theirs)
    return True
