"""What a client of a WebSocket gets, byte by byte and at which time."""

import json
from collections.abc import Iterator

import pytest
from anyvcr.core.replay.action import Close, Send, WaitUntil
from anyvcr.core.replay.pacing import INSTANT, RECORDED, Pace
from anyvcr.core.replay.websocket_connection import (
    MISSED,
    PATIENCE,
    WebSocketConnection,
)
from anyvcr.core.websocket import message as said
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.message import Binary, End, Message, Side, Text
from unit.websocket.talking import choice, client, recorded, server
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

CREATE = client(type="create")


class Client:
    """A WebSocket client without a network, on a clock that is set by hand."""

    def __init__(
        self, choice: Choice, *, pace: Pace = INSTANT, limit: int = 1 << 20
    ) -> None:
        self.now = 100.0
        self.misses: list[Message] = []
        self.is_closed = False
        self._socket = Connection(ConnectionType.CLIENT)
        self._server = WebSocketConnection(
            choice, self._miss, pace=pace, limit=limit, now=self.now
        )

    def _miss(self, _: Choice, message: Message) -> str:
        self.misses.append(message)
        return "nothing goes on like that"

    def send(self, event: Event, cut: int = 0) -> None:
        data = self._socket.send(event)
        if cut:
            for start in range(0, len(data), cut):
                self._server.receive(data[start : start + cut])
        else:
            self._server.receive(data)

    def say(self, message: Message) -> None:
        assert isinstance(message, Text)
        self.send(TextMessage(message.text))

    def leave(self) -> None:
        self._server.receive(b"")

    def receive(self, data: bytes) -> None:
        self._server.receive(data)

    def got(self) -> Iterator[Event]:
        """All that comes until the server waits for the client, waiting as it asks."""
        while action := self._server.next(self.now):
            match action:
                case Send(data):
                    self._socket.receive_data(data)
                    yield from self._socket.events()
                case WaitUntil(time):
                    assert time > self.now
                    self.now = time
                case Close():
                    self.is_closed = True

    def texts(self) -> list[object]:
        return [json.loads(e.data) for e in self.got() if isinstance(e, TextMessage)]


def test_the_client_is_told_what_was_recorded() -> None:
    client = Client(choice(recorded(server(type="hello"), CREATE, server(type="done"))))

    assert client.texts() == [{"type": "hello"}]
    client.say(CREATE)
    assert client.texts() == [{"type": "done"}]
    assert not client.is_closed


@pytest.mark.parametrize("cut", [1, 2, 7])
def test_frames_may_come_in_any_pieces(cut: int) -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    assert isinstance(CREATE, Text)
    client.send(TextMessage(CREATE.text), cut=cut)
    assert client.texts() == [{"type": "done"}]


def test_a_message_may_come_in_fragments() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    assert isinstance(CREATE, Text)
    client.send(TextMessage(CREATE.text[:3], message_finished=False))
    client.send(Ping(b"?"))
    client.send(TextMessage(CREATE.text[3:]))
    assert [type(event) for event in client.got()] == [Pong, TextMessage]


def test_bytes_are_heard_and_said() -> None:
    talk = recorded(Binary(Side.CLIENT, b"\0in"), Binary(Side.SERVER, b"\0out"))
    client = Client(choice(talk))

    client.send(BytesMessage(b"\0in"))
    assert [bytes(e.data) for e in client.got() if isinstance(e, BytesMessage)] == [
        b"\0out"
    ]


def test_a_miss_is_an_error_that_ends_the_connection_for_good() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    client.say(Text(Side.CLIENT, '{"type":"other"}'))
    client.say(CREATE)
    error, close = client.got()

    assert isinstance(error, TextMessage)
    event = json.loads(error.data)
    assert event["type"] == "error"
    assert event["status"] == 400
    assert event["error"]["message"] == "nothing goes on like that"
    assert isinstance(close, CloseConnection)
    assert close.code == MISSED
    assert client.is_closed
    assert len(client.misses) == 1


def test_where_nothing_is_recorded_a_silent_client_is_told_as_well() -> None:
    client = Client(choice())

    assert [type(event) for event in client.got()] == [TextMessage, CloseConnection]
    assert client.now == pytest.approx(100 + PATIENCE)


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_a_recorded_close_is_said_as_it_was(code: int) -> None:
    client = Client(choice(recorded(CREATE, said.Close(Side.SERVER, code, "bye"))))

    client.say(CREATE)
    [close] = client.got()
    assert isinstance(close, CloseConnection)
    assert (close.code, close.reason) == (code, "bye")
    assert client.is_closed


def test_a_recorded_close_without_a_code_has_none() -> None:
    client = Client(choice(recorded(CREATE, said.Close(Side.SERVER))))

    client.say(CREATE)
    [close] = client.got()
    assert isinstance(close, CloseConnection)
    assert close.code == 1005


def test_a_recorded_end_without_a_close_has_none() -> None:
    client = Client(choice(recorded(CREATE, End(Side.SERVER))))

    client.say(CREATE)
    assert list(client.got()) == []
    assert client.is_closed


def test_a_client_that_closes_is_answered_and_the_connection_closed_at_once() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    client.send(CloseConnection(1000, "bye"))
    [close] = client.got()
    assert isinstance(close, CloseConnection)
    assert close.code == 1000
    assert client.is_closed


def test_a_client_that_goes_is_let_go() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    client.leave()
    assert list(client.got()) == []
    assert client.is_closed


def test_what_is_no_frame_is_refused() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))))

    client.receive(b"\xff\xff\xff\xff")
    [close] = client.got()
    assert isinstance(close, CloseConnection)
    assert close.code == 1002
    assert client.is_closed


def test_a_message_above_the_limit_is_refused() -> None:
    client = Client(choice(recorded(CREATE, server(type="done"))), limit=10)

    client.send(TextMessage("x" * 11))
    [close] = client.got()
    assert isinstance(close, CloseConnection)
    assert close.code == 1009


def test_events_without_a_time_come_20_ms_apart() -> None:
    deltas = [server(type="delta", n=n) for n in range(5)]
    client = Client(choice(recorded(CREATE, *deltas)), pace=RECORDED)

    client.say(CREATE)
    assert len(client.texts()) == 5
    assert client.now == pytest.approx(100 + 4 * 0.02)


@pytest.mark.parametrize(("factor", "took"), [(1, 0.7), (2, 0.35), (0.5, 1.4)])
def test_the_recorded_gaps_are_kept_from_what_the_client_said(
    factor: float, took: float
) -> None:
    def at(message: Message, ms: float) -> Message:
        assert isinstance(message, Text)
        return Text(message.side, message.text, ms)

    talk = recorded(
        at(CREATE, 1000),
        at(server(type="delta"), 1200),
        at(server(type="done"), 1700),
    )
    client = Client(choice(talk), pace=Pace(factor))

    client.say(CREATE)
    assert len(client.texts()) == 2
    assert client.now == pytest.approx(100 + took)


def test_a_silent_client_is_not_waited_for_where_nothing_depends_on_it() -> None:
    talk = recorded(
        CREATE,
        server(type="response.created", response={"id": "r"}),
        client(type="output"),
        server(type="response.completed", response={"id": "r"}),
    )
    live = Client(choice(talk))

    live.say(CREATE)
    assert len(live.texts()) == 2
    assert live.now == pytest.approx(100 + PATIENCE)
    live.say(client(type="output"))
    assert live.texts() == []
    assert not live.misses
