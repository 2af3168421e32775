"""A replay's side of a connection: bytes in, actions out, without a socket."""

import json
import logging
from dataclasses import dataclass, field

import pytest
from anyvcr.core.client_request import Asked, Fields
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import OPENAI_API, ApiHosts, Origin
from anyvcr.core.replay.action import (
    Action,
    Close,
    HandOver,
    OpenTunnel,
    Send,
    WaitUntil,
)
from anyvcr.core.replay.answer import Answer
from anyvcr.core.replay.pacing import Piece, Schedule
from anyvcr.core.replay.server_connection import LINGER, ServerConnection

logger = logging.getLogger(__name__)
GET = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"


def ok(body: bytes = b"{}", **more: object) -> Answer:
    fields = {"code": 200, "reason": "OK", "headers": (), "body": body} | more
    return Answer(**fields)  # type: ignore[arg-type]  # fields of Answer


@dataclass
class Echo:
    """Answers with the method, the path and the body it was asked with."""

    base_url: Origin = OPENAI_API
    upload_limit: int = 1000
    asked: list[Asked] = field(default_factory=list)
    seen: list[Fields] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    turned_away: list[str] = field(default_factory=list)
    then: Answer | Exception | None = None
    hosts: ApiHosts = field(default_factory=ApiHosts)

    def plays(self, origin: Origin) -> bool:
        return (origin.host, origin.port) in self.hosts

    def see(self, fields: Fields) -> None:
        self.seen.append(fields)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if isinstance(self.then, Exception):
            raise self.then
        text = f"<{asked.method} {asked.target} ".encode() + asked.body + b">"
        return self.then or ok(text)

    def turn_away(self, why: str) -> None:
        self.turned_away.append(why)

    def fault(self, error: Exception) -> None:
        self.faults.append(error)


def actions(connection: ServerConnection, now: float = 0.0) -> list[Action]:
    found: list[Action] = []
    while (action := connection.next(now)) is not None:
        found.append(action)
        if isinstance(action, WaitUntil):
            break
    return found


def sent(found: list[Action]) -> bytes:
    return b"".join(action.data for action in found if isinstance(action, Send))


def talk(data: bytes, player: Echo | None = None) -> tuple[bytes, list[Action]]:
    """What is sent in answer to `data`, given at once, and all actions."""
    connection = ServerConnection(player or Echo())
    connection.receive(data)
    found = actions(connection)
    return sent(found), found


