"""What a program received is in the cassette, however and whenever it leaves."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from standin import Answer, Chunk, Encoding, Framing, Received, StandIn
from support.proxies import ADDON, Mitmdump, mitmdump, recording

LEAVERS = int(os.environ.get("ANYVCR_LEAVERS", "24"))
"""Streams of each row whose client leaves at their terminal event; 500 are the bar."""
URL = "https://api.openai.com/v1/chat/completions"
EVENTS = tuple(b'data: {"n":%d}\n\n' % n for n in range(20))
DONE = b"data: [DONE]\n\n"
COMPLETED = b'event: response.completed\ndata: {"type":"response.completed"}\n\n'
LEFT_FOR_GOOD = "the client left, and the rest of the answer took too long"


def stream(
    *chunks: Chunk | bytes, end: float = 0.0, encoding: Encoding | None = None
) -> Answer:
    """Events, whose message ends `end` seconds after the last of them."""
    sent = [c if isinstance(c, Chunk) else Chunk(data=c) for c in chunks]
    return Answer(
        headers=(("Content-Type", "text/event-stream"),),
        chunks=(*sent, Chunk(data=b"", delay=end)),
        framing=Framing.CHUNKED,
        encoding=encoding,
    )


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(lambda _: stream(*EVENTS, DONE)) as running:
        yield running


def read_until(client: httpx.Client, number: int, last: bytes) -> bytes:
    """Ask question `number`, and leave as soon as `last` has come."""
    body = b""
    with client.stream("POST", URL, json={"n": number}) as answer:
        for piece in answer.iter_bytes():
            body += piece
            if last in body:
                break
    return body


def kept(home: Path) -> tuple[Interaction, ...]:
    return cassette_format.loads((home / "c.yaml").read_bytes()).interactions


@pytest.mark.parametrize("encoding", [None, Encoding.GZIP])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_client_that_leaves_with_the_terminal_event_loses_nothing(
    home: Path, api: StandIn, version: str, encoding: Encoding | None
) -> None:
    late = random.Random(1)
    count, threads = LEAVERS, 4
    api.enqueue(
        *(
            stream(*EVENTS[:3], DONE, end=late.uniform(0, 0.5), encoding=encoding)
            for _ in range(count)
        )
    )

    def leave(proxy: Mitmdump, first: int) -> None:
        for number in range(first, count, threads):
            # A client of its own for each: leaving ends its connection.
            with proxy.client(http2=version == "2") as client:
                read_until(client, number, DONE)

    with recording(home, api, cassette_mode="record-only") as proxy:
        working = [
            threading.Thread(target=leave, args=(proxy, n)) for n in range(threads)
        ]
        for each in working:
            each.start()
        for each in working:
            each.join()
        proxy.stop()  # while the last of the messages have not ended

    assert len(api.requests) == count
    bodies = [interaction.response.body for interaction in kept(home)]
    assert bodies == [b"".join((*EVENTS[:3], DONE))] * count
    assert "not recorded" not in proxy.log


@pytest.mark.parametrize("encoding", [None, Encoding.GZIP])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_an_answer_is_in_the_file_before_its_terminal_event_is_with_the_client(
    home: Path, api: StandIn, version: str, encoding: Encoding | None
) -> None:
    api.enqueue(stream(*EVENTS[:3], DONE, end=30.0, encoding=encoding))
    with (
        recording(home, api, cassette_mode="record-only") as proxy,
        proxy.client(http2=version == "2") as client,
    ):
        body = read_until(client, 1, DONE)
        proxy.stop(signal.SIGKILL)

    assert [i.response.body for i in kept(home)] == [body]


def test_what_comes_after_the_terminal_event_is_stored_with_it(home: Path) -> None:
    """Some gateways send `[DONE]` after `response.completed`; meanwhile others are recorded."""
    is_over = threading.Event()

    def answer(received: Received) -> Answer:
        if received.body != b'{"n":0}':
            return stream(*EVENTS[:2], DONE)
        return stream(EVENTS[0], COMPLETED, Chunk(data=DONE, delay=0.8), end=0.1)

    with StandIn(answer) as api, recording(home, api) as proxy:

        def ask() -> None:
            with proxy.client() as client:
                first = client.post(URL, json={"n": 0})
                assert first.content == EVENTS[0] + COMPLETED + DONE
            is_over.set()

        asking = threading.Thread(target=ask)
        asking.start()
        proxy.wait_for("recorded #0")
        with proxy.client() as client:
            for number in (1, 2):
                client.post(URL, json={"n": number})
        assert not is_over.is_set()
        asking.join()
        with proxy.client() as client:
            client.post(URL, json={"n": 3})
        proxy.stop()

    first, *others = kept(home)
    assert [i.id for i in kept(home)] == [0, 1, 2, 3]
    assert first.response.body == EVENTS[0] + COMPLETED + DONE
    assert [i.response.body for i in others] == [b"".join((*EVENTS[:2], DONE))] * 3
    assert proxy.log.count("recorded #0") == 1


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_program_that_takes_three_events_of_twenty_replays_the_same(
    home: Path, api: StandIn, version: str
) -> None:
    paced = stream(*(Chunk(data=event, delay=0.01) for event in EVENTS), DONE, end=0.05)
    count = max(10, LEAVERS // 5)
    api.enqueue(*[paced] * count)

    def run(proxy: Mitmdump) -> list[bytes]:
        taken = []
        for number in range(count):
            with proxy.client(http2=version == "2") as client:
                body = read_until(client, number, EVENTS[2])
            taken.append(b"".join(EVENTS[:3]) if EVENTS[2] in body else body)
        return taken

    with recording(home, api, cassette_mode="record-only") as proxy:
        live = run(proxy)
        for number in range(count):
            proxy.wait_for(f"recorded #{number} ")
        proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as replaying:
        again = run(replaying)
        replaying.stop()

    assert again == live
    whole = b"".join((*EVENTS, DONE))
    assert [i.response.body for i in kept(home)] == [whole] * count
    assert not any(i.response.extra for i in kept(home))
    assert "the client left before the end, and the rest was awaited" in proxy.log


IMPATIENT = """
from anyvcr.proxy.recording import exchanges
exchanges.PATIENCE, exchanges.ROOM = {patience}, {room}
"""


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize(("patience", "room"), [(0.5, 1 << 20), (60, 1000)])
def test_an_answer_without_an_end_is_given_up_and_said(
    home: Path, api: StandIn, version: str, patience: float, room: int
) -> None:
    impatient = home / "impatient.py"
    impatient.write_text(IMPATIENT.format(patience=patience, room=room))
    endless = [Chunk(data=event * 20, delay=0.2) for event in EVENTS * 50]
    api.enqueue(stream(*EVENTS[:3], *endless))
    options = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": api.address,
        "ssl_verify_upstream_trusted_ca": api.ca_file,
    }
    with mitmdump(home, options=options, scripts=(impatient, ADDON)) as proxy:
        with proxy.client(http2=version == "2") as client:
            read_until(client, 1, EVENTS[2])
        proxy.wait_for(f"not recorded: POST {URL}: {LEFT_FOR_GOOD}")
        with proxy.client() as client:
            client.post(URL, json={"n": 2})
        proxy.stop()

    assert [i.request.body for i in kept(home)] == [b'{"n":2}']


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_call_that_was_left_comes_before_an_equal_one_that_ended_sooner(
    home: Path, version: str
) -> None:
    """The rest of the first and the second is awaited while the third is asked and answered."""

    def answers(number: int, gap: float) -> Answer:
        first, *more = (b"data: %d.%d\n\n" % (number, n) for n in range(3))
        later = (Chunk(data=event, delay=gap) for event in more)
        return stream(first, *later, DONE)

    def run(proxy: Mitmdump) -> list[bytes]:
        taken = []
        for last in (b".0\n\n", b".0\n\n", DONE, DONE):
            with proxy.client(http2=version == "2") as client:
                taken.append(read_until(client, 1, last)[:10])
        return taken

    with StandIn(lambda _: answers(9, 0.0)) as api:
        api.enqueue(answers(1, 0.5), answers(2, 0.3), answers(3, 0.0), answers(4, 0.0))
        with recording(home, api, cassette_mode="record-only") as proxy:
            live = run(proxy)
            proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as replaying:
        again = run(replaying)
        replaying.stop()

    assert live == again == [b"data: %d.0\n" % n for n in (1, 2, 3, 4)]
    assert [i.id for i in kept(home)] == [0, 1, 2, 3]
