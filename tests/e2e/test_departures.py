"""A client that leaves before its answer begins does so again on replay, at any pace."""

import signal
import sys
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from standin import Answer, Received, StandIn
from support.proxies import (
    Mitmdump,
    anyvcr,
    environment,
    proxy,
    recording,
)

URL = "https://api.openai.com/v1/chat/completions"
SHORT, LONG = 0.4, 30.0
"""Seconds: of the client's patience, and of the API's work."""


def slow(body: bytes = b"{}") -> Answer:
    return Answer(chunks=Answer.of(body, "").chunks, first_delay=LONG)


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


def codes(home: Path) -> list[int]:
    cassette = cassette_format.loads((home / "c.yaml").read_bytes())
    return [interaction.response.code for interaction in cassette.interactions]


def ask(running: Mitmdump, version: str, retries: int) -> list[str]:
    """What came of one question and its retries, each with a short patience."""
    outcomes = []
    with running.client(http2=version == "2") as client:
        client.get("https://api.openai.com/v1/models")  # the connection stands
        client.timeout = httpx.Timeout(30, read=SHORT)
        for _ in range(1 + retries):
            try:
                outcomes.append(client.post(URL, json={"n": 1}).text)
                break
            except httpx.TimeoutException as error:
                outcomes.append(type(error).__name__)
        client.timeout = httpx.Timeout(30)
        outcomes.append(client.post(URL, json={"n": 1}).text)
    return outcomes


@pytest.mark.usefixtures("each_shell")
@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_timeout_is_a_timeout_again_and_a_retry_finds_its_own_answer(
    home: Path, version: str, retries: int
) -> None:
    first = Answer.of(b"models", "text/plain")
    second = Answer.of(b"second", "text/plain")
    third = Answer.of(b"third", "text/plain")
    with StandIn(echo) as api:
        api.enqueue(first, slow(), *[second] * retries, third)
        with recording(home, api, cassette_mode="record-only") as running:
            live = ask(running, version, retries)
            running.stop()
    assert live == ["ReadTimeout", *["second"] * retries, "third"]
    with proxy(home, {"cassette": home / "c.yaml"}) as replaying:
        again = ask(replaying, version, retries)
        replaying.stop()

    assert again == live
    assert codes(home) == [200, 499, *[200] * retries, 200]


def test_a_known_timeout_does_not_go_live_where_new_calls_do(home: Path) -> None:
    with StandIn(echo) as api:
        api.enqueue(Answer.of(b"models", "text/plain"), slow())
        with recording(home, api, cassette_mode="record-only") as running:
            live = ask(running, "1.1", 0)
            running.stop()
        count = len(api.requests)
        mode = "replay-with-new-episodes"
        with recording(home, api, cassette_mode=mode) as running:
            again = ask(running, "1.1", 0)
            running.stop()

        assert again == live
        assert len(api.requests) == count


CANCEL = """
import asyncio, httpx, os, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    async with httpx.AsyncClient(http2=True, verify=context) as client:
        async def ask(n):
            answer = await client.post("https://api.openai.com/v1/chat/completions", json={"n": n})
            return answer.text
        tasks = [asyncio.create_task(ask(n)) for n in (1, 2)]
        done, others = await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
        for task in others:
            task.cancel()
        print([task.result() for task in done])
        print(await ask(3))
        if "exit" in sys.argv:
            asyncio.create_task(ask(4))
            await asyncio.sleep(0.3)
            print("bye", flush=True)
            os._exit(0)
asyncio.run(main())
"""


def answer(received: Received) -> Answer:
    """The second question is the fast one; the others take long, but for the third."""
    if received.body in (b'{"n":2}', b'{"n":3}'):
        return Answer.of(received.body, "application/json")
    return slow()


@pytest.mark.parametrize("way", ["", "exit"])
def test_the_loser_of_a_race_is_cancelled_again(home: Path, way: str) -> None:
    """And a program that exits while a call is on its way does that again, too."""
    command = ("--", sys.executable, "-c", CANCEL, *way.split())
    with StandIn(answer) as api:
        ca = ("--upstream-ca", str(api.ca_file))
        live = anyvcr(
            home, "record", "c.yaml", "--upstream", api.address, *ca, *command
        )
    again = anyvcr(home, "replay", "c.yaml", "--strict", *command)

    assert live.returncode == 0, live.stderr
    assert live.stdout.startswith('[\'{"n":2}\']\n{"n":3}\n')
    assert sorted(codes(home)) == [200, 200, 499, *[499] * bool(way)]
    assert "not recorded" not in live.stderr
    assert again.returncode == 0, again.stderr
    assert again.stdout == live.stdout


INTERRUPTED = """
import os, signal, threading, urllib.request
def ask(n):
    body = b'{"n":%d}' % n
    url = "https://api.openai.com/v1/chat/completions"
    return urllib.request.urlopen(urllib.request.Request(url, body)).read()
ask(2)
threading.Thread(target=ask, args=(1,), daemon=True).start()
print("asked", flush=True)
signal.pause()
"""


def test_a_program_that_is_interrupted_has_not_left_by_itself(home: Path) -> None:
    import subprocess

    asked = []

    def note(received: Received) -> Answer:
        asked.append(received.body)
        if received.body == b'{"n":1}':
            running.send_signal(signal.SIGTERM)
        return answer(received)

    with StandIn(note) as api:
        running = subprocess.Popen(
            [sys.executable, "-m", "anyvcr", "record", "c.yaml"]
            + ["--upstream", api.address, "--upstream-ca", str(api.ca_file)]
            + ["--", sys.executable, "-c", INTERRUPTED],
            cwd=home,
            env=environment(home),
            stderr=subprocess.PIPE,
            text=True,
        )
        _, said = running.communicate(timeout=60)

    assert running.returncode == 128 + signal.SIGTERM
    assert codes(home) == [200]
    assert "1 not recorded (1: the client left before the answer began)" in said
