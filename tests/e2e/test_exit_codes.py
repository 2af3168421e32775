"""Every way for a run to end with nothing recorded or played back: its exit code and its sentence."""

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from standin import Answer, BreakOff, Chunk, Framing, Received, StandIn
from support.proxies import SEED, anyvcr, serving

ASK = """
import json, sys, urllib.error, urllib.request
request = urllib.request.Request(
    "https://api.openai.com/v1/chat/completions",
    json.dumps({"n": 1}).encode(),
    {"Content-Type": "application/json"},
)
try:
    print(urllib.request.urlopen(request).read())
except Exception as error:
    print(error)
"""
DISTRUST = """
import os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ["OTHER"])
opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
try:
    opener.open("https://api.openai.com/v1/models")
except Exception as error:
    print(error)
"""
OTHER_HOST = """
import http.client, os
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
connection = http.client.HTTPConnection(proxy.hostname, proxy.port)
connection.set_tunnel("llm.example", 443)
try:
    connection.request("GET", "/")
    connection.getresponse()
except Exception as error:
    print(error)
"""
STOP_SENDING = """
import os, socket
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["ANYVCR_PROXY"])
client = socket.create_connection((proxy.hostname, proxy.port))
head = b"POST /v1/files HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 60000000\\r\\n\\r\\n"
client.sendall(head + b"a few of them")
client.shutdown(socket.SHUT_WR)
client.recv(1)
"""
TIMEOUT = ASK.replace("urlopen(request)", "urlopen(request, timeout=0.5)")
NOTHING = "pass"

CUT = Answer(
    headers=(("Content-Type", "text/event-stream"),),
    chunks=tuple(Chunk(data=b"data: %d\n\n" % n) for n in range(4)),
    framing=Framing.CHUNKED,
    break_off=BreakOff.CLOSE,
    break_after=2,
)
RESET = replace(CUT, break_off=BreakOff.RESET)
UNANSWERED = Answer(first_delay=60.0)


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


@dataclass(frozen=True)
class Way:
    """A way to record nothing."""

    program: str
    code: int
    sentence: str
    cassette: str = "c.yaml"
    options: tuple[str, ...] = ()
    answer: Answer | None = None
    upstream: str = ""
    """Instead of the stand-in."""
    command: str = sys.executable
    broken: str = ""
    """Lines that run in anyvcr's own process before it starts."""


RECORDING = {
    "recorded": Way(ASK, 0, "recorded 1 interaction in c.yaml"),
    "no call": Way(NOTHING, 4, "no call to the API came through the proxy"),
    "no call, allowed": Way(
        NOTHING, 0, "recorded nothing", options=("--allow-no-calls",)
    ),
    "our certificate is not trusted": Way(
        DISTRUST, 4, "the program does not trust our certificate"
    ),
    "another host": Way(OTHER_HOST, 4, "it calls other hosts only (llm.example)"),
    "no cassette named": Way(
        ASK, 4, "1 of its calls had no cassette to be recorded in", cassette="folder/"
    ),
    "cut off": Way(
        ASK, 4, "1 of its calls are not in c.yaml: the API broke off", answer=CUT
    ),
    "reset": Way(
        ASK, 4, "1 of its calls are not in c.yaml: the API broke off", answer=RESET
    ),
    "the client stops sending": Way(
        STOP_SENDING,
        4,
        "1 of its calls are not in c.yaml: the client stopped sending its request",
    ),
    "a timeout": Way(TIMEOUT, 0, "recorded 1 interaction", answer=UNANSWERED),
    "no such command": Way("", 127, "no such command", command="no-such-command"),
    "cut off, allowed": Way(
        ASK,
        0,
        "1 not recorded (1: the API broke off)",
        answer=CUT,
        options=("--allow-dropped",),
    ),
    "no server": Way(
        ASK, 4, "1 connections to the API could not be made", upstream="127.0.0.1:1"
    ),
    "too large": Way(
        ASK,
        4,
        "1 of its requests were refused: they are larger than --upload-limit",
        options=("--upload-limit", "5"),
    ),
    "a fault of ours": Way(
        ASK,
        1,
        "anyvcr failed:",
        broken="import anyvcr.proxy.recording.capture as target\ntarget.response = None\n",
    ),
    "the command fails": Way(
        "import sys; sys.exit(7)", 7, "no call to the API came through the proxy"
    ),
}


