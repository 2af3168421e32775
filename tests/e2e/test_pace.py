"""Playback at a pace: to the first byte, between events, chunk by chunk as it was recorded.

The bounds are wide, for machines that do other things as well; benchmarks.micro.live has the
narrow ones.
"""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from go.process import Oracle
from standin import Answer, Chunk, Encoding, Framing, StandIn
from support.proxies import DEADLINE, Mitmdump, mitmdump_to_its_end
from support.proxies import proxy as proxy_of_shell

URL = "https://api.openai.com/v1/chat/completions"

pytestmark = pytest.mark.usefixtures("each_shell")
EVENTS = tuple(b'data: {"n":%d}\n\n' % n for n in range(6))
EVENT_STREAM = ("Content-Type", ("text/event-stream",))
SLACK = 0.05
"""Seconds that a busy machine may add to a moment, in one of TRIES."""
TRIES = 8
EARLY = 0.002
"""Seconds by which clocks may differ."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it came off the socket: seconds since the request."""

    head: float
    chunks: tuple[tuple[float, bytes], ...]

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


def hear(proxy: Mitmdump, sock: socket.socket | None = None) -> Heard:
    """Ask at the base URL, and note each chunk of HTTP/1.1."""
    if sock is None:
        with connect(proxy) as new:
            return hear(proxy, new)
    asked = time.monotonic()
    sock.sendall(b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n")
    with sock.makefile("rb") as stream:
        return _read(stream, asked)


def _read(stream: BinaryIO, asked: float) -> Heard:
    line = stream.readline()
    head = time.monotonic() - asked
    fields: dict[bytes, bytes] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    if length := int(fields.get(b"content-length", b"0")):
        data = stream.read(length)
        return Heard(head, ((time.monotonic() - asked, data),))
    chunks = []
    while size := int(stream.readline(), 16):
        data = stream.read(size)
        chunks.append((time.monotonic() - asked, data))
        stream.readline()
    stream.readline()
    return Heard(head, tuple(chunks))


def connect(proxy: Mitmdump) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", proxy.port), timeout=DEADLINE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def replaying(
    home: Path, pace: str, response: Response, **options: object
) -> AbstractContextManager[Mitmdump]:
    """A proxy that answers with `response`, again and again."""
    request = Request(method="GET", url=URL)
    interaction = Interaction(id=0, request=request, response=response)
    cassette = home / "c.yaml"
    cassette.write_bytes(cassette_format.dumps(Cassette(interactions=(interaction,))))
    return proxy_of_shell(
        home,
        options={
            "cassette": cassette,
            "cassette_mode": "replay-only",
            "cassette_pace": pace,
            "cassette_repeats": "cycle",
            **options,
        },
    )


def events(**more: object) -> Response:
    fields = {"headers": (EVENT_STREAM,), "duration": 200_000_000} | more
    return Response(code=200, status="200 OK", body=b"".join(EVENTS), **fields)  # type: ignore[arg-type]  # fields of Response


def hear_in_time(proxy: Mitmdump, due: Sequence[float]) -> Heard:
    """What comes in its time: never before, and once not long after. `due`: head, chunks."""
    lates = []
    for _ in range(TRIES):
        heard = hear(proxy)
        found = [heard.head, *(at for at, _ in heard.chunks)]
        late = [there - here for there, here in zip(found, due, strict=True)]
        assert min(late) > -EARLY
        lates.append(max(late))
        if lates[-1] < SLACK:
            return heard
    raise AssertionError(f"never in time: late by {lates}")


@pytest.mark.parametrize(
    ("pace", "factor"), [("recorded", 1), ("2x", 2), ("0.5x", 0.5)]
)
def test_events_are_spread_and_never_split(
    home: Path, pace: str, factor: float
) -> None:
    with replaying(home, pace, events()) as proxy:
        due = [(0.2 + n * 0.02) / factor for n in range(len(EVENTS))]
        heard = hear_in_time(proxy, [0.2 / factor, *due])

    assert tuple(data for _, data in heard.chunks) == EVENTS


def test_at_once_nothing_waits(home: Path) -> None:
    with replaying(home, "instant", events(duration=5_000_000_000)) as proxy:
        hear(proxy)
        heard = hear(proxy)

    assert heard.body == b"".join(EVENTS)
    assert heard.chunks[-1][0] < 1.0


def test_a_body_in_one_piece_comes_with_its_headers(home: Path) -> None:
    plain = Response(
        code=200,
        status="200 OK",
        body=b"{}",
        content_length=2,
        duration=150_000_000,
    )
    with replaying(home, "recorded", plain) as proxy:
        heard = hear_in_time(proxy, [0.15, 0.15])

    assert heard.body == b"{}"


GAPS = (0.0, 0.05, 0.0, 0.1, 0.03)
PIECES = (b"data: 1\n", b"\ndata: 2\n\nda", b"ta: 3\n\n", b"x" * 9000, b"\n\n")


