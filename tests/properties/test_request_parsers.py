"""The two readers of requests, generated: a plain head means the same to the real parser."""

import random
import re
from unittest.mock import patch

from anyvcr.core.cassette.model import Response
from anyvcr.core.client_request import Asked, Fields
from anyvcr.core.hosts import OPENAI_API, Origin
from anyvcr.core.replay import fast_http1
from anyvcr.core.replay.action import Close, Send, WaitUntil
from anyvcr.core.replay.answer import Answer, replayed
from anyvcr.core.replay.pacing import INSTANT
from anyvcr.core.replay.server_connection import ServerConnection
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = (
    b"POST /v1/chat/completions?a=1 HTTP/1.1\r\nHost: api.openai.com\r\n"
    b"accept: */*\r\nX-Tab:one two\r\nConnection: Keep-Alive\r\n"
    b"Content-Length: 8\r\n\r\n" + b'{"n": 1}'
)
SENT = (
    PLAIN,
    PLAIN + PLAIN.replace(b"Keep-Alive", b"close"),
    b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n" + PLAIN,
    PLAIN.replace(
        b"Content-Length: 8\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n8\r\n"
    )
    + b"\r\n0\r\n\r\n",
)
PUT = (
    *(
        bytes([code])
        for code in (*range(33), *b":;,=/%#?\"'()<>@[]{}\\", 127, 128, 255)
    ),
    *(
        b"",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"\r\n ",
        b"\r\n\t",
        b" \r\n",
        b": ",
        b":",
        b"0",
        b"8",
    ),
    *(b"Host: b\r\n", b"Host:\r\n", b"Content-Length: 8\r\n", b"Content-Length: 9\r\n"),
    *(
        b"content-length: 08\r\n",
        b"Content-Length: 8, 8\r\n",
        b"Content-Length: -1\r\n",
    ),
    *(b"Connection: close\r\n", b"Connection: close, x\r\n", b"connection: \r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: gzip, chunked\r\n"),
    *(
        b"Expect: 100-continue\r\n",
        b"Upgrade: h2c\r\n",
        b"X-\xe4: \xe4\r\n",
        b"A b: c\r\n",
    ),
    *(
        b"HEAD",
        b"GET",
        b"get",
        b"CONNECT",
        b"OPTIONS",
        b"HTTP/1.0",
        b"HTTP/1.1",
        b"HTTP/2",
    ),
    *(b"http://api.openai.com/v1/x", b"*", b"//a", b"/\xc3\xa9", b"/%zz", b"/a b"),
)
Damage = list[tuple[float, int, bytes]]
"""Where, as a part of the whole; how many bytes go; what comes in their place."""


class Player:
    """Answers everything alike, and keeps what it was asked."""

    base_url = OPENAI_API
    upload_limit = 1 << 20

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[str] = []

    def plays(self, origin: Origin) -> bool:
        return bool(origin.host)

    def see(self, fields: Fields) -> None:
        del fields

    def turn_away(self, why: str) -> None:
        self.faults.append(why)

    def fault(self, error: Exception) -> None:
        self.faults.append(repr(error))

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return replayed(
            Response(code=200, status="200 OK", body=b"{}", content_length=2), INSTANT
        )


def damaged(data: bytes, damage: Damage) -> bytes:
    for part, removed, put in damage:
        at = int(part * len(data))
        data = data[:at] + put + data[at + removed :]
    return data


def meaning(data: bytes, cut: int) -> object:
    """What is asked, how each is answered, and whether the connection ends."""
    player = Player()
    connection = ServerConnection(player)
    said, closes, now = b"", False, 0.0
    for piece in (data[:cut], data[cut:], b""):
        connection.receive(piece)
        while not closes and (action := connection.next(now)) is not None:
            match action:
                case Send(sent):
                    said += sent
                case WaitUntil(moment):
                    now = moment + 1
                case Close():
                    closes = True
                case _:
                    return player.asked, repr(action)
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", said)
    return player.asked, player.faults, statuses, closes


def by_h11(data: bytes, cut: int) -> object:
    with patch.object(fast_http1, "read_head", lambda _: None):
        return meaning(data, cut)


@given(
    st.sampled_from(SENT),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PUT)), max_size=3
    ),
    st.integers(0, 300),
)
@settings(max_examples=2000, deadline=None)
def test_a_request_means_the_same_to_both_readers(
    sent: bytes, damage: Damage, cut: int
) -> None:
    data = damaged(sent, damage)
    assert meaning(data, cut) == by_h11(data, cut)


def test_what_is_plain_is_read_without_the_parser() -> None:
    """Else the two above are one."""
    assert fast_http1.read_head(PLAIN.partition(b"{")[0]) is not None


def compare(count: int, seed: int) -> int:
    """Compares so many more by chance; how many of them the fast reader took.

    For a long run by hand: python -c "import test_request_parsers as t; t.compare(10**6, 1)"
    """
    chance, taken = random.Random(seed), 0
    for _ in range(count):
        damage = [
            (chance.random(), chance.randrange(13), chance.choice(PUT))
            for _ in range(chance.randrange(4))
        ]
        data = damaged(chance.choice(SENT), damage)
        cut = chance.randrange(300)
        end = data.find(b"\r\n\r\n") + 4
        taken += fast_http1.read_head(data[:end].lstrip(b"\r\n")) is not None
        assert meaning(data, cut) == by_h11(data, cut), (data, cut)
    return taken
