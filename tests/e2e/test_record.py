"""Recording through a real mitmdump: the same file as go-vcr's, live answers, nothing lost."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette
from standin import Answer, BreakOff, Chunk, Framing, Received, StandIn
from support.proxies import DEADLINE, SEED, mitmdump, mitmdump_to_its_end, recording
from support.toolchain import require_tool

URL = "https://api.openai.com/v1/chat/completions"
AGENT = {"User-Agent": "OpenAI/Go 2.3.0", "Content-Type": "application/json"}
ACCEPT = {"Accept": "application/json"}


def load(path: Path) -> Cassette:
    return cassette_format.loads(path.read_bytes(), file=str(path))


def without_duration(data: bytes) -> list[bytes]:
    return [line for line in data.splitlines() if b" duration: " not in line]


def echo(received: Received) -> Answer:
    """An answer that names its request."""
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def echoing() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


def test_the_seeds_traffic_gives_the_seed(
    home: Path, api: StandIn, seed: Cassette
) -> None:
    """With curl, since openai-go's h2 and headers are what the seed was recorded from."""
    curl = require_tool("curl")
    body = seed.interactions[0].request.body
    headers = [w for k, v in (AGENT | ACCEPT).items() for w in ("-H", f"{k}: {v}")]

    with recording(home, api) as proxy:
        done = subprocess.run(
            [curl, "-sS", "--proxy", proxy.url, "--cacert", str(proxy.ca), URL]
            + [
                *headers,
                "-H",
                "Authorization: Bearer sk-not-a-key",
                "--data-binary",
                "@-",
            ],
            input=body,
            capture_output=True,
            check=True,
        )
        code = proxy.stop()

    assert code == 0
    assert done.stdout == seed.interactions[0].response.body
    written = (home / "c.yaml").read_bytes()
    assert without_duration(written) == without_duration(SEED.read_bytes())
    assert 0 < load(home / "c.yaml").interactions[0].response.duration < DEADLINE * 1e9


def test_both_doors_give_the_same_cassette(
    home: Path, api: StandIn, seed: Cassette
) -> None:
    body = seed.interactions[0].request.body
    files = {}
    for door in ("tunnel", "base-url"):
        path = home / f"{door}.yaml"
        with recording(home, api, cassette=path) as proxy:
            if door == "tunnel":
                with proxy.client(headers=AGENT | ACCEPT) as client:
                    client.post(URL, content=body)
            else:
                with proxy.direct(headers=AGENT | ACCEPT) as client:
                    client.post("/chat/completions", content=body)
            proxy.stop()
        files[door] = without_duration(path.read_bytes())

    assert files["tunnel"] == files["base-url"]


def test_a_gateway_is_asked_and_the_api_is_recorded(
    home: Path, echoing: StandIn
) -> None:
    """By name, under its own path, without TLS."""
    gateway = f"http://localhost:{echoing.plain_port}/openai"
    with recording(home, echoing, cassette_upstream=gateway) as proxy:
        with proxy.client() as client:
            client.post(URL, json={"n": 1})
        with proxy.direct() as client:
            client.post("/chat/completions?x=1", json={"n": 2})
        proxy.stop()

    host = f"localhost:{echoing.plain_port}"
    assert [(r.target, r.host) for r in echoing.requests] == [
        ("/openai/v1/chat/completions", host),
        ("/openai/v1/chat/completions?x=1", host),
    ]
    assert [i.request.url for i in load(home / "c.yaml").interactions] == [
        URL,
        f"{URL}?x=1",
    ]


def test_the_upstream_sees_the_name_of_the_api(home: Path, echoing: StandIn) -> None:
    with recording(home, echoing) as proxy:
        with proxy.client() as client:
            client.post(URL, json={})
        with proxy.direct() as client:
            client.post("/chat/completions", json={})
            client.post("/chat/completions", json={})
        proxy.stop()

    hosts = [received.host for received in echoing.requests]
    assert hosts == ["api.openai.com"] * 3
    assert echoing.connections == 2


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_the_http_version_is_negotiated_as_without_us(
    home: Path, echoing: StandIn, version: str
) -> None:
    with recording(home, echoing) as proxy:
        with proxy.client(http2=version == "HTTP/2") as client:
            answer = client.post(URL, json={})
        proxy.stop()

    assert answer.http_version == version
    [interaction] = load(home / "c.yaml").interactions
    assert interaction.request.proto == "HTTP/1.1"
    assert interaction.response.proto == {"HTTP/2": "HTTP/2.0"}.get(version, version)