@pytest.mark.parametrize("name", RECORDING)
def test_recording_nothing_has_an_exit_code_and_a_sentence(
    home: Path, api: StandIn, name: str
) -> None:
    way = RECORDING[name]
    if way.answer is not None:
        api.enqueue(way.answer)
    env = {}
    if way.broken:
        (home / "site").mkdir()
        (home / "site" / "sitecustomize.py").write_text(way.broken)
        env["PYTHONPATH"] = str(home / "site")
    with StandIn(echo) as other:
        done = anyvcr(
            home,
            *("record", way.cassette, "--upstream", way.upstream or api.address),
            *("--upstream-ca", str(api.ca_file), *way.options),
            *("--", way.command, "-c", way.program),
            env={"OTHER": str(other.ca_file), **env},
        )

    assert done.returncode == way.code, done.stderr
    assert way.sentence in done.stderr
    if way.code == 4:
        assert "anyvcr: the command succeeded, but " in done.stderr


EMPTY = "---\nversion: 2\ninteractions: []\n"
REPLAYING = {
    "no call": Way(NOTHING, 3, "nothing was played back", cassette=str(SEED)),
    "no call, allowed": Way(
        NOTHING,
        0,
        "played back 0 interactions",
        cassette=str(SEED),
        options=("--allow-no-calls",),
    ),
    "nothing to play": Way(NOTHING, 0, "played back 0 interactions"),
    "a miss": Way(ASK, 3, "1 of its calls were refused", cassette=str(SEED)),
    "no cassette named": Way(
        ASK, 3, "1 of its calls had no cassette to be answered from", cassette="folder/"
    ),
    "a folder that nobody opened": Way(
        NOTHING, 3, "nothing was played back", cassette="folder/"
    ),
    "our certificate is not trusted": Way(
        DISTRUST, 3, "does not trust our certificate", cassette=str(SEED)
    ),
}


@pytest.mark.parametrize("name", REPLAYING)
def test_playing_nothing_has_an_exit_code_and_a_sentence(home: Path, name: str) -> None:
    way = REPLAYING[name]
    (home / "c.yaml").write_text(EMPTY)
    (home / "folder").mkdir()
    (home / "folder" / "t.yaml").write_bytes(SEED.read_bytes())
    with StandIn(echo) as other:
        done = anyvcr(
            home,
            *("replay", way.cassette, *way.options),
            *("--", sys.executable, "-c", way.program),
            env={"OTHER": str(other.ca_file)},
        )

    assert done.returncode == way.code, done.stderr
    assert way.sentence in done.stderr


def test_a_refusal_is_not_forgotten_when_the_cassette_changes(home: Path) -> None:
    (home / "f").mkdir()
    (home / "f" / "t.yaml").write_bytes(SEED.read_bytes())
    program = (
        "import os, urllib.error, urllib.request\n"
        "url = os.environ['ANYVCR_PROXY'] + '/cassette/t/v1/models'\n"
        "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "for change in (True, False):\n"
        "    try: opener.open(url)\n"
        "    except urllib.error.HTTPError as error: print(error.code)\n"
        "    if change: os.utime('f/t.yaml', (1, 1))\n"
    )
    done = anyvcr(home, "replay", "f/", "--", sys.executable, "-c", program)

    assert done.stdout == "418\n418\n"
    assert done.returncode == 3
    assert done.stderr.count("1 of its calls were refused") == 2


def test_a_served_proxy_that_failed_says_so_with_its_exit_code(
    home: Path, api: StandIn
) -> None:
    (home / "site").mkdir()
    broken = RECORDING["a fault of ours"].broken
    (home / "site" / "sitecustomize.py").write_text(broken)
    env = {"PYTHONPATH": str(home / "site")}
    with serving(home, api=api, env=env) as proxy, proxy.direct() as client:
        answer = client.post("/chat/completions", json={"n": 1})
        code = proxy.stop(signal.SIGTERM)

    assert answer.status_code == 200
    assert "anyvcr failed" in proxy.log
    assert code == 1


@pytest.mark.parametrize("way", ["cut off", "no call"])
def test_a_served_proxy_says_what_it_could_not_record_and_has_not_failed(
    home: Path, api: StandIn, way: str
) -> None:
    """Its exit code tells of the proxy: no command has ended, to which it could be said."""
    with serving(home, api=api) as proxy, proxy.direct() as client:
        if way == "cut off":
            api.enqueue(CUT)
            with pytest.raises(httpx.RemoteProtocolError):
                client.post("/chat/completions", json={"n": 1})
        code = proxy.stop(signal.SIGTERM)

    dropped = "1 not recorded (1: the API broke off)"
    assert "recorded nothing" in proxy.log
    assert (dropped in proxy.log) == (way == "cut off")
    assert code == 0
