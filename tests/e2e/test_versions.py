"""HTTP/1.1 and HTTP/2 in every pairing, and the limits of the proxy engine that must not show."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from standin import Answer, Chunk, Framing, Received, StandIn
from support import proxies
from support.proxies import ADDON, Mitmdump, mitmdump
from support.toolchain import require_tool

URL = "https://api.openai.com/v1/chat/completions"
EVENTS = tuple(b"data: %d\n\n" % n for n in range(5))
STREAM = Answer(
    headers=(("Content-Type", "text/event-stream"),),
    chunks=tuple(Chunk(data=event) for event in EVENTS),
    framing=Framing.CHUNKED,
)


recording = partial(proxies.recording, cassette_mode="record-only")


def kept(home: Path) -> list[Interaction]:
    return list(cassette_format.loads((home / "c.yaml").read_bytes()).interactions)


def echo(received: Received) -> Answer:
    if received.target == "/v1/stream":
        return STREAM
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


@pytest.mark.parametrize(
    ("version", "upstream"),
    [
        # A client without HTTP/2 cannot speak to a server that has nothing else.
        ("1.1", ("http/1.1",)),
        ("1.1", ("h2", "http/1.1")),
        ("2", ("http/1.1",)),
        ("2", ("h2",)),
        ("2", ("h2", "http/1.1")),
    ],
)
def test_every_pairing_records_and_replays_the_same(
    home: Path, version: str, upstream: tuple[str, ...]
) -> None:
    """curl, which asks for HTTP/2 first; lazily, so that the proxy meets what it is asked for."""
    bodies = []
    with StandIn(echo, protocols=upstream) as api:
        with recording(home, api, connection_strategy="lazy") as proxy:
            bodies.append(curl(home, proxy, version))
            proxy.stop()
        spoken = {received.http_version for received in api.requests}
    options = {"cassette": home / "c.yaml", "cassette_mode": "replay-only"}
    with mitmdump(home, options=options) as proxy:
        bodies.append(curl(home, proxy, version))
        proxy.stop()

    assert bodies == [[b'{"n":1}', b"from a pipe", b"".join(EVENTS)]] * 2
    highest = version == "2" and "h2" in upstream
    assert spoken == {"HTTP/2" if highest else "HTTP/1.1"}
    protocol = "HTTP/2.0" if highest else "HTTP/1.1"
    assert [i.response.proto for i in kept(home)] == [protocol] * 3


def curl(home: Path, proxy: Mitmdump, version: str) -> list[bytes]:
    """A body with a length, a body without, a stream: what came back."""
    tool = require_tool("curl")
    files = [home / f"answer{n}" for n in range(3)]
    common = [f"--http{version}", "--silent", "--show-error", "--fail"]
    common += ["--proxy", proxy.url, "--cacert", str(proxy.ca)]
    calls = (
        ["--data-binary", '{"n":1}', URL],
        ["--upload-file", "-", "--request", "POST", URL],
        ["https://api.openai.com/v1/stream"],
    )
    words: list[str] = []
    for file, call in zip(files, calls, strict=True):
        words += ["--next"] * bool(words) + [*common, "--output", str(file), *call]
    subprocess.run([tool, *words], input=b"from a pipe", check=True)
    return [file.read_bytes() for file in files]


def test_streams_of_one_connection_do_not_wait_for_each_other(home: Path) -> None:
    """mitmproxy lets five at once through to an HTTP/1.1 server."""
    number, delay = 12, 1.0

    def slow(received: Received) -> Answer:
        return replace(echo(received), first_delay=delay)

    calls = [str(home / f"{n}") for n in range(number)]
    with (
        StandIn(slow, protocols=("http/1.1",)) as api,
        recording(home, api, connection_strategy="lazy") as proxy,
    ):
        config = home / "config"
        config.write_text(
            "\n".join(f'url = "{URL}?n={c}"\noutput = "{c}"' for c in calls)
        )
        tool = require_tool("curl")
        command = [tool, "--config", str(config), "--http2", "--parallel", "--silent"]
        command += ["--parallel-max", str(number), "--fail"]
        command += ["--proxy", proxy.url, "--cacert", str(proxy.ca)]
        subprocess.run(command, check=True)
        proxy.stop()

    asked = sorted(received.time for received in api.requests)
    assert len(asked) == number
    assert asked[-1] - asked[0] < delay
    assert len(kept(home)) == number


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_trailers_are_stored_and_stall_nobody(home: Path, version: str) -> None:
    answer = replace(STREAM, trailers=(("X-Checksum", "abc"),))
    with (
        StandIn(lambda _: answer) as api,
        recording(home, api) as proxy,
        proxy.client(http2=version == "2") as client,
    ):
        bodies = [client.post(URL, json={"n": n}).content for n in range(2)]
        proxy.stop()

    assert bodies == [b"".join(EVENTS)] * 2
    assert [i.response.trailer for i in kept(home)] == [(("X-Checksum", ("abc",)),)] * 2
    assert "has crashed" not in proxy.log


HASTE = """
import asyncio
import time
from mitmproxy.proxy import server