def test_answers_pass_on_live(home: Path) -> None:
    events = 12
    gap = 0.1

    def stream(_: Received) -> Answer:
        chunks = [Chunk(data=b"data: %d\n\n" % n, delay=gap) for n in range(events)]
        return Answer(
            headers=(("Content-Type", "text/event-stream"),),
            chunks=tuple(chunks),
            framing=Framing.CHUNKED,
        )

    arrived: list[float] = []
    with (
        StandIn(stream) as api,
        recording(home, api) as proxy,
        proxy.client() as client,
    ):
        client.post(URL, json={"warm": "up"})
        with client.stream("POST", URL, json={"stream": True}) as answer:
            arrived.extend(time.monotonic() for _ in answer.iter_raw())
        sent = api.sent[-1].chunks

    assert len(arrived) == events
    late = [there - here for there, here in zip(arrived, sent, strict=True)]
    assert late[0] < 0.05
    assert max(late) < gap


def test_an_existing_cassette_is_replayed_only(home: Path, echoing: StandIn) -> None:
    """record-once, the default, twice."""
    with recording(home, echoing) as proxy, proxy.direct() as client:
        client.post("/chat/completions", json={"n": 1})
        proxy.stop()
    with recording(home, echoing) as proxy, proxy.direct() as client:
        known = client.post("/chat/completions", json={"n": 1})
        unknown = client.post("/chat/completions", json={"n": 2})
        proxy.stop()

    assert (known.status_code, unknown.status_code) == (200, 418)
    assert len(echoing.requests) == 1


def test_new_episodes_are_appended_and_known_ones_played(
    home: Path, echoing: StandIn
) -> None:
    with recording(home, echoing) as proxy, proxy.direct() as client:
        client.post("/chat/completions", json={"n": 1})
        proxy.stop()
    before = (home / "c.yaml").read_bytes()

    with recording(home, echoing, cassette_mode="replay-with-new-episodes") as proxy:
        with proxy.client() as client:
            answers = [client.post(URL, json={"n": n}).json() for n in (1, 2)]
        proxy.stop()

    after = (home / "c.yaml").read_bytes()
    assert answers == [{"n": 1}, {"n": 2}]
    assert after.startswith(before)
    assert [i.id for i in load(home / "c.yaml").interactions] == [0, 1]
    assert [json.loads(r.body) for r in echoing.requests] == [{"n": 1}, {"n": 2}]


def test_known_episodes_need_no_network(home: Path, echoing: StandIn) -> None:
    with recording(home, echoing) as proxy, proxy.direct() as client:
        client.post("/chat/completions", json={"n": 1})
        proxy.stop()
    connections = echoing.connections

    with recording(home, echoing, cassette_mode="replay-with-new-episodes") as proxy:
        with proxy.client() as client:
            answer = client.post(URL, json={"n": 1})
        proxy.stop()

    assert answer.json() == {"n": 1}
    assert echoing.connections == connections


def test_record_only_replaces_the_cassette_at_the_end(
    home: Path, echoing: StandIn
) -> None:
    cassette = home / "c.yaml"
    cassette.write_bytes(SEED.read_bytes())
    cassette.chmod(0o640)
    with recording(home, echoing, cassette_mode="record-only") as proxy:
        with proxy.direct() as client:
            client.post("/chat/completions", json={"n": 1})
        during = cassette.read_bytes()
        proxy.stop()

    assert during == SEED.read_bytes()
    assert [i.request.body for i in load(cassette).interactions] == [b'{"n":1}']
    assert cassette.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in home.glob("c.yaml*")] == ["c.yaml"]


