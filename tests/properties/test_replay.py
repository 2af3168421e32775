"""Replay, generated: whatever a cassette holds gives an answer or a named refusal, at once.

And what a client sent, in any framing and cut anywhere, is what is decided on.
"""

import json
from dataclasses import replace

import h11
from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.cassette.playable import playable
from anyvcr.core.client_request import Asked, Fields
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.hosts import OPENAI_API, Origin
from anyvcr.core.replay.action import Close, Send, WaitUntil
from anyvcr.core.replay.answer import REFUSED, Answer, refused, replayed
from anyvcr.core.replay.pacing import INSTANT, RECORDED, Pace
from anyvcr.core.replay.server_connection import ServerConnection
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3600.0
"""Seconds of its own clock after which an answer must be over."""


class Player:
    """Answers every request with one recorded response, as a deck does."""

    base_url = OPENAI_API
    upload_limit = 1 << 20

    def __init__(self, response: Response, pace: Pace = INSTANT) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Exception] = []
        self._interaction = Interaction(
            id=0, request=Request(method="GET", url="https://a/"), response=response
        )
        self._pace = pace

    def plays(self, origin: Origin) -> bool:
        return bool(origin.host)

    def see(self, fields: Fields) -> None:
        del fields

    def turn_away(self, why: str) -> None:
        raise AssertionError(why)

    def fault(self, error: Exception) -> None:
        self.faults.append(error)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        try:
            return replayed(playable(self._interaction).response, self._pace)
        except CassetteFormatError as error:
            return refused(str(error), "unplayable_interaction")


texts = st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"]))
odd = st.sampled_from(["", "\r\n", "\n", "\0", " ", "\t", "a\r\nX-Evil: 1", "é", ":"])
names = st.sampled_from(
    ["Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Content-Encoding"]
)
headers = st.lists(
    st.tuples(names | texts | odd, st.lists(texts | odd, max_size=2).map(tuple)),
    max_size=4,
).map(tuple)
numbers = st.integers() | st.sampled_from([0, -1, 100, 101, 103, 199, 204, 304, 1000])
extras = st.lists(
    st.tuples(
        st.sampled_from(["partial", "chunk_timing", "x"]),
        st.sampled_from([True, "1@0 1@9", "4@1 4@0", "x"]) | st.none() | st.integers(),
    ),
    max_size=2,
).map(tuple)


@st.composite
def responses(draw: st.DrawFn) -> Response:
    made_headers: Headers = draw(headers)
    return Response(
        code=draw(numbers | st.integers(200, 599)),
        status=draw(texts | odd | st.just("200 OK")),
        headers=made_headers,
        trailer=draw(headers),
        body=draw(st.binary(max_size=300)),
        content_length=draw(numbers | st.integers(-1, 300)),
        duration=draw(st.integers() | st.sampled_from([2**62, -(2**62)])),
        extra=draw(extras),
    )


def drive(connection: ServerConnection) -> tuple[bytes, bool]:
    """What is sent, and whether the connection closes; time passes as it is asked for."""
    sent, now = b"", 0.0
    while (action := connection.next(now)) is not None:
        match action:
            case Send(data):
                sent += data
            case WaitUntil(moment):
                assert moment <= HOUR + 1.0
                now = max(now, moment) + 0.001
            case Close():
                return sent, True
            case _:
                raise AssertionError(action)
    return sent, False


def _can_be_played(response: Response) -> bool:
    request = Request(method="GET", url="https://a/")
    try:
        playable(Interaction(id=0, request=request, response=response))
    except CassetteFormatError:
        return False
    return True


@given(
    responses(),
    st.sampled_from([INSTANT, RECORDED]),
    st.sampled_from([b"GET", b"HEAD", b"POST"]),
    st.sampled_from([b"1.1", b"1.0"]),
)
def test_any_response_is_an_answer_or_a_refusal(
    response: Response, pace: Pace, method: bytes, version: bytes
) -> None:
    connection = ServerConnection(Player(response, pace))
    connection.receive(b"%s /v1/x HTTP/%s\r\nHost: a\r\n\r\n" % (method, version))
    sent, closes = drive(connection)

    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method=method, target=b"/v1/x", headers=[("Host", "a")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(sent)
    head = reader.next_event()
    assert isinstance(head, h11.Response)
    assert b"x-evil" not in dict(head.headers)
    body = b""
    is_partial = dict(response.extra).get("partial") is True and _can_be_played(
        response
    )
    while not is_partial:
        match reader.next_event():
            case h11.Data(data=data):
                body += bytes(data)
            case h11.EndOfMessage():
                break
            case h11.NEED_DATA:
                assert closes
                reader.receive_data(b"")
            case other:
                raise AssertionError(other)
    if head.status_code == REFUSED and method != b"HEAD" and body[:2] == b'{"':
        assert "error" in json.loads(body)
    elif method != b"HEAD" and head.status_code not in (204, 304) and not is_partial:
        assert body == response.body
    assert closes or reader.trailing_data[0] == b""


tokens = st.text("ABCdef-09", min_size=1, max_size=8)
bodies = st.binary(max_size=200)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, str, str, bytes]:
    """A request's bytes, and its method, target and body."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "delete", "PATCH", "OPTIONS"]))
    target = "/v1/" + draw(st.text("abc%20?=&/.", max_size=12))
    body = draw(bodies)
    lines = [f"{method} {target} HTTP/1.1", "Host: api.openai.com"]
    lines += [
        f"X-{draw(tokens)}: {draw(tokens)}" for _ in range(draw(st.integers(0, 3)))
    ]
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
        written = body
    else:
        lines.append("Transfer-Encoding: chunked")
        size = draw(st.integers(1, 64))
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        written = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    end = draw(st.sampled_from(["\r\n", "\n"]))
    head = end.join([*lines, "", ""])
    before = draw(st.sampled_from(["", "\r\n"]))
    return (before + head).encode() + written, method, target, body


@given(st.lists(requests(), min_size=1, max_size=4), st.integers(1, 80))
def test_what_was_sent_is_what_is_decided_on(
    sent: list[tuple[bytes, str, str, bytes]], cut: int
) -> None:
    player = Player(Response(code=200, status="200 OK", body=b"{}", content_length=2))
    connection = ServerConnection(player)
    data = b"".join(raw for raw, *_ in sent)
    received = b""
    for at in range(0, len(data), cut):
        connection.receive(data[at : at + cut])
        received += drive(connection)[0]

    found = [(asked.method, asked.path, asked.body) for asked in player.asked]
    assert found == [(method, target, body) for _, method, target, body in sent]
    assert received.count(b"HTTP/1.1 200 OK\r\n") == len(sent)
    assert player.faults == []


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_answered_or_waited_for(data: bytes, cut: int) -> None:
    response = Response(code=200, status="200 OK", body=b"{}", content_length=2)
    player = Player(replace(response, headers=()))
    connection = ServerConnection(player)
    for at in range(0, len(data), cut):
        connection.receive(data[at : at + cut])
        drive(connection)
    connection.receive(b"")
    _, closes = drive(connection)

    assert closes or connection.next(0.0) is None
    assert player.faults == []
