"""Ends in order: what is on its way when a proxy stops or a cassette is closed is still stored."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from standin import Answer, Chunk, Framing, Received, StandIn
from support.proxies import ADDON, DEADLINE, Mitmdump, mitmdump, serving

EVENTS = tuple(b"data: %d\n\n" % n for n in range(4))
SLOW = Answer(
    headers=(("Content-Type", "text/event-stream"),),
    chunks=tuple(Chunk(data=event, delay=0.15) for event in EVENTS),
    framing=Framing.CHUNKED,
)
"""Half a second long."""

CONTROL = """
import asyncio, json, os
from mitmproxy import ctx

class Control:
    def running(self):
        self.task = asyncio.get_running_loop().create_task(self.obey())

    async def obey(self):
        while True:
            await asyncio.sleep(0.02)
            if os.path.exists("set.json"):
                with open("set.json") as file:
                    options = json.load(file)
                os.remove("set.json")
                ctx.options.update(**options)

addons = [Control()]
"""
"""A script that sets options while mitmdump runs, as a user of mitmproxy's console does."""


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


def recording(
    home: Path, api: StandIn, *scripts: Path, **options: object
) -> AbstractContextManager[Mitmdump]:
    given = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": api.address,
        "ssl_verify_upstream_trusted_ca": api.ca_file,
        **options,
    }
    return mitmdump(home, options=given, scripts=scripts or (ADDON,))


def served(home: Path, api: StandIn) -> AbstractContextManager[Mitmdump]:
    return serving(home, api=api)


def bodies(path: Path) -> list[bytes]:
    """Of the recorded answers."""
    cassette = cassette_format.loads(path.read_bytes(), file=str(path))
    return [interaction.response.body for interaction in cassette.interactions]


def urls(path: Path) -> set[str]:
    cassette = cassette_format.loads(path.read_bytes(), file=str(path))
    return {interaction.request.url for interaction in cassette.interactions}


class Reader:
    """A client in a thread that reads one answer; `begun` once its first bytes are here."""

    def __init__(self, client: httpx.Client, path: str = "/chat/completions") -> None:
        self.begun = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._future: Future[bytes] = self._pool.submit(self._read, client, path)
        assert self.begun.wait(DEADLINE)

    def _read(self, client: httpx.Client, path: str) -> bytes:
        got = b""
        try:
            with client.stream("POST", path, json={"n": 1}) as answer:
                for piece in answer.iter_raw():
                    got += piece
                    self.begun.set()
        finally:
            self.begun.set()
        return got

    def result(self) -> bytes:
        got = self._future.result(DEADLINE)
        self._pool.shutdown()
        return got


def by_signal(number: signal.Signals) -> Callable[[Mitmdump, httpx.Client], None]:
    return lambda proxy, _: proxy.process.send_signal(number)


STOPS: dict[str, Callable[[Mitmdump, httpx.Client], object]] = {
    "SIGTERM": by_signal(signal.SIGTERM),
    "SIGINT": by_signal(signal.SIGINT),
    "SIGHUP": by_signal(signal.SIGHUP),
    "POST /stop": lambda proxy, other: other.post(f"{proxy.url}/_anyvcr/stop"),
}


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("door", [recording, served], ids=["mitmdump", "serve"])
def test_an_answer_that_is_on_its_way_ends_and_is_stored(
    home: Path,
    api: StandIn,
    door: Callable[[Path, StandIn], AbstractContextManager[Mitmdump]],
    stop: str,
) -> None:
    api.enqueue(SLOW)
    with door(home, api) as proxy, proxy.direct() as client, proxy.direct() as other:
        reader = Reader(client)
        STOPS[stop](proxy, other)
        got = reader.result()
        code = proxy.process.wait(DEADLINE)

    assert got == b"".join(EVENTS)
    assert bodies(home / "c.yaml") == [got]
    assert code == 0
    assert "waiting up to 5.0 s for 1 answers that are on their way" in proxy.log


def test_a_request_that_comes_while_the_proxy_stops_is_told_so(
    home: Path, api: StandIn
) -> None:
    api.enqueue(Answer.of(b"{}", "application/json"), SLOW)
    with (
        recording(home, api) as proxy,
        proxy.direct() as kept,
        proxy.direct() as client,
    ):
        kept.post("/chat/completions", json={"n": 0})
        reader = Reader(client)
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("waiting up to")
        late = kept.post("/chat/completions", json={"n": 2})
        reader.result()
        proxy.stop()

    assert late.status_code == 418
    assert late.json()["error"]["code"] == "stopping"
    assert len(bodies(home / "c.yaml")) == 2