def test_record_only_without_a_call_keeps_the_cassette(
    home: Path, echoing: StandIn
) -> None:
    cassette = home / "c.yaml"
    cassette.write_bytes(SEED.read_bytes())
    with recording(home, echoing, cassette_mode="record-only") as proxy:
        proxy.stop()

    assert cassette.read_bytes() == SEED.read_bytes()
    assert [p.name for p in home.glob("c.yaml*")] == ["c.yaml"]


def test_passthrough_records_nothing(home: Path, echoing: StandIn) -> None:
    with recording(home, echoing, cassette_mode="passthrough") as proxy:
        with proxy.client() as client:
            answer = client.post(URL, json={"n": 1})
        proxy.stop()

    assert answer.json() == {"n": 1}
    assert not (home / "c.yaml").exists()


def test_without_options_it_records_once_into_the_default_cassette(
    home: Path, echoing: StandIn
) -> None:
    work = home / "work"
    work.mkdir()
    options = {
        "cassette_upstream": echoing.address,
        "ssl_verify_upstream_trusted_ca": echoing.ca_file,
    }
    with mitmdump(home, options=options, cwd=work) as proxy:
        proxy.wait_for(r"recording into cassettes/openai\.yaml")
        with proxy.direct() as client:
            client.post("/chat/completions", json={})
        proxy.stop()

    assert len(load(work / "cassettes" / "openai.yaml").interactions) == 1


def test_options_come_from_the_environment_too(home: Path, echoing: StandIn) -> None:
    variables = {
        "ANYVCR_CASSETTE": str(home / "e.yaml"),
        "ANYVCR_MODE": "record-only",
        "ANYVCR_UPSTREAM": echoing.address,
    }
    options = {"ssl_verify_upstream_trusted_ca": echoing.ca_file}
    with mitmdump(home, options=options, env=variables) as proxy:
        with proxy.direct() as client:
            client.post("/chat/completions", json={})
        proxy.stop()

    assert len(load(home / "e.yaml").interactions) == 1


def test_other_hosts_are_not_recorded(home: Path, echoing: StandIn) -> None:
    with StandIn(echo) as site, recording(home, echoing) as proxy:
        with httpx.Client(proxy=proxy.url, trust_env=False) as client:
            plain = client.post(f"http://{site.plain_address}/y", content=b"plain")
        with proxy.direct() as client:
            client.post("/chat/completions", json={})
        proxy.stop()

    assert plain.content == b"plain"
    assert [i.request.url for i in load(home / "c.yaml").interactions] == [URL]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_the_recording_in_order(
    home: Path, echoing: StandIn, number: signal.Signals
) -> None:
    with recording(home, echoing) as proxy:
        with proxy.direct() as client:
            client.post("/chat/completions", json={"n": 1})
        code = proxy.stop(number)

    assert code == 0
    assert "recorded 1 interaction in" in proxy.log
    assert len(load(home / "c.yaml").interactions) == 1


def test_a_kill_loses_nothing_that_a_client_had(home: Path) -> None:
    """Fifty kills at random moments under eight clients, one after the other and resumed."""
    payload = "x" * 3000
    rng = random.Random(20261122)

    def answer(received: Received) -> Answer:
        body = json.loads(received.body)
        text = json.dumps({"echo": body, "pad": payload}).encode()
        if body["n"] % 2:
            return Answer.events(b"data: " + text + b"\n\ndata: [DONE]\n\n")
        return Answer.of(text, "application/json")

    with StandIn(answer) as api, ThreadPoolExecutor(2) as pool:
        runs = [(home / f"run{n}", rng.uniform(0.05, 0.4)) for n in range(50)]
        for had, kept in pool.map(lambda run: _killed_run(run[0], run[1], api), runs):
            assert had <= kept


