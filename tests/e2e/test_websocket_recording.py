"""WebSockets are recorded as they pass, and stored however they end."""

import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Interaction
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary
from standin import Answer, Manners, Received, StandIn
from support import proxies
from support.proxies import Mitmdump, mitmdump
from support.raw_upstream import raw_upstream
from support.websocket_peer import Peer, Upstream, at_base_url, through_tunnel, upstream
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate

URL = "https://api.openai.com/v1/realtime?model=m"
CLOSE = CloseConnection(code=1000, reason="bye")
TALKS = 200
FLOOD = 5000
EMOJI = '{"text":"\N{GRINNING FACE} 100%"}'


def recording(
    home: Path, api: Upstream, **options: object
) -> AbstractContextManager[Mitmdump]:
    given = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": api.url,
        **options,
    }
    return mitmdump(home, options=given)


def kept(home: Path) -> list[Interaction]:
    return list(codec.loads((home / "c.yaml").read_bytes()).interactions)


def body(home: Path) -> str:
    """The only transcript."""
    (interaction,) = kept(home)
    return interaction.response.body.decode()


def echo(peer: Peer) -> None:
    """Send every message back until the client ends the connection."""
    while True:
        match peer.receive():
            case CloseConnection(code=1006):
                return
            case CloseConnection() as close:
                peer.send(close.response())
                return
            case Ping() as ping:
                peer.send(ping.response())
            case TextMessage() | BytesMessage() as message:
                peer.send(message)
            case other:
                raise AssertionError(other)


def ended(peer: Peer) -> int:
    """The code that the connection ends with."""
    event = peer.receive()
    assert isinstance(event, CloseConnection), event
    return int(event.code)


def test_a_conversation_is_one_interaction_whose_body_is_its_text(home: Path) -> None:
    with upstream(echo) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            for message in (
                TextMessage("hello"),
                TextMessage(EMOJI),
                BytesMessage(b"\0\xff"),
                TextMessage(""),
            ):
                client.send(message)
                assert client.receive() == message
            client.send(CLOSE)
            assert ended(client) == 1000
        proxy.wait_for(r"recorded #0 GET \S+/v1/realtime\?model=m: 101")
        proxy.stop()

    (interaction,) = kept(home)
    request, response = interaction.request, interaction.response
    assert (request.method, request.url, request.body) == ("GET", URL, b"")
    assert (response.code, response.status) == (101, "101 Switching Protocols")
    assert response.content_length == -1
    assert response.duration > 0
    assert response.headers == (("Content-Type", (transcript.CONTENT_TYPE,)),)
    escaped = '{"text":"%F0%9F%98%80 100%25"}'
    assert response.body.decode() == (
        f"> hello\n< hello\n>% {escaped}\n<% {escaped}\n>= AP8=\n<= AP8=\n>\n<\n># 1000 bye\n"
    )
    text = (home / "c.yaml").read_text()
    assert "    body: |\n      > hello\n      < hello\n" in text
    assert "recorded 1 interaction" in proxy.log


def test_both_doors_record_the_same(home: Path) -> None:
    """Over TLS upstream; an HTTP call stands beside them."""

    def answer(_: Received) -> Answer:
        return Answer.of(b"{}", "application/json")

    with (
        StandIn(answer, manners=Manners.TIDY) as api,
        proxies.recording(home, api, cassette_mode="record-only") as proxy,
    ):
        with proxy.client() as http:
            http.post("https://api.openai.com/v1/embeddings", json={})
        for door in (
            at_base_url(proxy.port, target="/v1/responses"),
            through_tunnel(proxy.port, proxy.ca, target="/v1/responses"),
        ):
            with door as client:
                client.send(TextMessage("hello"))
                assert client.receive() == TextMessage("hello")
                client.send(CLOSE)
                assert ended(client) == 1000
        proxy.wait_for("recorded #2")
        proxy.stop()

    _, base, tunnel = kept(home)
    assert base.request == tunnel.request
    assert (
        base.response.body == tunnel.response.body == b"> hello\n< hello\n># 1000 bye\n"
    )