def test_a_second_signal_ends_the_wait(home: Path, api: StandIn) -> None:
    api.enqueue(Answer.of(b"{}", "application/json"))
    endless = Answer(chunks=(Chunk(data=b"x"), Chunk(data=b"y", delay=DEADLINE)))
    with recording(home, api) as proxy, proxy.direct() as client:
        client.post("/chat/completions", json={"n": 0})
        api.enqueue(endless)
        with client.stream("POST", "/chat/completions", json={}) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            began = time.monotonic()
            proxy.process.send_signal(signal.SIGTERM)
            proxy.wait_for("waiting up to")
            code = proxy.stop(signal.SIGINT)

    assert time.monotonic() - began < 4.5
    assert code == 0
    assert bodies(home / "c.yaml") == [b"{}"]
    assert "the proxy was stopped before its answer was whole" in proxy.log


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_cassette_that_is_closed_by_hand_has_what_was_on_its_way(
    home: Path, api: StandIn, method: str
) -> None:
    api.enqueue(SLOW)
    with recording(home, api, cassette=f"{home}/f/") as proxy:
        with proxy.direct() as client, proxy.direct() as other:
            reader = Reader(client, f"{proxy.url}/cassette/t/v1/chat/completions")
            report = other.request(method, f"{proxy.url}/_anyvcr/cassettes/t")
            stored = bodies(home / "f" / "t.yaml")
            got = reader.result()
        proxy.stop()

    assert stored == [got] == [b"".join(EVENTS)]
    if method == "DELETE":
        assert report.json()["recorded"] == 1
        assert report.json()["dropped"] == {}


def test_another_cassette_is_opened_once_what_was_on_its_way_is_stored(
    home: Path, api: StandIn
) -> None:
    control = home / "control.py"
    control.write_text(CONTROL)
    api.enqueue(SLOW)
    with recording(home, api, ADDON, control) as proxy:
        with proxy.direct() as client, proxy.direct() as other:
            reader = Reader(client)
            setting = home / "set.tmp"
            setting.write_text(json.dumps({"cassette": str(home / "d.yaml")}))
            setting.rename(home / "set.json")
            proxy.wait_for("the cassettes are changed: waiting")
            second = other.post("/chat/completions", json={"n": 2})
            got = reader.result()
            third = client.post("/chat/completions", json={"n": 3})
        proxy.stop()

    assert bodies(home / "c.yaml") == [got]
    assert bodies(home / "d.yaml") == [second.content, third.content]
    assert urls(home / "d.yaml") == {"https://api.openai.com/v1/chat/completions"}


def test_kept_connections_go_on_when_the_script_is_loaded_again(
    home: Path, api: StandIn
) -> None:
    entry = home / "entry.py"
    shutil.copy(ADDON, entry)
    api.enqueue(Answer.of(b"{}", "application/json"), SLOW)
    with recording(home, api, entry) as proxy:
        with proxy.direct() as kept, proxy.direct() as client:
            kept.post("/chat/completions", json={"n": 0})
            reader = Reader(client)
            now = time.time() + 10
            os.utime(entry, (now, now))
            proxy.wait_for("so far")
            kept.post("/chat/completions", json={"n": 2})
            got = reader.result()
        proxy.stop()

    assert got == b"".join(EVENTS)
    assert sorted(bodies(home / "c.yaml")) == sorted([b"{}", got, b'{"n":2}'])
    assert urls(home / "c.yaml") == {"https://api.openai.com/v1/chat/completions"}


@pytest.mark.parametrize("change", ["break it", "remove it"])
def test_a_proxy_whose_script_is_gone_ends_and_forwards_nothing(
    home: Path, api: StandIn, change: str
) -> None:
    entry = home / "entry.py"
    shutil.copy(ADDON, entry)
    with recording(home, api, entry) as proxy, proxy.direct() as client:
        client.post("/chat/completions", json={"n": 0})
        if change == "break it":
            entry.write_text("this is no Python")
            now = time.time() + 10
            os.utime(entry, (now, now))
        else:
            entry.unlink()
        code = proxy.process.wait(DEADLINE)

    assert code == 1
    assert "can no longer be loaded: ending" in proxy.log
    assert len(bodies(home / "c.yaml")) == len(api.requests) == 1