def _killed_run(home: Path, moment: float, api: StandIn) -> tuple[set[int], set[int]]:
    """What clients had in full when the proxy was killed, and what is in the file."""
    home.mkdir()
    had: set[int] = set()
    with recording(home, api, cassette_mode="record-only") as proxy:
        numbers = iter(range(10_000))
        lock = threading.Lock()

        def work() -> None:
            with suppress(httpx.HTTPError), proxy.direct() as client:
                while True:
                    with lock:
                        n = next(numbers)
                    answer = client.post("/chat/completions", json={"n": n})
                    if answer.content and answer.status_code == 200:
                        had.add(n)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + moment
        while time.monotonic() < deadline and proxy.process.poll() is None:
            time.sleep(0.005)  # a random moment is the point here
        proxy.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(DEADLINE)
    cassette = home / "c.yaml"
    kept = load(cassette).interactions if cassette.exists() else ()
    return had, {json.loads(i.request.body)["n"] for i in kept}


def test_a_second_recorder_is_refused(home: Path, echoing: StandIn) -> None:
    with recording(home, echoing) as first:
        with first.direct() as client:
            client.post("/chat/completions", json={"n": 1})
        for mode in ("record-only", "record-once", "replay-with-new-episodes"):
            options = {"cassette": home / "c.yaml", "cassette_mode": mode}
            second = mitmdump_to_its_end(home, options)
            assert second.returncode == 1
            assert "c.yaml is being recorded by another process" in second.stdout
        first.stop()

    assert len(load(home / "c.yaml").interactions) == 1


def test_a_cassette_that_cannot_be_written_fails_the_run(
    home: Path, echoing: StandIn
) -> None:
    """A file size limit stands for a full disk: the write stops short."""
    limited = ["prlimit", f"--fsize={2000}", "--"]
    require_tool("prlimit")
    with recording(home, echoing):
        pass  # the CA's files are larger
    with mitmdump(
        home,
        options={
            "cassette": home / "c.yaml",
            "cassette_upstream": echoing.address,
            "ssl_verify_upstream_trusted_ca": echoing.ca_file,
        },
        prefix=limited,
    ) as proxy:
        with proxy.direct() as client:
            small = client.post("/chat/completions", json={"n": 1})
            large = client.post("/chat/completions", json={"pad": "x" * 5000})
        code = proxy.stop()

    assert (small.status_code, large.status_code) == (200, 200)
    assert code == 1
    assert "cannot write cassette" in proxy.log
    assert [i.request.body for i in load(home / "c.yaml").interactions] == [b'{"n":1}']


def test_an_answer_cut_off_is_not_stored(home: Path) -> None:
    cut = Answer(
        headers=(("Content-Type", "text/event-stream"),),
        chunks=tuple(Chunk(data=b"data: %d\n\n" % n) for n in range(4)),
        framing=Framing.CHUNKED,
        break_off=BreakOff.RESET,
        break_after=2,
    )
    with StandIn(echo) as api, recording(home, api) as proxy:
        api.enqueue(cut)
        with proxy.direct() as client:
            with pytest.raises(httpx.HTTPError):
                client.post("/chat/completions", json={"n": 1})
            client.post("/chat/completions", json={"n": 2})
        proxy.stop()

    assert [i.request.body for i in load(home / "c.yaml").interactions] == [b'{"n":2}']
    assert "not recorded: POST https://api.openai.com/v1/chat/completions" in proxy.log


def test_a_reload_of_the_script_keeps_the_cassette(
    home: Path, echoing: StandIn
) -> None:
    entry = home / "entry.py"
    entry.write_text("from anyvcr.proxy.addon import Anyvcr\naddons = [Anyvcr()]\n")
    with mitmdump(
        home,
        options={
            "cassette": home / "c.yaml",
            "cassette_mode": "replay-with-new-episodes",
            "cassette_upstream": echoing.address,
            "ssl_verify_upstream_trusted_ca": echoing.ca_file,
        },
        scripts=(entry,),
    ) as proxy:
        with proxy.direct() as client:
            client.post("/chat/completions", json={"n": 1})
            now = time.time() + 10
            os.utime(entry, (now, now))
            proxy.wait_for(r"recorded 1 interaction in")
        with proxy.direct() as client:
            client.post("/chat/completions", json={"n": 2})
        proxy.stop()

    bodies = [i.request.body for i in load(home / "c.yaml").interactions]
    assert bodies == [b'{"n":1}', b'{"n":2}']
