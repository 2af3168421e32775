#!/usr/bin/env python3
"""What share of recording's processor time redaction takes.

    python -m benchmarks.micro.recording

Records bodies of the kinds that APIs exchange from a stand-in, by `anyvcr record` with a
clock on all that redacts. Prints a table and exits with 1 where the whole is over LIMIT.
"""

import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import process_time
from typing import Any

import httpx
from standin import Answer, StandIn

from benchmarks.micro.redaction import KEY, made_up

LIMIT = 0.10
EXCHANGES = 100
"""Of each kind, after one that loads the rules; bodies are taken in turn."""
CALLS = 4
"""Of what is timed, in each exchange: both sides are looked at, and redacted."""
CHAT = "https://api.openai.com/v1/chat/completions"
WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"


def main() -> int:
    """Measure, print, judge."""
    print(f"{'bodies':<14}{'kB each':>9}{'CPU ms':>9}{'redaction ms':>14}{'share':>8}")
    whole = redacting = 0.0
    for kind, bodies in made_up():
        cpu, spent = measure(kind, bodies)
        whole, redacting = whole + cpu, redacting + spent
        size = sum(map(len, bodies)) / len(bodies) / 1000
        row = (
            f"{size:>9.1f}{cpu / EXCHANGES * 1e3:>9.2f}{spent / EXCHANGES * 1e3:>14.3f}"
        )
        print(f"{kind:<14}{row}{spent / cpu:>8.1%}", flush=True)
    print(f"{'all':<14}{'':>32}{redacting / whole:>8.1%}")
    return 0 if redacting / whole <= LIMIT else 1


def measure(kind: str, bodies: list[bytes]) -> tuple[float, float]:
    """Seconds of processor time of the whole proxy and of its redaction."""

    def answer(_: object) -> Answer:
        body = bodies[len(api.requests) % len(bodies)]
        if kind == "stream":
            return Answer.events(body)
        return Answer.of(body, "application/json")

    with tempfile.TemporaryDirectory() as folder, StandIn(answer) as api:
        upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
        process = subprocess.Popen(
            [sys.executable, __file__, "record", "c.yaml", "--quiet", *upstream]
            + ["--", sys.executable, "-c", WAIT],
            cwd=folder,
            env={**os.environ, "HOME": folder, "ANYVCR_HOME": f"{folder}/ca"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        variables = json.loads(process.stdout.readline())
        exchange(bodies, variables)
        out, _ = process.communicate()
        cpu, spent = json.loads(out)
    return cpu, spent


def exchange(bodies: list[bytes], variables: dict[str, str]) -> None:
    """Send the body that is answered, or a short question where that is long."""
    context = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    with httpx.Client(proxy=variables["HTTPS_PROXY"], verify=context) as client:
        for number in range(EXCHANGES + 1):
            body = bodies[number % len(bodies)]
            if len(body) > 10_000:
                body = json.dumps({"input": "What is it?", "n": number}).encode()
            headers = {
                "Authorization": f"Bearer {KEY}",
                "Content-Type": "application/json",
            }
            client.post(CHAT, content=body, headers=headers).raise_for_status()


def record() -> None:
    """`anyvcr record` with a clock on redaction; at its end both times go to stdout."""
    from anyvcr.cli.main import main as anyvcr
    from anyvcr.core.redaction.credentials import Credentials
    from anyvcr.core.redaction.redactor import Redactor

    begun: list[float] = []
    spent: list[float] = []
    depth = 0

    def timed(method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            nonlocal depth
            start = process_time()
            begun.append(start)
            depth += 1
            try:
                return method(*given, **more)
            finally:
                depth -= 1
                if not depth:  # what it calls is counted with it
                    spent.append(process_time() - start)

        return run

    for owner, names in (
        (Redactor, ("request", "response", "text")),
        (Credentials, ("see_request", "see_response")),
    ):
        for name in names:
            setattr(owner, name, timed(getattr(owner, name)))
    try:
        anyvcr()
    finally:
        first = CALLS
        print(json.dumps([process_time() - begun[first], sum(spent[first:])]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record()
    else:
        sys.exit(main())