def error_of(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/json" in head
    message: str = json.loads(body)["error"]["message"]
    return message


POST = b"POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"
CHUNKED = (
    b"POST /v1/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-T: 1\r\n\r\n"
)
REQUESTS = {
    "plain": POST,
    "chunked": CHUNKED,
    "after empty lines": b"\r\n\r\n" + POST,
    "with a lower-case method": POST.replace(b"POST", b"post"),
    "with line feeds alone": POST.replace(b"\r\n", b"\n"),
    "with a folded header": POST.replace(b"Host: x", b"Host: x\r\nX: a\r\n b"),
    "pipelined": POST + CHUNKED + GET + POST,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_cuts_between_packets_do_not_matter(name: str) -> None:
    whole, found = talk(REQUESTS[name])

    assert b"abcd>" in whole
    assert not any(isinstance(action, Close) for action in found)
    for size in (1, 2, 7, 60):
        connection, received = ServerConnection(Echo()), b""
        for at in range(0, len(REQUESTS[name]), size):
            connection.receive(REQUESTS[name][at : at + size])
            received += sent(actions(connection))
        assert received == whole


def test_a_client_that_sends_no_more_gets_its_answer() -> None:
    connection = ServerConnection(Echo())
    connection.receive(POST)
    connection.receive(b"")
    found = actions(connection)

    assert b"<POST /v1/a abcd>" in sent(found)
    assert found[-1] == Close()


def test_a_paced_answer_outlives_the_clients_sending_half() -> None:
    pieces = (Piece(1.0, b"data: 1\n\n"), Piece(2.0, b"data: 2\n\n"))
    paced = ok(b"", streamed=True, schedule=Schedule(1.0, pieces))
    connection = ServerConnection(Echo(then=paced))
    connection.receive(GET)
    connection.receive(b"")

    assert actions(connection, 5.0) == [WaitUntil(5.0)]
    assert actions(connection, 5.1) == [WaitUntil(6.0)]
    first = actions(connection, 6.0)
    assert sent(first).endswith(b"data: 1\n\n\r\n")
    assert first[-1] == WaitUntil(7.0)
    last = actions(connection, 7.0)
    assert sent(last).endswith(b"0\r\n\r\n")
    assert last[-1] == Close()


MALFORMED = {
    "no HTTP": b"\x00\x01 nonsense\r\n\r\n",
    "no Host": b"GET /v1/models HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two lengths": POST.replace(b"Host: x", b"Host: x\r\nContent-Length: 5"),
    "a negative length": POST.replace(b": 4", b": -4"),
    "a chunk of no size": CHUNKED.replace(b"3\r\nabc", b"x\r\nabc"),
    "a tunnel without a port": b"CONNECT api.openai.com HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel to no port": b"CONNECT a.b:99999 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a host that is escaped": GET.replace(b"/v1", b"http://api%2eopenai.com/v1"),
    "a tunnel to an escaped host": b"CONNECT a%2e:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target that is no URL": GET.replace(b"/v1/models", b"*"),
    "an address that is none": GET.replace(b"/v1", b"http://[::1/v1"),
    "a port that is none": GET.replace(b"/v1", b"http://api.openai.com:99999/v1"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_gets_the_reason_in_the_apis_shape(name: str) -> None:
    player = Echo()
    answer, found = talk(MALFORMED[name], player)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert error_of(answer).startswith("anyvcr cannot read this request: ")
    assert found[-1] == Close()
    assert player.asked == []


def test_a_length_beyond_all_measure_is_refused() -> None:
    answer, _ = talk(POST.replace(b": 4", b": " + b"9" * 30))

    # Newer releases of h11 take it for no length, older ones for a large one.
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))
    assert error_of(answer)


def test_a_request_that_ends_early_gets_the_reason() -> None:
    for part in (POST[:-1], CHUNKED[:-9], POST[:20]):
        connection = ServerConnection(Echo())
        connection.receive(part)
        connection.receive(b"")
        found = actions(connection)

        assert sent(found).startswith(b"HTTP/1.1 400 ")
        assert found[-1] == Close()


def test_a_head_without_end_is_refused_and_read_on() -> None:
    connection = ServerConnection(Echo())
    found: list[Action] = []
    for _ in range(40):
        connection.receive(b"GET / HTTP/1.1\r\nX: " + b"a" * 65536)
        found += actions(connection)

    assert sent(found).startswith(b"HTTP/1.1 431 ")
    assert found[-1] == WaitUntil(LINGER)
    assert actions(connection, LINGER) == [Close()]


def test_an_upload_that_is_too_large_is_answered_before_its_end() -> None:
    for head in (
        b"Content-Length: 5000\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
    ):
        connection = ServerConnection(Echo())
        connection.receive(b"POST /v1/files HTTP/1.1\r\nHost: x\r\n" + head)
        connection.receive(b"7d0\r\n" + b"x" * 2000)
        found = actions(connection)
        connection.receive(b"x" * 1000)
        later = actions(connection, 3.0)

        assert sent(found).startswith(b"HTTP/1.1 413 ")
        assert found[-1] == WaitUntil(LINGER)
        assert later == [WaitUntil(3.0 + LINGER)]


def test_a_client_that_waits_for_leave_is_told_to_go_on_once() -> None:
    connection = ServerConnection(Echo())
    head, _, body = POST.partition(b"\r\n\r\n")
    connection.receive(head + b"\r\nExpect: 100-Continue\r\n\r\n")
    first = sent(actions(connection))
    connection.receive(body)

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"<POST /v1/a abcd>" in sent(actions(connection))


def test_http_1_0_and_close_end_the_connection() -> None:
    for request in (
        POST.replace(b"HTTP/1.1", b"HTTP/1.0"),
        POST.replace(b"Host: x", b"Host: x\r\nConnection: close"),
        CHUNKED.replace(b"Host: x", b"Host: x\r\nconnection: foo, Close"),
    ):
        answer, found = talk(request)
        assert b"abcd>" in answer
        assert b"Connection: close" in answer
        assert found[-1] == Close()


@pytest.mark.parametrize("error", [RuntimeError("sk-live"), AnyvcrError("a sentence")])
def test_an_error_while_answering_is_an_answer_and_a_fault(error: Exception) -> None:
    player = Echo(then=error)
    answer, _ = talk(GET, player)

    assert answer.startswith(b"HTTP/1.1 418 ")
    assert ("a sentence" in error_of(answer)) is isinstance(error, AnyvcrError)
    assert "sk-live" not in error_of(answer)
    assert player.faults == [error]


def test_an_answer_that_cannot_be_written_is_an_error_and_a_fault() -> None:
    player = Echo(then=ok(headers=(("X", "a\r\nSet-Cookie: b"),)))
    answer, _ = talk(GET, player)

    assert answer.startswith(b"HTTP/1.1 418 ")
    assert "HTTP cannot carry" in error_of(answer)
    assert b"Set-Cookie" not in answer
    assert len(player.faults) == 1


def test_an_answer_that_breaks_off_ends_the_connection() -> None:
    broken = ok(b"data: 1\n\n", streamed=True, breaks_off=True)
    answer, found = talk(GET, Echo(then=broken))

    assert answer.endswith(b"9\r\ndata: 1\n\n\r\n")
    assert found[-1] == Close()


def test_a_connect_to_the_api_opens_a_tunnel_with_its_user() -> None:
    player = Echo()
    head = b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x\r\n"
    _, found = talk(
        head + b"Proxy-Authorization: Basic dDE6eA==\r\n\r\n\x16\x03", player
    )

    assert found == [
        Send(b"HTTP/1.1 200 OK\r\n\r\n"),
        OpenTunnel(OPENAI_API, "t1", b"\x16\x03"),
    ]
    assert len(player.seen) == 1


@pytest.mark.parametrize(
    ("request_", "tunnel"),
    [
        (
            b"CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
            Origin("https", "other.example", 443),
        ),
        (b"GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\nrest", None),
    ],
)
def test_what_is_not_for_the_api_is_given_back_with_its_bytes(
    request_: bytes, tunnel: Origin | None
) -> None:
    connection = ServerConnection(Echo())
    connection.receive(GET)
    connection.receive(request_)
    found = actions(connection)

    assert found[1:] == [HandOver(request_, tunnel)]
    assert connection.next(0.0) is None


def test_a_request_elsewhere_that_names_the_api_is_refused() -> None:
    player = Echo()
    request = b"GET http://other.example/v1 HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"
    answer, found = talk(request, player)

    assert "nothing leads to the API" in error_of(answer)
    assert found[-1] == Close()
    assert len(player.turned_away) == 1
    assert player.asked == []


def test_in_a_tunnel_every_request_is_for_its_api() -> None:
    azure = Origin("https", "me.openai.azure.com", 443)
    player = Echo()
    connection = ServerConnection(player, azure, "user")
    connection.receive(POST + b"GET https://a.b/c?d HTTP/1.1\r\nHost: x\r\n\r\n")
    actions(connection)

    assert [asked.origin for asked in player.asked] == [azure, azure]
    assert [asked.path for asked in player.asked] == ["/v1/a", "/c?d"]
    assert not any(asked.at_listener for asked in player.asked)
