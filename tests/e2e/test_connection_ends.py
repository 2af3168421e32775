"""Connections that end in one of TCP's three ways, and what is made of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from standin import Answer, BreakOff, StandIn
from support import proxies
from support.proxies import ADDON, DEADLINE, Mitmdump, mitmdump
from support.raw_upstream import RawUpstream, raw_upstream

URL = "https://api.openai.com/v1/chat/completions"
BODY = b'{"ok":true}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
UNTIL_CLOSED = HEAD + b"\r\n" + BODY
PLAIN = HEAD + b"Content-Length: 11\r\n\r\n" + BODY
ASKED = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def recording(home: Path, upstream: RawUpstream) -> Iterator[Mitmdump]:
    options = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": upstream.url,
    }
    with mitmdump(home, options=options) as proxy:
        yield proxy


recording_of = partial(proxies.recording, cassette_mode="record-only")


def recorded(home: Path) -> list[bytes]:
    """The bodies of the answers in the cassette."""
    path = home / "c.yaml"
    if not path.exists():
        return []
    kept = cassette_format.loads(path.read_bytes()).interactions
    return [interaction.response.body for interaction in kept]


def test_an_answer_without_a_length_that_a_reset_ends_is_no_whole_answer(
    home: Path,
) -> None:
    """To the client, and to the recorder."""
    with (
        raw_upstream(UNTIL_CLOSED, reset=True) as upstream,
        recording(home, upstream) as proxy,
    ):
        with (
            proxy.direct() as client,
            client.stream("POST", "/x", json={}) as answer,
        ):
            pieces = answer.iter_raw()
            got = next(pieces)
            upstream.leave.set()
            with pytest.raises(httpx.ReadError):
                next(pieces)
        proxy.stop()

    assert got == BODY
    assert recorded(home) == []
    assert "not recorded: POST" in proxy.log


def test_an_answer_that_a_close_ends_is_whole(home: Path) -> None:
    with (
        raw_upstream(UNTIL_CLOSED, early=True) as upstream,
        recording(home, upstream) as proxy,
    ):
        with proxy.direct() as client:
            answer = client.get("/models")
        proxy.stop()

    assert answer.content == BODY
    assert recorded(home) == [BODY]


@pytest.mark.parametrize("count", [1, 3])
def test_a_client_that_closes_its_sending_half_gets_its_answers(
    home: Path, count: int
) -> None:
    """Also of requests that it had sent before its first answer came."""
    with raw_upstream(*[PLAIN] * count) as upstream, recording(home, upstream) as proxy:
        got = say_all(proxy, ASKED * count)
        proxy.stop()

    assert got == PLAIN * count
    assert recorded(home) == [BODY] * count
    assert "not recorded" not in proxy.log


def test_a_request_that_its_sender_ends_early_waits_for_nothing(home: Path) -> None:
    with raw_upstream(PLAIN) as upstream, recording(home, upstream) as proxy:
        got = say_all(proxy, ASKED + ASKED[:-1])
        proxy.stop()

    assert got.startswith(PLAIN)
    assert b"200 OK" not in got.removeprefix(PLAIN)
    assert len(upstream.requests) == 1
    assert recorded(home) == [BODY]


def say_all(proxy: Mitmdump, data: bytes) -> bytes:
    """What comes until the end when `data` is all that a client has to say."""
    with socket.create_connection(("127.0.0.1", proxy.port), DEADLINE) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as reader:
            return reader.read()


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_kept_connection_that_the_api_closes_is_closed_to_the_client_and_no_502(
    home: Path, version: str
) -> None:
    """As without us: the client knows whether to ask again."""
    with (
        StandIn(lambda _: Answer.of(BODY, "application/json")) as api,
        recording_of(home, api) as proxy,
        proxy.client(http2=version == "HTTP/2") as client,
    ):
        first = client.post(URL, json={"n": 1})
        api.enqueue(Answer(break_off=BreakOff.UNANSWERED))
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(URL, json={"n": 2})
        again = client.post(URL, json={"n": 2})
        proxy.stop()

    assert first.http_version == version
    assert first.content == again.content == BODY
    assert recorded(home) == [BODY, BODY]
    assert "no answer came: " in proxy.log


def test_a_new_connection_that_the_api_closes_is_an_error_with_its_reason(
    home: Path,
) -> None:
    with raw_upstream(b"") as upstream, recording(home, upstream) as proxy:
        with proxy.direct() as client:
            answer = client.post("/x", json={"n": 1})
        proxy.stop()

    assert answer.status_code == 502
    assert "server closed connection" in answer.json()["error"]["message"]
    assert recorded(home) == []


FAULT = """
from mitmproxy.proxy.layers.http import HttpStream

def fail(self, event):
    raise OSError("no file can be opened")

HttpStream.state_wait_for_request_headers = fail
"""


def test_a_client_does_not_wait_for_a_proxy_that_has_failed(home: Path) -> None:
    """mitmproxy logs the fault alone, and the client would wait for ever."""
    script = home / "fault.py"
    script.write_text(FAULT)
    options = {"cassette": home / "c.yaml", "cassette_mode": "record-only"}
    with mitmdump(home, options=options, scripts=(ADDON, script)) as proxy:
        with proxy.direct() as client, pytest.raises(httpx.RemoteProtocolError):
            client.post("/x", json={})
        code = proxy.stop()

    assert code == 1
    assert "no file can be opened" in proxy.log
    assert "anyvcr failed: mitmproxy failed within a connection" in proxy.log