def test_a_message_in_pieces_is_stored_whole(home: Path) -> None:
    """It passes on in the same pieces, and a ping between them as well."""

    def serve(peer: Peer) -> None:
        peer.send(TextMessage("one, ", message_finished=False))
        peer.send(Ping(b"still here"))
        peer.send(TextMessage("two", message_finished=True))
        assert peer.receive() == Pong(b"still here")
        peer.send(CloseConnection(code=4000))

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            ping = client.receive()
            assert isinstance(ping, Ping)
            client.send(ping.response())
            heard = [client.receive(), client.receive()]
            assert ended(client) == 4000
        proxy.stop()

    assert heard == [
        TextMessage("one, ", message_finished=False),
        TextMessage("two", message_finished=True),
    ]
    assert body(home) == "< one, two\n<# 4000\n"


def test_compressed_messages_are_stored_as_what_they_say(home: Path) -> None:
    text = "a" * 1000
    with upstream(echo, deflate=True) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port, extensions=[PerMessageDeflate()]) as client:
            client.send(TextMessage(text))
            assert client.receive() == TextMessage(text)
            client.send(CLOSE)
            assert ended(client) == 1000
        proxy.stop()

    assert api.requests[0].extensions
    assert body(home) == f"> {text}\n< {text}\n># 1000 bye\n"
    assert len(kept(home)[0].response.headers) == 1


def test_a_ping_between_the_pieces_of_a_compressed_message_changes_nothing(
    home: Path,
) -> None:
    def serve(peer: Peer) -> None:
        for _ in range(2):
            peer.send(TextMessage("a" * 500, message_finished=False))
            peer.send(Ping(b"still here"))
            peer.send(TextMessage("b" * 500, message_finished=False))
            peer.send(TextMessage("c", message_finished=True))
        peer.send(CLOSE)

    with upstream(serve, deflate=True) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port, extensions=[PerMessageDeflate()]) as client:
            heard: list[str] = []
            while not isinstance(event := client.receive(), CloseConnection):
                heard += [event.data] if isinstance(event, TextMessage) else []
        proxy.stop()

    text = "a" * 500 + "b" * 500 + "c"
    assert event.code == 1000
    assert "".join(heard) == text * 2
    assert body(home) == f"< {text}\n< {text}\n<# 1000 bye\n"


def test_the_chosen_subprotocol_is_stored_and_no_other(home: Path) -> None:
    key = "openai-insecure-api-key.sk-proj-" + "Kj3" * 16
    with (
        upstream(echo, subprotocol="realtime") as api,
        recording(home, api) as proxy,
    ):
        with at_base_url(proxy.port, subprotocols=["realtime", key]) as client:
            secret = key.partition(".")[2]
            client.send(TextMessage(f'{{"api_key":"{secret}","say":"{secret}"}}'))
            assert secret in str(client.receive())
            client.send(CLOSE)
            assert ended(client) == 1000
        proxy.stop()

    assert api.requests[0].subprotocols == ["realtime", key]
    (interaction,) = kept(home)
    assert interaction.response.headers[1:] == (
        ("Sec-Websocket-Protocol", ("realtime",)),
    )
    assert "Kj3Kj3" not in (home / "c.yaml").read_text() + proxy.log
    assert b'> {"api_key":"REDACTED"' in interaction.response.body


def close(code: int, reason: str = "") -> Callable[[Peer], None]:
    return lambda peer: peer.send(CloseConnection(code=code, reason=reason))


def half_close(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_WR)


