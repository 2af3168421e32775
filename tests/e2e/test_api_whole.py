"""The whole API: one call for each of its operations, recorded from a stand-in, then replayed without."""

import base64
import itertools
import json
import mimetypes
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from anyvcr.core.cassette import codec as cassette_format
from go.process import Oracle
from standin import Answer, Chunk, Framing, StandIn
from support.proxies import Mitmdump, mitmdump
from support.toolchain import require_shared, require_tool

OPERATIONS = "corpus/openai-operations.json"
SECRETS = (
    (b"proj_abGMw1llN8IrBb6SvvY5A1iH", b"proj_REDACTED"),
    (b"proj_iqGMw1llN8IrBb6SvvY5A1oF", b"proj_REDACTED"),
    (b"ek_68af296e8e408191a1120ab6383263c2", b"ek_REDACTED"),
    (b'"value": "sk-abcdefghijklmnop123"', b'"value": "REDACTED"'),
)
"""What no cassette holds, in four of the answers."""
CURL_VERSIONS = {"1.1": "--http1.1", "2": "--http2"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client got."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form as curl's --form spells it: text, or a file with its name."""

    name: str
    value: str
    file: str
    content_type: str

    @classmethod
    def parse(cls, text: str) -> "Part":
        name, _, value = text.partition("=")
        if value[:1] not in "@<":
            return cls(name, value, "", "")
        path, _, content_type = value.partition(";type=")
        file = re.sub(r"[^\w.]", "_", path[1:])
        return cls(name, value[:1], file, content_type)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of the corpus and what the API answered."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    form: tuple[Part, ...]
    answer: Answer
    outcome: Outcome


Client = Callable[[Mitmdump, Sequence[Exchange], str, Path], list[Outcome]]


def exchanges() -> list[Exchange]:
    """In order, framed by turns with and without a Content-Length."""
    found: list[dict[str, Any]] = json.loads(require_shared(OPERATIONS).read_text())
    framings = itertools.cycle((Framing.CONTENT_LENGTH, Framing.CHUNKED))
    return [exchange(each, framing) for each, framing in zip(found, framings)]  # noqa: B905 - one is endless


def exchange(found: dict[str, Any], framing: Framing) -> Exchange:
    response = found["response"]
    body = base64.b64decode(response.get("body_base64", ""))
    body = body or response["body"].encode()
    content_type = response["content_type"] or ""
    outcome = Outcome(response["status"], content_type, body)
    if content_type == "text/event-stream":
        answer = replace(Answer.events(body), headers=())
    else:
        chunks = tuple(
            Chunk(data=body[at : at + 1500]) for at in range(0, len(body), 1500)
        )
        answer = Answer(chunks=chunks, framing=framing)
    headers = (("Content-Type", content_type),) if content_type else ()
    return Exchange(
        method=found["method"],
        url=found["url"],
        headers=tuple(found["headers"].items()),
        body=found["body"],
        form=tuple(map(Part.parse, found["form"])),
        answer=replace(answer, status=outcome.status, headers=headers),
        outcome=outcome,
    )


def made_up(name: str) -> bytes:
    """A file of the corpus's forms: bytes of every kind, the same each time."""
    return bytes(range(256)) * 12 + name.encode()


def with_curl(
    proxy: Mitmdump, calls: Sequence[Exchange], version: str, folder: Path
) -> list[Outcome]:
    """All calls with one curl, which keeps its connection."""
    curl = require_tool("curl")
    folder.mkdir()
    blocks = []
    for number, call in enumerate(calls):
        lines = [
            f'url = "{call.url}"',
            f'output = "{folder / str(number)}"',
            f'proxy = "{proxy.url}"',
            f'cacert = "{proxy.ca}"',
            r'write-out = "%{http_code}|%{content_type}|%{http_version}\n"',
            "globoff",
            "silent",
            "show-error",
            CURL_VERSIONS[version][2:],
            f'request = "{call.method}"',
            *(f'header = "{name}: {value}"' for name, value in call.headers),
            *(f"form = {json.dumps(curl_part(p, folder))}" for p in call.form),
        ]
        if call.body is not None:
            file = folder / f"{number}.body"
            file.write_bytes(call.body.encode())
            lines.append(f'data-binary = "@{file}"')
        blocks.append("\n".join(lines))
    config = folder / "config"
    config.write_text("\nnext\n".join(blocks))
    done = subprocess.run(
        [curl, "--config", config], stdout=subprocess.PIPE, check=True, text=True
    )
    outcomes = []
    for number, line in enumerate(done.stdout.splitlines()):
        status, content_type, _ = line.split("|")
        body = folder / str(number)
        data = body.read_bytes() if body.exists() else b""
        outcomes.append(Outcome(int(status), content_type, data))
    return outcomes


def curl_part(part: Part, folder: Path) -> str:
    if not part.file:
        return f"{part.name}={part.value}"
    path = folder / part.file
    path.write_bytes(made_up(part.file))
    content_type = f";type={part.content_type}" if part.content_type else ""
    return f"{part.name}={part.value}{path}{content_type}"


def with_httpx(
    proxy: Mitmdump, calls: Sequence[Exchange], version: str, _: Path
) -> list[Outcome]:
    """All calls with one client, which keeps its connection."""
    outcomes = []
    with proxy.client(http2=version == "2") as client:
        for call in calls:
            answer = client.request(
                call.method,
                call.url,
                headers=[
                    h
                    for h in call.headers
                    if not (call.form and h[0] == "Content-Type")
                ],
                content=call.body,
                files=[httpx_part(part) for part in call.form] or None,
            )
            content_type = answer.headers.get("content-type", "")
            outcomes.append(Outcome(answer.status_code, content_type, answer.content))
    return outcomes


def httpx_part(part: Part) -> tuple[str, tuple[str | None, bytes, str | None]]:
    if not part.file:
        return part.name, (None, part.value.encode(), None)
    name = part.file if part.value == "@" else None
    guessed = mimetypes.guess_type(part.file)[0] or "application/octet-stream"
    return part.name, (name, made_up(part.file), part.content_type or guessed)


@pytest.fixture(scope="session")
def go_vcr(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    return Oracle(tmp_path_factory.mktemp("go"))


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("client", [with_curl, with_httpx])
def test_every_operation_is_recorded_and_replayed(
    home: Path, go_vcr: Oracle, client: Client, version: str
) -> None:
    calls = exchanges()
    expected = [call.outcome for call in calls]
    redacted = [without_secrets(outcome) for outcome in expected]
    cassette = home / "c.yaml"
    with StandIn(unexpected) as api:
        api.enqueue(*(call.answer for call in calls))
        options = {
            "cassette": cassette,
            "cassette_upstream": api.address,
            "ssl_verify_upstream_trusted_ca": api.ca_file,
        }
        with mitmdump(home, options=options) as proxy:
            recorded = client(proxy, calls, version, home / "recorded")
            assert proxy.stop() == 0
        assert {r.http_version for r in api.requests} == {f"HTTP/{version}"}
    with mitmdump(home, options={"cassette": cassette}) as proxy:
        replayed = client(proxy, calls, version, home / "replayed")
        proxy.stop()

    assert differing(recorded, expected) == []
    assert differing(replayed, redacted) == []
    kept = cassette_format.loads(cassette.read_bytes()).interactions
    assert [unquote(i.request.url) for i in kept] == [call.url for call in calls]
    assert "played back 329 interactions" in proxy.log
    [loaded] = go_vcr.ask("load", [cassette.read_bytes()])
    assert loaded.error == ""
    bodies = [
        base64.b64decode(i["Response"]["Body"]) for i in json.loads(loaded.texts[0])
    ]
    assert bodies == [outcome.body for outcome in redacted]


def without_secrets(outcome: Outcome) -> Outcome:
    body = outcome.body
    for secret, placeholder in SECRETS:
        body = body.replace(secret, placeholder)
    return replace(outcome, body=body)


def differing(
    found: list[Outcome], expected: list[Outcome]
) -> list[tuple[int, Outcome, Outcome]]:
    """With the place of each; a missing one fails at once."""
    pairs = zip(found, expected, strict=True)
    return [(number, *pair) for number, pair in enumerate(pairs) if pair[0] != pair[1]]


def unexpected(_: object) -> Answer:
    return Answer.error(404, "no more calls were expected")
