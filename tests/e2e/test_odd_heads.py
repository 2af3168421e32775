"""Heads of answers that are odd or early: they pass on, mended, and are recorded."""

import socket
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from support.proxies import mitmdump
from support.raw_upstream import RawUpstream, raw_upstream

BODY = b'{"ok":true}'
CHUNKED = b"b\r\n" + BODY + b"\r\n0\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PLAIN = HEAD + b"Content-Length: 11\r\n\r\n" + BODY
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
ODD = {
    "equal lengths": HEAD + b"Content-Length: 11\r\nContent-Length: 11\r\n\r\n" + BODY,
    "a list of lengths": HEAD + b"Content-Length: 11, 11\r\n\r\n" + BODY,
    "length and chunks": HEAD
    + b"Content-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "folded": HEAD + b"X-Fold: a\r\n b\r\nContent-Length: 11\r\n\r\n" + BODY,
    "space": HEAD + b"X-Space : a\r\nContent-Length: 11\r\n\r\n" + BODY,
    "interim": INTERIM + b"HTTP/1.1 102 Processing\r\n\r\n" + PLAIN,
    "unasked 100": b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
}


def recorded(
    home: Path, upstream: RawUpstream, count: int, method: str = "POST"
) -> list[httpx.Response]:
    options = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": upstream.url,
    }
    with mitmdump(home, options=options) as proxy:
        with proxy.direct() as client:
            answers = [
                client.request(method, "/x", json={"n": n}) for n in range(count)
            ]
        proxy.stop()
    return answers


def kept(home: Path) -> tuple[Interaction, ...]:
    return cassette_format.loads((home / "c.yaml").read_bytes()).interactions


def test_odd_heads_pass_on_and_the_final_answer_is_recorded(home: Path) -> None:
    with raw_upstream(*ODD.values()) as upstream:
        answers = recorded(home, upstream, len(ODD))

    for name, answer in zip(ODD, answers, strict=True):
        assert (answer.status_code, answer.content) == (200, BODY), name
    assert [i.response.code for i in kept(home)] == [200] * len(ODD)
    assert [i.response.body for i in kept(home)] == [BODY] * len(ODD)
    by_name = dict(zip(ODD, answers, strict=True))
    assert by_name["folded"].headers["x-fold"] == "a b"
    assert by_name["space"].headers["x-space"] == "a"
    assert "content-length" not in by_name["length and chunks"].headers


def test_what_cannot_be_played_back_is_not_recorded_and_said(home: Path) -> None:
    """A status code of two digits passes on as it came."""
    odd = PLAIN.replace(b"200 OK", b"20 Odd")
    with raw_upstream(odd) as upstream:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": upstream.url,
        }
        with mitmdump(home, options=options) as proxy:
            head = b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n"
            got = _exchange(proxy.port, head, until=BODY)
            proxy.stop()

    assert got.startswith(b"HTTP/1.1 20 Odd")
    assert not (home / "c.yaml").exists()
    assert "its status code is none that an answer can have" in proxy.log


def test_interim_answers_reach_the_client(home: Path) -> None:
    with raw_upstream(INTERIM + PLAIN) as upstream:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": upstream.url,
        }
        with mitmdump(home, options=options) as proxy:
            head = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
            got = _exchange(proxy.port, head, until=BODY)
            proxy.stop()

    assert got.startswith(INTERIM)
    assert got.endswith(BODY)
    [interaction] = kept(home)
    assert interaction.response.code == 200


def _exchange(port: int, request: bytes, *, until: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(request)
        got = b""
        while not got.endswith(until) and (more := client.recv(65536)):
            got += more
    return got


@pytest.mark.parametrize("more", [b"", b"0\r\n\r\n"])
def test_a_204_with_chunks_is_a_204(home: Path, more: bytes) -> None:
    head = b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_upstream(head + more, PLAIN) as upstream:
        first, second = recorded(home, upstream, 2, "DELETE")

    assert (first.status_code, second.status_code) == (204, 200)
    assert "transfer-encoding" not in first.headers
    assert [i.response.code for i in kept(home)] == [204, 200]


def test_an_early_answer_to_a_large_upload_is_recorded(home: Path) -> None:
    refusal = b'{"error":{"message":"too large"}}'
    head = b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\n"
    answer = head + b"Content-Length: %d\r\n\r\n" % len(refusal) + refusal
    with raw_upstream(answer, early=True) as upstream:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": upstream.url,
        }
        with mitmdump(home, options=options) as proxy:
            head = (
                b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n"
            )
            got = _exchange(proxy.port, head + bytes(3_000_000), until=refusal)
            proxy.stop()

    assert got.startswith(b"HTTP/1.1 413")
    [interaction] = kept(home)
    assert (interaction.response.code, interaction.response.body) == (413, refusal)
    assert "not recorded" not in proxy.log


@pytest.mark.parametrize("empty", [b"\r\n", b"\r\n\r\n", b"\n"])
def test_empty_lines_before_a_request_are_ignored(home: Path, empty: bytes) -> None:
    """Before the first of a connection, and before the next."""
    head = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    with raw_upstream(PLAIN, PLAIN) as upstream:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": upstream.url,
        }
        with mitmdump(home, options=options) as proxy:
            sent = empty + head + empty + head
            got = _exchange(proxy.port, sent, until=BODY + PLAIN)
            proxy.stop()

    assert got == PLAIN + PLAIN
    assert len(kept(home)) == 2


def test_a_request_to_the_proxy_with_a_whole_url_is_for_that_url(home: Path) -> None:
    """Of https, too, without a tunnel: so asks axios where nothing teaches it better."""
    target = b"https://api.openai.com/v1/x"
    head = b"POST " + target + b" HTTP/1.1\r\nHost: api.openai.com\r\n"
    sent = head + b"Content-Length: 2\r\n\r\n{}"
    with raw_upstream(PLAIN) as upstream:
        options = {
            "cassette": home / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_upstream": upstream.url,
        }
        with mitmdump(home, options=options) as proxy:
            live = _exchange(proxy.port, sent, until=BODY)
            proxy.stop()
    options = {"cassette": home / "c.yaml", "cassette_mode": "replay-only"}
    with mitmdump(home, options=options) as proxy:
        again = _exchange(proxy.port, sent, until=BODY)

    assert live == again == PLAIN
    assert [i.request.url for i in kept(home)] == [target.decode()]
