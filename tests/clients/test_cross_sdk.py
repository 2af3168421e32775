"""What one SDK recorded plays back to the others, by nothing but declared means."""

import base64
import json
import struct
from collections.abc import Callable, Mapping
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest
from clients.programs import Program
from standin import Answer, Received, StandIn
from support.proxies import anyvcr

SDKS = {
    name: Program(name, words)
    for name, words in {
        "go": ("{cache}/go/calls",),
        "python": (
            "{cache}/python/openai3/bin/python",
            "{sources}/python/calls_openai.py",
        ),
        "node": ("{cache}/node/node_modules/node22/bin/node", "{cache}/node/calls.mjs"),
        "curl": ("{sources}/shell/calls.sh",),
    }.items()
}
KEY = "sk-fake-key-of-the-test"
SPEECH = bytes(range(256)) * 8 + b"\r\n--boundary\r\n"
VECTORS = ((0.5, -0.25), (0.75, 0.125))
"""Exact as 32-bit floats, so that base64 and JSON say the same."""
FLOATS = "[0.5 -0.25] [0.75 0.125]"
SAID = {
    "chat": "olá ✓",
    "stream": "olá ✓",
    "embeddings": FLOATS,
    "floats": FLOATS,
    "transcription": "bom dia",
    "responses": "tudo bem ✓",
}
"""What each call prints; `floats` are embeddings whose format the program names."""

OWN_WAYS = {
    ("embeddings", "$.encoding_format"): {"python", "node"},
    ("transcription", "form-type:file"): {"python"},
}
"""By call and by what --ignore calls it, who sends another value than the rest.

Python and Node ask for base64 where nothing was said, and Python guesses a file's type by
its name, where the others say application/octet-stream. All else means the same.
"""


def differing(recorder: str, player: str) -> dict[str, str]:
    """The calls that mean another thing to the two, and what to ignore for them."""
    return {
        call: path
        for (call, path), sdks in OWN_WAYS.items()
        if (recorder in sdks) != (player in sdks)
    }


def answers(received: Received) -> Answer:
    return _ANSWERS[received.target](received)


def _chat(received: Received) -> Answer:
    completion = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-mini"}
    if not json.loads(received.body).get("stream"):
        message = {"role": "assistant", "content": SAID["chat"], "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _json(completion | {"object": "chat.completion", "choices": [choice]})
    chunks = [
        {**completion, "object": "chat.completion.chunk", "choices": [choice]}
        for choice in (
            *({"index": 0, "delta": {"content": c}} for c in SAID["stream"]),
            {"index": 0, "delta": {}, "finish_reason": "stop"},
        )
    ]
    lines = [*(json.dumps(chunk, ensure_ascii=False) for chunk in chunks), "[DONE]"]
    return Answer.events("".join(f"data: {line}\n\n" for line in lines).encode())


def _embeddings(received: Received) -> Answer:
    as_base64 = json.loads(received.body).get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _base64(vector) if as_base64 else vector,
        }
        for index, vector in enumerate(VECTORS)
    ]
    return _json({"object": "list", "model": "text-embedding-3-small", "data": data})


def _base64(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack("<2f", *vector)).decode()


def _transcription(received: Received) -> Answer:
    assert SPEECH in received.body
    return _json({"text": SAID["transcription"]})


def _responses(_: Received) -> Answer:
    text = {"type": "output_text", "text": SAID["responses"], "annotations": []}
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    return _json(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "model": "gpt-4o-mini",
            "status": "completed",
            "output": [message],
        }
    )


_ANSWERS = {
    "/v1/chat/completions": _chat,
    "/v1/embeddings": _embeddings,
    "/v1/audio/transcriptions": _transcription,
    "/v1/responses": _responses,
}


def _json(value: Mapping[str, object]) -> Answer:
    return Answer.of(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def program(sdk: str, *calls: str) -> list[str]:
    first, *others = calls
    return [*SDKS[sdk].command(first), *others]


def said(calls: Mapping[str, str]) -> str:
    return "".join(f"{name}: {text}\n" for name, text in calls.items())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "speech.wav").write_bytes(SPEECH)
    return tmp_path


@pytest.fixture(scope="session")
def recorded_by(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """The cassette that an SDK records with all its calls."""

    @cache
    def record(sdk: str) -> Path:
        home = tmp_path_factory.mktemp(sdk)
        (home / "speech.wav").write_bytes(SPEECH)
        command = program(sdk, *SAID)
        with StandIn(answers) as api:
            upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
            arguments = ("record", "c.yaml", *upstream, "--", *command)
            done = anyvcr(home, *arguments, env={"OPENAI_API_KEY": KEY})
        assert (done.returncode, done.stdout) == (0, said(SAID)), done.stderr
        return home / "c.yaml"

    return record


PAIRS = list(permutations(SDKS, 2))
UNLIKE = [pair for pair in PAIRS if differing(*pair)]


@pytest.mark.parametrize(("recorder", "player"), PAIRS)
def test_what_one_sdk_recorded_plays_back_to_another(
    recorder: str, player: str, home: Path, recorded_by: Callable[[str], Path]
) -> None:
    ignored = differing(recorder, player)
    options = [word for path in ignored.values() for word in ("--ignore", path)]
    command = program(player, *SAID)
    done = anyvcr(
        home, "replay", recorded_by(recorder), "--strict", *options, "--", *command
    )

    expected = dict(SAID)
    if player == "curl" and "embeddings" in ignored:
        # The recorder asked for base64. Of those that did not, only curl cannot read it.
        expected["embeddings"] = " ".join(map(_base64, VECTORS))
    assert (done.returncode, done.stdout) == (0, said(expected)), done.stderr


@pytest.mark.parametrize(("recorder", "player"), UNLIKE)
def test_what_two_sdks_mean_differently_is_refused_until_it_is_ignored(
    recorder: str, player: str, home: Path, recorded_by: Callable[[str], Path]
) -> None:
    unlike = differing(recorder, player)
    options = ("--report", "report.json")
    command = program(player, *unlike)
    done = anyvcr(home, "replay", recorded_by(recorder), *options, "--", *command)

    assert done.returncode == 3
    [cassette] = json.loads((home / "report.json").read_text())["cassettes"]
    found = [
        [difference["path"] for difference in miss["nearest"][0]["differences"]]
        for miss in cassette["misses"]
    ]
    assert found == [[path] for path in unlike.values()]
