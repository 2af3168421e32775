"""In replay-with-new-episodes a WebSocket is played, or goes on to the API and is recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction
from anyvcr.core.websocket.message import Close, Message, Side
from e2e.test_websocket_replay import connected, conversation, event, greeting
from support.proxies import Mitmdump, mitmdump
from support.raw_upstream import raw_upstream
from support.websocket_peer import Peer, upstream
from support.websocket_peer import at_base_url as peer_at_base_url
from wsproto.events import AcceptConnection, CloseConnection, TextMessage
from wsproto.extensions import PerMessageDeflate


def asking(n: int) -> list[Message]:
    """A conversation that its client begins."""
    return [
        event(Side.CLIENT, type="ask", text=f"question {n}"),
        event(Side.SERVER, type="answer", text=f"answer {n}"),
        event(Side.CLIENT, type="ask", text="more"),
        event(Side.SERVER, type="answer", text="no more"),
        Close(Side.CLIENT, 1000),
    ]


@contextmanager
def new_episodes(
    home: Path, url: str, *interactions: Interaction, **options: object
) -> Iterator[Mitmdump]:
    path = home / "c.yaml"
    path.write_bytes(codec.dumps(Cassette(interactions=interactions)))
    given = {
        "cassette": path,
        "cassette_mode": "replay-with-new-episodes",
        "cassette_upstream": url,
        **options,
    }
    with mitmdump(home, options=given) as proxy:
        yield proxy


def bodies(home: Path) -> list[str]:
    cassette = codec.loads((home / "c.yaml").read_bytes())
    return [each.response.body.decode() for each in cassette.interactions]


def live(peer: Peer) -> None:
    """Answer every message in capitals, until the client closes."""
    while isinstance(said := peer.receive(), TextMessage):
        peer.send(TextMessage(said.data.upper()))
    assert isinstance(said, CloseConnection)
    peer.send(said.response())


doors = pytest.mark.parametrize("door", ["base-url", "proxy"])


@doors
def test_what_is_recorded_is_played_and_asks_nobody(home: Path, door: str) -> None:
    with (
        upstream(live) as api,
        new_episodes(home, api.url, conversation(0, asking(0))) as proxy,
    ):
        with connected(proxy, door) as client:
            client.say(type_="ask", text="question 0")
            assert client.hear() == {"type": "answer", "text": "answer 0"}
            client.say(type_="ask", text="more")
            assert client.hear() == {"type": "answer", "text": "no more"}
            client.send(CloseConnection(1000))
            assert client.hear() == 1000
            assert client.hear() is None
        assert proxy.stop() == 0

    assert api.requests == []
    assert len(bodies(home)) == 1
    assert "played back #0" in proxy.log


@doors
def test_a_conversation_that_begins_otherwise_goes_on_to_the_api(
    home: Path, door: str
) -> None:
    with (
        upstream(live) as api,
        new_episodes(home, api.url, conversation(0, asking(0))) as proxy,
    ):
        with connected(proxy, door) as client:
            assert isinstance(client.opened, AcceptConnection)
            client.send(TextMessage("one"))
            client.send(TextMessage("two"))
            assert [client.receive(), client.receive()] == [
                TextMessage("ONE"),
                TextMessage("TWO"),
            ]
            client.send(CloseConnection(1000))
            assert client.hear() == 1000
        proxy.wait_for("recorded #1")
        assert proxy.stop() == 0

    [_, new] = bodies(home)
    said = [line for line in new.splitlines() if line.startswith(">")]
    heard = [line for line in new.splitlines() if line.startswith("<")]
    assert said == ["> one", "> two", "># 1000"]
    assert heard == ["< ONE", "< TWO"]
    assert len(api.requests) == 1
    assert "played back #" not in proxy.log


def test_one_that_goes_on_is_compressed_on_neither_side(home: Path) -> None:
    """Its client was answered before the API could agree to compress."""
    recorded = conversation(0, asking(0))
    offer = {"target": "/v1/realtime", "extensions": [PerMessageDeflate()]}
    with (
        upstream(live, deflate=True) as api,
        new_episodes(home, api.url, recorded) as proxy,
        peer_at_base_url(proxy.port, **offer) as client,
    ):
        client.send(TextMessage("one " * 100))
        assert client.receive() == TextMessage("ONE " * 100)
        client.send(CloseConnection(1000))
        assert isinstance(client.receive(), CloseConnection)
    assert not api.requests[0].extensions


def test_a_conversation_of_which_something_was_played_is_a_miss(home: Path) -> None:
    with (
        upstream(live) as api,
        new_episodes(home, api.url, conversation(0, greeting(0))) as proxy,
        connected(proxy, "proxy") as client,
    ):
        client.hear()
        client.say(type_="ask", text="another question")
        missed = client.hear()
        assert isinstance(missed, dict)
        assert '"another question"' in missed["error"]["message"]
        assert client.hear() == 4000
    assert api.requests == []


def test_where_nothing_is_recorded_for_the_url_it_is_the_apis(home: Path) -> None:
    other = conversation(0, asking(0), url="https://api.openai.com/v1/other")
    with upstream(live) as api, new_episodes(home, api.url, other) as proxy:
        with connected(proxy, "proxy") as client:
            client.send(TextMessage("one"))
            assert client.receive() == TextMessage("ONE")
            client.send(CloseConnection(1000))
            assert client.hear() == 1000
        proxy.wait_for("recorded #1")
        proxy.stop()
    assert bodies(home)[1].startswith("> one\n< ONE\n")


def test_an_api_that_refuses_is_told_to_the_client(home: Path) -> None:
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
    with (
        raw_upstream(answer) as api,
        new_episodes(home, api.url, conversation(0, asking(0))) as proxy,
        connected(proxy, "proxy") as client,
    ):
        client.say(type_="ask", text="unknown")
        missed = client.hear()
        assert isinstance(missed, dict)
        assert "the API refused the WebSocket: 401" in missed["error"]["message"]
        assert client.hear() == 4000
    assert "not recorded: GET" in proxy.log


def test_an_api_that_is_not_there_is_told_to_the_client(home: Path) -> None:
    with raw_upstream() as gone:
        url = gone.url
    with (
        new_episodes(home, url, conversation(0, asking(0))) as proxy,
        connected(proxy, "base-url") as client,
    ):
        client.say(type_="ask", text="unknown")
        missed = client.hear()
        assert isinstance(missed, dict)
        assert "the API cannot be reached" in missed["error"]["message"]
        assert client.hear() == 4000
