"""Encoded bodies: the client gets what was sent, and what is stored is decoded, or said."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # no types are published
import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction, header
from standin import Answer, Chunk, Framing, Received, StandIn
from support.proxies import mitmdump, recording

URL = "https://api.openai.com/v1/chat/completions"
BODY = b'{"id":"chatcmpl-1","choices":[]}'
STREAM = b"data: 1\n\ndata: 22\n\ndata: [DONE]\n\n"


squeeze = partial(gzip.compress, mtime=0)


def bare_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(body) + deflater.flush()


def in_members(body: bytes) -> bytes:
    return squeeze(body[:7]) + squeeze(body[7:])


DECODED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "members": ("gzip", in_members),
    "bare deflate": ("deflate", bare_deflate),
    "chain": ("gzip, br", lambda body: brotli.compress(squeeze(body))),
    "identity": ("identity", bytes),
}
KEPT = {
    "ends early": ("gzip", gzip.compress(BODY * 9)[:-9], "ends before its gzip does"),
    "with more": ("gzip", gzip.compress(BODY) + b"garbage", "is not in the coding"),
    "not encoded": ("gzip", BODY, "is not in the coding gzip"),
    "unknown": ("compress", b"\x01\x02\xff", "in the coding 'compress'"),
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(lambda _: Answer.of(b"{}", "application/json")) as running:
        yield running


def encoded(coding: str, body: bytes, *, stream: bool = False) -> Answer:
    chunks = (body[:9], body[9:]) if stream else (body,)
    return Answer(
        headers=(
            ("Content-Type", "text/event-stream" if stream else "application/json"),
            ("Content-Encoding", coding),
        ),
        chunks=tuple(Chunk(data=chunk) for chunk in chunks),
        framing=Framing.CHUNKED if stream else Framing.CONTENT_LENGTH,
    )


def raw(client: httpx.Client, number: int = 0) -> tuple[bytes, str | None]:
    """The body as it travels, and its coding."""
    with client.stream("POST", URL, json={"n": number}) as answer:
        body = b"".join(answer.iter_raw())
    return body, answer.headers.get("content-encoding")


def kept(home: Path) -> tuple[Interaction, ...]:
    return cassette_format.loads((home / "c.yaml").read_bytes()).interactions


def replayed(home: Path, count: int) -> list[tuple[bytes, str | None]]:
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as proxy:
        with proxy.client() as client:
            found = [raw(client, number) for number in range(count)]
        proxy.stop()
    return found


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_bodies_are_stored_decoded(home: Path, api: StandIn, stream: bool) -> None:
    plain = STREAM if stream else BODY
    sent = [(encode(plain), coding) for coding, encode in DECODED.values()]
    api.enqueue(*(encoded(coding, body, stream=stream) for body, coding in sent))
    options = {"cassette_mode": "record-only", "cassette_timing": "true"}
    with recording(home, api, **options) as proxy:
        with proxy.client() as client:
            live = [raw(client, number) for number in range(len(sent))]
        proxy.stop()

    assert live == sent
    assert [i.response.body for i in kept(home)] == [plain] * len(sent)
    assert replayed(home, len(sent)) == [(plain, None)] * len(sent)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_bodies_that_cannot_be_decoded_are_stored_as_they_came_and_said(
    home: Path, api: StandIn, stream: bool
) -> None:
    sent = [(body, coding) for coding, body, _ in KEPT.values()]
    api.enqueue(*(encoded(coding, body, stream=stream) for body, coding in sent))
    with recording(home, api, cassette_mode="record-only") as proxy:
        with proxy.client() as client:
            live = [raw(client, number) for number in range(len(sent))]
        proxy.stop()

    assert live == sent
    for _, _, why in KEPT.values():
        assert re.search(f"stored still encoded: a body that .*{why}", proxy.log)
    assert [i.response.body for i in kept(home)] == [body for body, _ in sent]
    assert replayed(home, len(sent)) == sent


def test_an_answer_that_decompresses_without_end_passes_and_is_not_stored(
    home: Path, api: StandIn
) -> None:
    bomb = brotli.compress(bytes(300 << 20))
    api.enqueue(encoded("br", bomb))
    with recording(home, api, cassette_mode="record-only") as proxy:
        with proxy.client() as client:
            live = raw(client)
        proxy.stop()

    assert live == (bomb, "br")
    assert not (home / "c.yaml").exists()
    assert "1 not recorded (1: the answer decodes to more than 268435456" in proxy.log


def test_a_compressed_request_is_one_request_however_it_is_compressed(
    home: Path, api: StandIn
) -> None:
    asked = json.dumps({"input": "my key is sk-proj-" + "Ab3dEf6hIj9k" * 5}).encode()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    first, second = gzip.compress(asked, 9, mtime=1), gzip.compress(asked, 1, mtime=9)
    with recording(home, api, cassette_mode="record-only") as proxy:
        with proxy.client() as client:
            client.post(URL, content=first, headers=headers)
        proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as replaying:
        with replaying.client() as client:
            again = client.post(URL, content=second, headers=headers)
        replaying.stop()

    sent: Received = api.requests[0]
    assert sent.body == first
    request = kept(home)[0].request
    assert json.loads(request.body) == {"input": "my key is REDACTED"}
    assert request.content_length == len(request.body)
    assert header(request.headers, "Content-Encoding") == ""
    assert again.status_code == 200


def test_a_request_that_cannot_be_decoded_is_said(home: Path, api: StandIn) -> None:
    with recording(home, api, cassette_mode="record-only") as proxy:
        with proxy.client() as client:
            client.post(URL, content=b"{}", headers={"Content-Encoding": "gzip"})
        proxy.stop()

    assert f"POST {URL}: a request that is not decoded: it is not in the" in proxy.log
    assert kept(home)[0].request.body == b"{}"
    assert header(kept(home)[0].request.headers, "Content-Encoding") == "gzip"
