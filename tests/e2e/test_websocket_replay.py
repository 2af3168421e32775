"""WebSocket conversations of a cassette, had again by clients at both doors."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text
from go import awkward
from go.process import Oracle
from support.proxies import Mitmdump, mitmdump
from support.websocket_client import Client, at_base_url, through_proxy
from support.websocket_peer import Peer
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    TextMessage,
)

URL = "https://api.openai.com/v1/realtime"
TALKS = 200
FLOOD = 2000


def event(side: Side, **event: object) -> Message:
    return Text(side, json.dumps(event))


def greeting(n: int) -> list[Message]:
    """A session with one question and one answer."""
    return [
        event(
            Side.SERVER, type="session.created", session={"id": f"sess_recorded_{n}"}
        ),
        event(Side.CLIENT, type="ask", text=f"question {n}"),
        event(Side.SERVER, type="answer", text=f"answer {n}"),
        Close(Side.CLIENT, 1000),
    ]


def conversation(
    id_: int, messages: list[Message], *, url: str = URL, protocol: str = ""
) -> Interaction:
    headers = [("Content-Type", (transcript.CONTENT_TYPE,))]
    if protocol:
        headers.append(("Sec-Websocket-Protocol", (protocol,)))
    return Interaction(
        id=id_,
        request=Request(method="GET", url=url),
        response=Response(
            code=101,
            status="101 Switching Protocols",
            headers=tuple(headers),
            body="".join(map(transcript.write, messages)).encode(),
        ),
    )


@contextmanager
def replaying(
    home: Path, *interactions: Interaction, **options: object
) -> Iterator[Mitmdump]:
    path = home / "c.yaml"
    path.write_bytes(codec.dumps(Cassette(interactions=interactions)))
    with mitmdump(
        home,
        options={"cassette": path, "cassette_mode": "replay-only", **options},
    ) as proxy:
        yield proxy


@contextmanager
def connected(
    proxy: Mitmdump, door: str, subprotocols: Sequence[str] = ()
) -> Iterator[Client]:
    if door == "base-url":
        with at_base_url(proxy.port) as client:
            yield client
    else:
        with through_proxy(proxy.port, proxy.ca, subprotocols) as client:
            yield client


@pytest.mark.parametrize("door", ["base-url", "proxy"])
def test_a_recorded_conversation_is_had_again(home: Path, door: str) -> None:
    recorded = [conversation(n, greeting(n)) for n in range(2)]
    with replaying(home, *recorded) as proxy, connected(proxy, door) as client:
        assert isinstance(client.opened, AcceptConnection)
        assert client.hear() == {
            "type": "session.created",
            "session": {"id": "sess_recorded_0"},
        }
        client.say(type_="ask", text="question 1")
        assert client.hear() == {"type": "answer", "text": "answer 1"}
        client.send(CloseConnection(1000))
        assert client.hear() == 1000
        assert client.hear() is None, "the connection ends at once"
        proxy.wait_for(r"played back #1 GET https://api\.openai\.com/v1/realtime: 101")
    assert proxy.log.count("played back #") == 1


def test_a_miss_says_what_differs_and_ends_the_connection(home: Path) -> None:
    with (
        replaying(home, conversation(0, greeting(0))) as proxy,
        connected(proxy, "proxy") as client,
    ):
        client.hear()
        client.say(type_="ask", text="another question")
        missed = client.hear()
        assert isinstance(missed, dict)
        assert missed["status"] == 400
        message = missed["error"]["message"]
        assert '$.text: recorded "question 0", sent "another question"' in message
        assert client.hear() == 4000
        assert client.hear() is None
    assert "another question" in proxy.log


def test_where_nothing_is_recorded_the_first_message_is_a_miss(home: Path) -> None:
    with replaying(home) as proxy, connected(proxy, "base-url") as client:
        assert isinstance(client.opened, AcceptConnection)
        client.say(type_="ask")
        missed = client.hear()
        assert isinstance(missed, dict)
        assert "no recorded conversation goes on with ask" in missed["error"]["message"]


def test_a_recorded_refusal_to_open_one_is_given_again(home: Path) -> None:
    refusal = Interaction(
        id=0,
        request=Request(method="GET", url=URL),
        response=Response(
            code=426, status="426 Upgrade Required", body=b"use HTTP", content_length=8
        ),
    )
    with replaying(home, refusal) as proxy, connected(proxy, "proxy") as client:
        assert isinstance(client.opened, RejectConnection)
        assert client.opened.status_code == 426


def test_the_chosen_subprotocol_is_named_and_no_key_with_it(home: Path) -> None:
    recorded = conversation(0, greeting(0), protocol="realtime")
    with (
        replaying(home, recorded) as proxy,
        connected(
            proxy,
            "proxy",
            subprotocols=["realtime", "openai-insecure-api-key.sk-1"],
        ) as client,
    ):
        assert isinstance(client.opened, AcceptConnection)
        assert client.opened.subprotocol == "realtime"


def test_nobody_else_gets_a_conversation_that_was_had(home: Path) -> None:
    with replaying(home, conversation(0, greeting(0))) as proxy:
        for expected in ("answer", "error"):
            with connected(proxy, "base-url") as client:
                if expected == "answer":
                    client.hear()
                client.say(type_="ask", text="question 0")
                heard = client.hear()
                assert isinstance(heard, dict)
                assert heard["type"] == expected


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        pytest.param(Close(Side.SERVER, 4001, "bye"), 4001, id="close frame"),
        pytest.param(Close(Side.SERVER), 1005, id="close frame without a code"),
        pytest.param(End(Side.SERVER), None, id="no close frame"),
        pytest.param(End(Side.SERVER, "1007 bad"), None, id="broken protocol"),
    ],
)
def test_an_end_of_the_apis_is_seen_again(
    home: Path, end: Message, seen: int | None
) -> None:
    with (
        replaying(home, conversation(0, [*greeting(0)[:-1], end])) as proxy,
        connected(proxy, "proxy") as client,
    ):
        client.hear()
        client.say(type_="ask", text="question 0")
        assert client.hear() == {"type": "answer", "text": "answer 0"}
        assert client.hear() == seen
        assert proxy.stop() == 0
    assert "played back 1 interaction" in proxy.log


def test_what_the_recorder_ended_stays_open(home: Path) -> None:
    """Only the recording stopped there; the client may say nothing more, and closes."""
    cut = [*greeting(0)[:-1], End(Side.RECORDER, "the proxy was stopped")]
    with (
        replaying(home, conversation(0, cut)) as proxy,
        connected(proxy, "base-url") as client,
    ):
        client.hear()
        client.say(type_="ask", text="question 0")
        client.hear()
        client.send(Ping(b"there?"))
        assert client.receive() == Pong(b"there?")
        client.send(CloseConnection(1000))
        assert client.hear() == 1000


def test_a_client_that_breaks_off_disturbs_nobody(home: Path) -> None:
    recorded = [conversation(n, greeting(n)) for n in range(3)]
    with replaying(home, *recorded) as proxy:
        for n, end in enumerate((Peer.reset, Peer.leave)):
            with connected(proxy, "base-url") as client:
                client.hear()
                client.say(type_="ask", text=f"question {n}")
                end(client)
        with connected(proxy, "base-url") as client:
            client.hear()
            client.say(type_="ask", text="question 2")
            assert client.hear() == {"type": "answer", "text": "answer 2"}
        proxy.wait_for("played back #1")
        assert proxy.stop() == 0


def test_a_flood_of_pings_is_answered(home: Path) -> None:
    with (
        replaying(home, conversation(0, greeting(0))) as proxy,
        connected(proxy, "base-url") as client,
    ):
        client.hear()
        for number in range(FLOOD):
            client.send(Ping(b"%d" % number))
            assert client.receive() == Pong(b"%d" % number)
        client.say(type_="ask", text="question 0")
        assert client.hear() == {"type": "answer", "text": "answer 0"}
    assert "WebSocket p" not in proxy.log


def test_two_hundred_at_once_get_a_conversation_each(home: Path) -> None:
    recorded = [conversation(n, greeting(n)) for n in range(TALKS)]
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(replaying(home, *recorded))
        clients = [
            stack.enter_context(connected(proxy, "base-url")) for _ in range(TALKS)
        ]
        for client in clients:
            assert isinstance(client.hear(), dict)
        for n, client in enumerate(reversed(clients)):
            client.say(type_="ask", text=f"question {n}")
        for n, client in enumerate(reversed(clients)):
            assert client.hear() == {"type": "answer", "text": f"answer {n}"}
        assert proxy.stop() == 0
    assert f"played back {TALKS} interactions" in proxy.log


@pytest.mark.parametrize("modules", ["go.mod", "rc3.mod", "v4.mod"])
@pytest.mark.parametrize("style", ["go-vcr", "x-vcr"])
def test_what_go_has_saved_again_is_had_bit_for_bit(
    home: Path, modules: str, style: str
) -> None:
    """Both sides say everything that is awkward to write as YAML."""
    said: list[TextMessage | BytesMessage] = [
        *map(TextMessage, awkward.WORDS),
        *map(BytesMessage, awkward.BYTES),
    ]
    recorded = conversation(0, [m for each in said for m in _both_sides(each)])
    path = home / "c.yaml"
    ours = codec.dumps(Cassette(interactions=(recorded,)))
    [again] = Oracle(home, modules).ask("again", [ours], style=style)
    assert again.error == ""
    [saved] = again.texts
    path.write_bytes(saved)

    options = {"cassette": path, "cassette_mode": "replay-only"}
    with (
        mitmdump(home, options=options) as proxy,
        at_base_url(proxy.port) as client,
    ):
        for message in said:
            client.send(message)
            assert client.receive() == message
        client.send(CloseConnection(1000))
        assert client.hear() == 1000

    (kept,) = codec.loads(saved).interactions
    assert kept.response == recorded.response
    assert b"    body: |" in saved, "and a diff shows it message by message"


def _both_sides(event: TextMessage | BytesMessage) -> list[Message]:
    if isinstance(event, TextMessage):
        return [Text(side, event.data) for side in (Side.CLIENT, Side.SERVER)]
    return [Binary(side, bytes(event.data)) for side in (Side.CLIENT, Side.SERVER)]