def raw(data: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.sock.sendall(data)


@pytest.mark.parametrize(
    ("end", "seen", "line"),
    [
        pytest.param(close(1000, "bye"), 1000, "# 1000 bye", id="close frame"),
        pytest.param(close(4001), 4001, "# 4001", id="close frame of an own code"),
        pytest.param(raw(b"\x88\x00"), 1005, "#", id="close frame without a code"),
        pytest.param(Peer.leave, 1006, "!", id="FIN"),
        pytest.param(half_close, 1006, "!", id="FIN, while it still listens"),
        pytest.param(Peer.reset, 1006, "!", id="RST"),
    ],
)
def test_an_end_of_the_api_is_seen_by_the_client_and_stored(
    home: Path, end: Callable[[Peer], None], seen: int, line: str
) -> None:
    def serve(peer: Peer) -> None:
        assert peer.receive() == TextMessage("hello")
        end(peer)

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            client.send(TextMessage("hello"))
            assert ended(client) == seen
        proxy.wait_for("recorded #0")
        proxy.stop()

    assert body(home) == f"> hello\n<{line}\n"
    assert "recorded 1 interaction" in proxy.log
    assert "not recorded" not in proxy.log


@pytest.mark.parametrize(
    ("end", "seen", "line"),
    [
        pytest.param(close(1000, "bye"), 1000, "# 1000 bye", id="close frame"),
        pytest.param(
            raw(b"\x88\x80\0\0\0\0"), 1005, "#", id="close frame without a code"
        ),
        pytest.param(Peer.leave, 1006, "!", id="FIN"),
        pytest.param(half_close, 1006, "!", id="FIN, while it still listens"),
        pytest.param(Peer.reset, 1006, "!", id="RST"),
    ],
)
def test_an_end_of_the_client_is_seen_by_the_api_and_stored(
    home: Path, end: Callable[[Peer], None], seen: int, line: str
) -> None:
    codes = []

    def serve(peer: Peer) -> None:
        peer.send(TextMessage("hello"))
        codes.append(ended(peer))

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            assert client.receive() == TextMessage("hello")
            end(client)
            proxy.wait_for("recorded #0")
        proxy.stop()

    assert codes == [seen]
    assert body(home) == f"< hello\n>{line}\n"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(b"\x81\x01\xff", 1007, id="text that is not UTF-8"),
        pytest.param(b"\x83\x00", 1002, id="frame of an unknown kind"),
    ],
)
def test_a_broken_protocol_is_no_close_frame(home: Path, bad: bytes, code: int) -> None:
    def serve(peer: Peer) -> None:
        peer.sock.sendall(bad)
        assert ended(peer) == code

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            assert ended(client) == code
        proxy.wait_for("recorded #0")
        proxy.stop()

    assert body(home).startswith(f"<! {code} ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_open_conversation_is_stored_when_the_proxy_stops(
    home: Path, number: signal.Signals
) -> None:
    with (
        upstream(echo) as api,
        recording(home, api) as proxy,
        at_base_url(proxy.port) as client,
    ):
        client.send(TextMessage("hello"))
        assert client.receive() == TextMessage("hello")
        proxy.stop(number)
        assert ended(client) == 1006

    assert body(home) == "> hello\n< hello\n! the proxy was stopped\n"
    assert "in part: the proxy was stopped" in proxy.log


def test_a_kill_loses_what_is_open_and_nothing_else(home: Path) -> None:
    with (
        upstream(echo) as api,
        recording(home, api) as proxy,
        at_base_url(proxy.port) as client,
        at_base_url(proxy.port) as other,
    ):
        client.send(TextMessage("lost"))
        assert client.receive() == TextMessage("lost")
        other.send(CLOSE)
        assert ended(other) == 1000
        proxy.wait_for("recorded #0")
        proxy.stop(signal.SIGKILL)

    assert body(home) == "># 1000 bye\n"


def test_a_peer_that_never_closes_is_not_waited_for(home: Path) -> None:
    """It answers no close frame, and leaves its connection open until ours ends."""

    def serve(peer: Peer) -> None:
        assert ended(peer) == 1000
        assert peer.sock.recv(1) == b""

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            client.send(CLOSE)
            assert client.sock.recv(1 << 16) in (b"", b"\x88\x05\x03\xe8bye")
        proxy.wait_for("recorded #0")
        proxy.stop()

    assert body(home) == "># 1000 bye\n"
    assert "recorded 1 interaction" in proxy.log


def test_a_flood_of_pings_passes_and_leaves_nothing(home: Path) -> None:
    pings = b"".join(b"\x89\x04%04d" % number for number in range(FLOOD))

    def serve(peer: Peer) -> None:
        peer.sock.sendall(pings)
        peer.send(TextMessage("after them"))
        for number in range(FLOOD):
            assert peer.receive() == Pong(b"%04d" % number)
        peer.send(CLOSE)

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            for number in range(FLOOD):
                ping = client.receive()
                assert ping == Ping(b"%04d" % number)
                client.send(ping.response())
            assert client.receive() == TextMessage("after them")
            assert ended(client) == 1000
        proxy.stop()

    assert body(home) == "< after them\n<# 1000 bye\n"
    assert "WebSocket p" not in proxy.log