@pytest.mark.parametrize("encoding", [None, *Encoding])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_chunks_come_back_as_they_were_recorded(
    home: Path, encoding: Encoding | None, version: str
) -> None:
    """Their sizes are those of the stored body, which has no content coding."""
    answer = Answer(
        headers=(("Content-Type", "text/event-stream"),),
        chunks=tuple(
            Chunk(data=data, delay=gap or 0.02)
            for data, gap in zip(PIECES, GAPS, strict=True)
        ),
        framing=Framing.CHUNKED,
        encoding=encoding,
    )
    cassette = home / "c.yaml"
    with StandIn(lambda _: answer) as api:
        options = {
            "cassette": cassette,
            "cassette_timing": "true",
            "cassette_upstream": api.address,
            "ssl_verify_upstream_trusted_ca": api.ca_file,
        }
        with proxy_of_shell(home, options=options) as proxy:
            with proxy.client(http2=version == "2") as client:
                client.get(URL)
            proxy.stop()
        sent = api.sent[-1]
    [interaction] = cassette_format.loads(cassette.read_bytes()).interactions
    recorded = extensions.of(interaction.response)
    duration = interaction.response.duration / 1e9
    offsets = [chunk.offset / 1e9 for chunk in recorded]
    options = {
        "cassette": cassette,
        "cassette_pace": "recorded",
        "cassette_repeats": "cycle",
    }
    with proxy_of_shell(home, options=options) as proxy:
        due = [duration, *(duration + offset for offset in offsets)]
        heard = hear_in_time(proxy, due)

    assert tuple(chunk.size for chunk in recorded) == tuple(map(len, PIECES))
    assert sent.head is not None
    lasted = sent.chunks[-1] - sent.head
    assert offsets == sorted(offsets)
    assert abs(offsets[-1] - lasted) < TRIES * SLACK
    assert tuple(data for _, data in heard.chunks) == PIECES


def test_go_vcr_reads_what_it_does_not_know(home: Path, tmp_path: Path) -> None:
    marked = events(extra=(("chunk_timing", "84@0.5"), ("partial", True)))
    with replaying(home, "instant", marked):
        pass

    [loaded] = Oracle(tmp_path).ask("load", [(home / "c.yaml").read_bytes()])

    assert loaded.error == ""
    assert b"chunk_timing" not in loaded.texts[0]


def test_a_connection_goes_on_after_a_paced_answer(home: Path) -> None:
    with replaying(home, "recorded", events()) as proxy, connect(proxy) as sock:
        answers = [hear(proxy, sock) for _ in range(3)]

    assert [a.body for a in answers] == [b"".join(EVENTS)] * 3
    assert min(a.head for a in answers) > 0.2 - EARLY


def test_a_request_that_comes_during_an_answer_waits_for_its_end(home: Path) -> None:
    with replaying(home, "recorded", events()) as proxy, connect(proxy) as sock:
        for last in (b"", b"Connection: close\r\n"):
            head = b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
            sock.sendall(head + last + b"\r\n")
        with sock.makefile("rb") as stream:
            received = stream.read()

    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(EVENTS[-1]) == 2
    second = received.rindex(b"HTTP/1.1 200 OK")
    assert received.index(EVENTS[-1]) < second < received.rindex(EVENTS[0])


def test_a_client_that_leaves_a_paced_answer_disturbs_nobody(home: Path) -> None:
    with replaying(home, "recorded", events()) as proxy:
        with connect(proxy) as sock:
            sock.sendall(b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(10)
        heard = hear(proxy)
        proxy.stop()

    assert heard.body == b"".join(EVENTS)
    assert "Traceback" not in proxy.log


def test_many_paced_answers_run_side_by_side(home: Path) -> None:
    number = 50
    chunks = tuple(
        extensions.Chunk(len(event), n * 50_000_000) for n, event in enumerate(EVENTS)
    )
    timed = events(extra=((extensions.KEY, extensions.format(chunks)),))
    with (
        replaying(home, "recorded", timed) as proxy,
        ThreadPoolExecutor(number) as pool,
    ):
        heard = list(pool.map(lambda _: hear(proxy), range(number)))

    gaps = [
        there - here
        for each in heard
        for (here, _), (there, _) in pairwise(each.chunks)
    ]
    assert [each.body for each in heard] == [b"".join(EVENTS)] * number
    assert sorted(abs(gap - 0.05) for gap in gaps)[len(gaps) // 2] < 0.025


def test_where_the_api_may_be_asked_the_pace_is_that_of_the_first_byte(
    home: Path,
) -> None:
    mode = {"cassette_mode": "replay-with-new-episodes"}
    with (
        replaying(home, "recorded", events(), **mode) as proxy,
        proxy.direct() as client,
    ):
        asked = time.monotonic()
        answer = client.get("/chat/completions")
        taken = time.monotonic() - asked

    assert answer.content == b"".join(EVENTS)
    assert taken > 0.2 - EARLY


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        ("instant", {"retry-after": "0", "retry-after-ms": "1"}),
        ("recorded", {"retry-after": "20", "retry-after-ms": "20000"}),
    ],
)
def test_a_recorded_wait_before_a_retry_is_none_unless_asked_for(
    home: Path, pace: str, expected: dict[str, str]
) -> None:
    limited = Response(
        code=429,
        status="429 Too Many Requests",
        headers=(("Retry-After", ("20",)), ("Retry-After-Ms", ("20000",))),
        body=b"{}",
        content_length=2,
    )
    with replaying(home, pace, limited) as proxy, proxy.direct() as client:
        answer = client.get("/chat/completions")

    waits = {k: v for k, v in answer.headers.items() if k.startswith("retry-")}
    assert waits == expected


def test_a_pace_that_is_none_ends_the_start(home: Path) -> None:
    ended = mitmdump_to_its_end(home, {"cassette_pace": "fast"})

    assert ended.returncode == 1
    assert "cassette_pace: expected instant, recorded, or a factor" in ended.stdout
    assert "Traceback" not in ended.stdout
