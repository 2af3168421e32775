"""Bodies of a hundred megabytes: passed on as they come, stored whole, within a bound of memory."""

import hashlib
import random
import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, Chunk, Received, StandIn
from support import proxies
from support.proxies import Mitmdump, mitmdump, mitmdump_to_its_end
from support.toolchain import require_tool

URL = "https://api.openai.com/v1/files"
MB = 1 << 20
SIZE = 100
"""Megabytes."""
BOUND = 2 * SIZE + 50
"""Megabytes of memory over those of an idle proxy."""
NOISE = random.Random(7).randbytes(MB)
LINE = b'{"custom_id": "request-1", "body": {"text": "caf\xc3\xa9"}}\n'
LINES = LINE * (MB // len(LINE))


def answer(received: Received) -> Answer:
    block = LINES if received.target.endswith("lines") else NOISE
    if received.method == "GET":
        return Answer(
            headers=(("Content-Type", "application/octet-stream"),),
            chunks=tuple(Chunk(data=block) for _ in range(SIZE)),
        )
    return Answer.of(b"%d" % received.body_size, "text/plain")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(answer) as running:
        yield running


recording = partial(proxies.recording, cassette_mode="record-only")


def peak(proxy: Mitmdump) -> float:
    """Megabytes of memory that the proxy has had at most."""
    status = Path(f"/proc/{proxy.process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc here to read a process's memory from")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert found
    return int(found[1]) / 1024


@pytest.mark.parametrize(
    ("version", "path"), [("1.1", ""), ("2", ""), ("1.1", "/lines")]
)
def test_a_large_answer_passes_on_as_it_comes(
    home: Path, api: StandIn, version: str, path: str
) -> None:
    block = LINES if path else NOISE
    with recording(home, api) as proxy, proxy.client(http2=version == "2") as client:
        client.post(URL, content=b"warm")
        idle = peak(proxy)
        digest, first = hashlib.sha256(), 0.0
        with client.stream("GET", URL + path) as stream:
            for piece in stream.iter_raw():
                first = first or time.monotonic()
                digest.update(piece)
        most = peak(proxy)
        proxy.stop()

    assert digest.digest() == hashlib.sha256(block * SIZE).digest()
    assert api.sent[-1].end is not None
    assert first < api.sent[-1].end
    assert most - idle < BOUND
    written = (home / "c.yaml").read_bytes()
    assert (b"body: |\n" in written) == bool(path)
    assert len(written) > SIZE * len(block)


@pytest.mark.parametrize(
    ("version", "headers"),
    [
        ("1.1", {"Content-Length": str(SIZE * MB)}),
        ("1.1", {"Transfer-Encoding": "chunked"}),
        ("2", {"Content-Length": str(SIZE * MB)}),
    ],
)
def test_a_large_upload_passes_on_as_it_comes(
    home: Path, api: StandIn, version: str, headers: dict[str, str]
) -> None:
    def blocks() -> Iterator[bytes]:
        for _ in range(SIZE):
            yield NOISE

    with recording(home, api) as proxy, proxy.client(http2=version == "2") as client:
        client.post(URL, content=b"warm")
        idle = peak(proxy)
        whole = client.post(URL, content=blocks(), headers=headers)
        most = peak(proxy)
        proxy.stop()

    assert whole.content == b"%d" % (SIZE * MB)
    assert api.requests[-1].body_sha256 == hashlib.sha256(NOISE * SIZE).hexdigest()
    assert most - idle < BOUND
    assert "recorded 2 interactions" in proxy.log


def test_what_passed_on_is_what_is_stored_and_replayed(home: Path) -> None:
    """Of a size that is quick to read again."""
    sent, got = NOISE * 5, LINES * 5

    def echo(received: Received) -> Answer:
        assert received.body == sent
        return Answer.of(got, "application/jsonl")

    replies = []
    with StandIn(echo) as api, recording(home, api) as proxy, proxy.client() as client:
        replies.append(client.post(f"{URL}?x=1", content=sent).content)
        proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as proxy:
        with proxy.client() as client:
            replies.append(client.post(f"{URL}?x=1", content=sent).content)
        proxy.stop()
    data = (home / "c.yaml").read_bytes()
    cassette = cassette_format.loads(data)

    assert replies == [got, got]
    [interaction] = cassette.interactions
    assert interaction.request.url == f"{URL}?x=1"
    assert interaction.request.body == sent
    assert interaction.response.body == got
    assert cassette_format.dumps(cassette) == data


LIMIT = 100_000


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("replay", [False, True])
def test_an_upload_above_the_limit_gets_a_clear_answer(
    home: Path, api: StandIn, replay: bool, version: str, chunked: bool
) -> None:
    known = Interaction(
        id=0,
        request=Request(method="POST", url=URL, body=b"small"),
        response=Response(code=200, status="200 OK", body=b"5", content_length=1),
    )
    if replay:
        cassette = Cassette(interactions=(known,))
        (home / "c.yaml").write_bytes(cassette_format.dumps(cassette))
    mode = {"cassette_mode": "replay-only"} if replay else {}
    body = NOISE * 20
    content = (body[at : at + MB] for at in range(0, len(body), MB))
    with (
        recording(home, api, cassette_upload_limit=LIMIT, **mode) as proxy,
        proxy.client(http2=version == "2") as client,
    ):
        large = client.post(URL, content=content if chunked else body)
        small = client.post(URL, content=b"small")
        proxy.stop()

    assert large.status_code == 413
    assert large.json()["error"]["code"] == "upload_too_large"
    assert "cassette_upload_limit" in large.json()["error"]["message"]
    assert small.content == b"5"
    assert [received.body for received in api.requests] == [b"small"] * (not replay)


def test_an_upload_that_turns_out_too_large_passes_and_is_not_recorded(
    home: Path, api: StandIn
) -> None:
    """Its length was not known, and it is too late to refuse what has gone on already."""
    chunks = (NOISE for _ in range(4))
    with (
        recording(home, api, cassette_upload_limit=2 * MB) as proxy,
        proxy.client() as client,
    ):
        large = client.post(URL, content=chunks)
        small = client.post(URL, content=b"small")
        proxy.stop()

    assert (large.content, small.content) == (b"%d" % (4 * MB), b"5")
    [kept] = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    assert kept.request.body == b"small"
    assert (
        f"not recorded: POST {URL}: the request is larger than cassette_upload_limit"
        in proxy.log
    )


def test_a_chunked_upload_is_stored_as_one_of_known_length(
    home: Path, api: StandIn
) -> None:
    parts = [NOISE, NOISE, b"end"]
    with recording(home, api) as proxy, proxy.client() as client:
        got = client.post(URL, content=iter(parts)).content
        proxy.stop()

    assert got == b"%d" % (2 * MB + 3)
    assert api.requests[-1].body_size == 2 * MB + 3
    [kept] = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    assert kept.request.body == b"".join(parts)
    assert kept.request.content_length == 0


@pytest.mark.parametrize("replay", [False, True])
def test_a_client_that_asks_first_need_not_send_what_is_too_large(
    home: Path, api: StandIn, replay: bool
) -> None:
    curl = require_tool("curl")
    if replay:
        (home / "c.yaml").write_bytes(cassette_format.dumps(Cassette()))
    mode = {"cassette_mode": "replay-only"} if replay else {}
    with recording(home, api, cassette_upload_limit=LIMIT, **mode) as proxy:
        done = subprocess.run(
            [curl, "-sS", "--http1.1", "--proxy", proxy.url, "--cacert", str(proxy.ca)]
            + ["-H", "Expect: 100-continue", "--expect100-timeout", "60"]
            + ["--data-binary", "@-", "--write-out", "%{http_code} %{size_upload}"]
            + ["--output", "/dev/null", URL],
            input=NOISE,
            capture_output=True,
            check=True,
        )
        proxy.stop()

    assert done.stdout == b"413 0"


def test_a_limit_that_is_none_ends_the_start(home: Path) -> None:
    ended = mitmdump_to_its_end(home, {"cassette_upload_limit": "much"})

    assert ended.returncode == 1
    assert "cassette_upload_limit: expected bytes" in ended.stdout