def test_another_protocol_passes_and_is_named(home: Path) -> None:
    """What follows a 101 that is no WebSocket's is between the two sides."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\nConnection: Upgrade\r\n\r\n"
    with raw_upstream(switch + b"odd bytes: \xff\x00") as api:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_hosts": f"127.0.0.1:{api.port}",
        }
        with mitmdump(home, options=options) as proxy:
            with socket.create_connection(("127.0.0.1", proxy.port), 30) as client:
                client.sendall(
                    b"GET %b/v1/realtime HTTP/1.1\r\nHost: localhost\r\n"
                    b"Upgrade: odd\r\nConnection: Upgrade\r\n\r\n" % api.url.encode()
                )
                heard = b""
                while not heard.endswith(b"odd bytes: \xff\x00"):
                    data = client.recv(1 << 16)
                    assert data, heard
                    heard += data
            proxy.wait_for("not recorded: GET")
            assert proxy.stop() == 0

    assert heard.startswith(b"HTTP/1.1 101 ")
    assert not (home / "c.yaml").exists()
    assert "neither HTTP nor WebSocket" in proxy.log


def test_timing_is_kept_where_it_is_wished_for(home: Path) -> None:
    with (
        upstream(echo) as api,
        recording(home, api, cassette_timing="true") as proxy,
    ):
        with at_base_url(proxy.port) as client:
            for message in (TextMessage("hello"), BytesMessage(b"a")):
                client.send(message)
                assert client.receive() == message
            client.send(CLOSE)
            assert ended(client) == 1000
        proxy.stop()

    times = [message.at for message in transcript.read(body(home))]
    assert all(times)
    assert times == sorted(times, key=lambda at: at or 0)
    assert len(times) == 5


def test_two_hundred_conversations_at_once_are_kept_apart(home: Path) -> None:
    together = threading.Barrier(TALKS, timeout=60)

    def talk(number: int) -> None:
        with at_base_url(proxy.port) as client:
            together.wait()
            for word in range(20):
                client.send(TextMessage(f"{number} {word}"))
                assert client.receive() == TextMessage(f"{number} {word}")
            client.send(CLOSE)
            assert ended(client) == 1000

    with upstream(echo) as api, recording(home, api) as proxy:
        with ThreadPoolExecutor(TALKS) as pool:
            list(pool.map(talk, range(TALKS)))
        proxy.stop()

    talks = {interaction.response.body.decode() for interaction in kept(home)}
    assert talks == {
        "".join(f"> {n} {word}\n< {n} {word}\n" for word in range(20)) + "># 1000 bye\n"
        for n in range(TALKS)
    }


def test_a_large_frame_passes_and_is_stored(home: Path) -> None:
    """64 MB, in the 64 KB that a socket gives at a time."""
    data = bytes(range(256)) * (1 << 18)

    def serve(peer: Peer) -> None:
        peer.send(BytesMessage(data))
        assert ended(peer) == 1000

    with upstream(serve) as api, recording(home, api) as proxy:
        with at_base_url(proxy.port) as client:
            heard = bytearray()
            while len(heard) < len(data):
                event = client.receive()
                assert isinstance(event, BytesMessage)
                heard += event.data
            client.send(CLOSE)
            assert ended(client) == 1000
        proxy.stop()

    assert heard == data
    first, _ = transcript.read(body(home))
    assert isinstance(first, Binary)
    assert first.data == data


def test_what_is_too_much_passes_on_and_is_named(home: Path) -> None:
    script = home / "smaller.py"
    script.write_text(
        "from anyvcr.proxy.recording import conversations\n"
        "conversations.ROOM = 100_000\n"
    )
    with upstream(echo) as api:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": api.url,
        }
        with mitmdump(home, options=options, scripts=(proxies.ADDON, script)) as proxy:
            with at_base_url(proxy.port) as client:
                for _ in range(10):
                    client.send(TextMessage("a" * 10_000))
                    assert client.receive() == TextMessage("a" * 10_000)
                client.send(CLOSE)
                assert ended(client) == 1000
            proxy.stop()

    assert not (home / "c.yaml").exists()
    assert proxy.log.count("not recorded: GET") == 1
    assert "1 not recorded (1: open WebSockets together said more than" in proxy.log