class Time:
    def time(self):
        return time.time() * 1200

class Asyncio:
    async def sleep(self, delay):
        await asyncio.sleep(delay / 1200)

    def __getattr__(self, name):
        return getattr(asyncio, name)

server.time, server.asyncio = Time(), Asyncio()
"""
"""Its ten minutes without a byte are half a second."""


@pytest.mark.parametrize("lifted", [False, True])
def test_a_model_may_think_for_longer_than_ten_minutes(
    home: Path, lifted: bool
) -> None:
    haste = home / "haste.py"
    haste.write_text(HASTE)
    scripts = (haste, ADDON) if lifted else (haste,)
    slow = replace(STREAM, first_delay=2.0)
    with StandIn(lambda _: slow) as api:
        options: dict[str, object] = {"ssl_verify_upstream_trusted_ca": api.ca_file}
        if lifted:
            options |= {"cassette": home / "c.yaml", "cassette_hosts": api.address}
        with mitmdump(home, options=options, scripts=scripts) as proxy:
            with proxy.client() as client:
                if lifted:
                    assert client.get(f"https://{api.address}/").content
                else:
                    with pytest.raises(httpx.RemoteProtocolError):
                        client.get(f"https://{api.address}/")
            proxy.stop()


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_an_error_within_a_stream_is_recorded_and_replayed(
    home: Path, version: str
) -> None:
    body = (
        b'data: {"n":1}\n\n'
        b'event: error\ndata: {"error":{"message":"overloaded"}}\n\n'
        b'data: {"error":{"message":"again","code":"server_error"}}\n\n'
    )
    with StandIn(lambda _: Answer.events(body)) as api, recording(home, api) as proxy:
        with proxy.client(http2=version == "2") as client:
            live = client.post(URL, json={}).content
        proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as proxy:
        with proxy.client(http2=version == "2") as client:
            replayed = client.post(URL, json={}).content
        proxy.stop()

    assert live == replayed == body


def test_a_sequence_of_retries_replays_in_order(home: Path, api: StandIn) -> None:
    errors = [
        Answer.error(429, headers=(("retry-after-ms", "30000"), ("retry-after", "30"))),
        Answer.error(500),
        Answer.error(503),
    ]
    api.enqueue(*errors)
    with recording(
        home, api, cassette_keep_headers="retry-after,retry-after-ms"
    ) as proxy:
        with proxy.client() as client:
            live = [client.post(URL, json={"n": 1}) for _ in range(4)]
        proxy.stop()
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as proxy:
        with proxy.client() as client:
            replayed = [client.post(URL, json={"n": 1}) for _ in range(5)]
        proxy.stop()

    assert [answer.status_code for answer in live] == [429, 500, 503, 200]
    assert [answer.status_code for answer in replayed] == [429, 500, 503, 200, 418]
    assert [a.content for a in replayed[:4]] == [a.content for a in live]
    assert live[0].headers["retry-after"] == "30"
    assert replayed[0].headers["retry-after"] == "0"


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize(
    "more",
    [
        {"interim": (103, 102)},
        {"closes": True},
        {"headers": (("Content-Type", "application/json"), ("X-Padded", " a "))},
    ],
)
def test_what_an_api_does_besides_answering_stops_no_client(
    home: Path, version: str, more: dict[str, Any]
) -> None:
    """Not one as strict as nghttp2, either, which curl has."""
    answer = replace(Answer.of(b'{"ok":true}', "application/json"), **more)
    tool = require_tool("curl")
    with StandIn(lambda _: answer) as api, recording(home, api) as proxy:
        words = [f"--http{version}", "--silent", "--show-error", "--include"]
        words += ["--suppress-connect-headers"]
        words += ["--proxy", proxy.url, "--cacert", str(proxy.ca), "--data", "{}", URL]
        command = [tool, *words, "--next", *words]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        proxy.stop()

    statuses = [int(code) for code in re.findall(rb"HTTP/[\d.]+ (\d+)", said)]
    assert statuses == [*more.get("interim", ()), 200] * 2
    assert said.count(b'{"ok":true}') == 2
    assert [i.response.code for i in kept(home)] == [200, 200]
