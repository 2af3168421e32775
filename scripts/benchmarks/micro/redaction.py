#!/usr/bin/env python3
"""What redaction costs beside what reading and JSON-parsing the same bodies costs.

    python -m benchmarks.micro.redaction [FOLDER OF CASSETTES]

Prints a table and exits with 1 where a body costs more than LIMIT times its reading.
Without a folder: bodies of the kinds that APIs exchange, made up.
"""

import base64
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from anyvcr.core.cassette import codec as cassettes
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

LIMIT = 5.0
ROUNDS = 5
RANDOM = random.Random(1)
KEY = "sk-proj-" + "aB3dE6gH9jK2mN5p" * 9


def main() -> int:
    """Measure, print, judge."""
    groups = from_cassettes(Path(sys.argv[1])) if len(sys.argv) > 1 else made_up()
    sys.stdout.write(
        f"{'bodies':<18}{'bytes':>10}{'read ms':>10}{'redact ms':>11}{'times':>7}\n"
    )
    worst = 0.0
    for name, bodies in groups:
        reading, redacting = measure(bodies)
        worst = max(worst, redacting / reading)
        sys.stdout.write(
            f"{name:<18}{sum(map(len, bodies)):>10}{reading * 1e3:>10.2f}"
            f"{redacting * 1e3:>11.2f}{redacting / reading:>7.1f}\n"
        )
    return 0 if worst <= LIMIT else 1


def measure(bodies: list[bytes]) -> tuple[float, float]:
    """Seconds for reading and parsing all bodies, and for redacting them; the best of ROUNDS."""
    redactor = Redactor(RedactionRules(), seen())
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number in range(len(bodies))]
        for path, body in zip(paths, bodies, strict=True):
            path.write_bytes(body)
        reading = best(lambda: [*map(parse, paths)])
    return reading, best(lambda: [redactor.bytes(body) for body in bodies])


def seen() -> Credentials:
    """A key, an organisation and a cookie, as any session has."""
    credentials = Credentials()
    credentials.see_request(
        [("Authorization", f"Bearer {KEY}")], "https://a.example/v1"
    )
    credentials.see_response(
        [
            ("openai-organization", "org-aB3dE6gH9jK2mN5p"),
            ("Set-Cookie", f"__cf_bm={KEY[8:]}"),
        ]
    )
    return credentials


def best(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of processor time of the quickest of so many runs."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def parse(path: Path) -> None:
    """Read a body and parse it as JSON, or each event of a stream."""
    body = path.read_bytes()
    try:
        json.loads(body)
    except ValueError:
        for line in body.split(b"\n"):
            if line.startswith(b"data: {"):
                json.loads(line[6:])


def from_cassettes(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """All bodies of the cassettes in `folder`."""
    bodies = [
        body
        for path in sorted(folder.rglob("*.yaml"))
        for interaction in cassettes.loads(path.read_bytes()).interactions
        for body in (interaction.request.body, interaction.response.body)
        if body
    ]
    yield folder.name, bodies


def made_up() -> Iterator[tuple[str, list[bytes]]]:
    """Bodies of each kind, about a megabyte each."""
    words = [
        "the",
        "key",
        "token",
        "of",
        "a",
        "model",
        "in",
        "response",
        "to",
        "what",
        "is",
    ]
    text = [" ".join(RANDOM.choices(words, k=60)) for _ in range(3000)]
    messages = [{"role": "user", "content": line} for line in text]
    yield (
        "chat",
        [
            json.dumps({"messages": messages[at : at + 10]}).encode()
            for at in range(0, 3000, 10)
        ],
    )
    yield "stream", [stream(line.split()) for line in text[:80]]
    numbers = [[RANDOM.random() for _ in range(1536)] for _ in range(30)]
    yield "embeddings", [json.dumps({"data": row}).encode() for row in numbers]
    blob = base64.b64encode(RANDOM.randbytes(750_000)).decode()
    yield "image", [json.dumps({"data": [{"b64_json": blob}]}).encode()]
    nested = [{"arguments": json.dumps({"query": line, "limit": 3})} for line in text]
    yield (
        "tool calls",
        [json.dumps(nested[at : at + 10]).encode() for at in range(0, 3000, 10)],
    )


def stream(words: list[str]) -> bytes:
    """A chat completion, streamed word by word; its events have one id, as the API's have."""
    name = f"chatcmpl-{RANDOM.getrandbits(128):032x}"
    events = [
        {
            "id": name,
            "object": "chat.completion.chunk",
            "choices": [
                {"index": 0, "delta": {"content": word}, "finish_reason": None}
            ],
            "obfuscation": f"{RANDOM.getrandbits(60):x}",
        }
        for word in words
    ]
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)


if __name__ == "__main__":
    sys.exit(main())
