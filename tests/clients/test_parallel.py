"""Forty tests at once in one proxy, of four languages, each with a cassette of its own.

All ask the same question: whose answer comes back depends on the cassette's name alone.
"""

import contextlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from anyvcr.core.cassette import codec as cassette_format
from clients.programs import PROGRAMS, Program
from standin import Answer, Received, StandIn
from support.proxies import DEADLINE, environment

MESSAGE = "who am I?"
TESTS_OF = {
    "go, openai-go": 16,
    "python, requests": 10,
    "node 22, openai7": 8,
    "python, openai 3": 4,
    "java, openai-java": 2,
}
"""How many of the forty each client makes: fewer of those that take seconds to start."""
BY_PATH = {"java, openai-java"}
"""The JVM sends no user name to a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One of the forty tests: a program, and the name of its cassette."""

    name: str
    program: Program

    @property
    def key(self) -> str:
        """By which the API knows it; the cassette does not."""
        return "sk-fake-key-of-" + re.sub(r"\W+", "-", self.name)

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What was printed for every client, with this cassette's name put in."""
        name, proxy = quote(self.name, safe=""), variables["ANYVCR_PROXY"]
        if self.program.name in BY_PATH:
            named = {"OPENAI_BASE_URL": f"{proxy}/cassette/{name}/v1"}
        else:
            url = proxy.replace("://", f"://{name}:x@")
            named = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), url)
        return {"OPENAI_API_KEY": self.key, **variables, **named}


TESTS = tuple(
    Named(name=f"Test {number}/{program.name}", program=program)
    for program in PROGRAMS
    for number in range(TESTS_OF.get(program.name, 0))
)


def answers(received: Received) -> Answer:
    """The name of the test that this key belongs to; streamed slowly, so that tests overlap."""
    key = received.header("Authorization").removeprefix("Bearer ")
    [name] = [test.name for test in TESTS if test.key == key]
    assert "cassette" not in received.target
    if json.loads(received.body).get("stream"):
        deltas = [{"index": 0, "delta": {"content": word}} for word in name]
        chunks = [json.dumps(_completion("chat.completion.chunk", d)) for d in deltas]
        events = "".join(f"data: {line}\n\n" for line in (*chunks, "[DONE]"))
        return Answer.events(events.encode(), gap=0.01)
    message = {"role": "assistant", "content": name, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = json.dumps(_completion("chat.completion", choice))
    return Answer.of(whole.encode(), "application/json")


def _completion(kind: str, choice: Mapping[str, object]) -> dict[str, object]:
    completion = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-mini"}
    return completion | {"object": kind, "choices": [choice]}


@contextlib.contextmanager
def serving(home: Path, *options: str) -> Iterator[dict[str, str]]:
    """What `anyvcr serve` prints for clients, while it runs; it must end well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "anyvcr", "serve", "cassettes/", *options],
        cwd=home,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    variables: dict[str, str] = {}
    # Sorted by name: the last is in lower case.
    while "no_proxy" not in variables and (line := process.stdout.readline()):
        words = shlex.split(line)
        name, _, value = words[1].partition("=")
        variables[name] = value
    try:
        yield variables
    finally:
        process.terminate()
        _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, said


def run(test: Named, home: Path, variables: Mapping[str, str]) -> str:
    """What the program says on stdout, or on stderr where it fails."""
    done = subprocess.run(
        test.program.command(MESSAGE),
        env=environment(home) | test.environment(variables),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return done.stderr if done.returncode else done.stdout


def run_all(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    with ThreadPoolExecutor(len(TESTS)) as pool:
        said = pool.map(lambda test: run(test, home, variables), TESTS)
        return dict(zip((test.name for test in TESTS), said, strict=True))


def test_forty_tests_record_and_play_back_at_once_and_no_answer_crosses_over(
    tmp_path: Path,
) -> None:
    expected = {test.name: f"JSON {test.name}\nSSE {test.name}\n" for test in TESTS}
    assert len(expected) == 40

    with StandIn(answers) as api:
        upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
        with serving(tmp_path, "--mode", "record-once", *upstream) as variables:
            recorded = run_all(tmp_path, variables)
    with serving(tmp_path, "--mode", "replay-only") as variables:
        played = run_all(tmp_path, variables)

    assert recorded == expected
    assert played == expected
    held = {
        str(path.relative_to(tmp_path / "cassettes").with_suffix("")): len(
            cassette_format.loads(path.read_bytes()).interactions
        )
        for path in (tmp_path / "cassettes").rglob("*.yaml")
    }
    assert held == dict.fromkeys(expected, 2)
