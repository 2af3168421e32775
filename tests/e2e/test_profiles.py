"""A known client replays although it sends other ids, and says what does not count."""

import json
from pathlib import Path

import httpx
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from support.proxies import mitmdump

AGENT = "Agents/Python 0.24.0"


def body(key: str, text: str = "hi") -> bytes:
    sent = {"model": "gpt-4o", "input": text, "prompt_cache_key": key}
    return json.dumps(sent).encode()


def recorded(path: Path) -> Path:
    answer = b'{"object":"response"}'
    interaction = Interaction(
        id=0,
        request=Request(
            method="POST",
            url="https://api.openai.com/v1/responses",
            headers=(("Content-Type", ("application/json",)), ("User-Agent", (AGENT,))),
            body=body("agents-sdk:run:1"),
        ),
        response=Response(
            code=200, status="200 OK", body=answer, content_length=len(answer)
        ),
    )
    path.write_bytes(codec.dumps(Cassette(interactions=(interaction,))))
    return path


def ask(home: Path, sent: bytes, **options: object) -> tuple[int, str]:
    cassette = recorded(home / "c.yaml")
    headers = {"User-Agent": AGENT, "Content-Type": "application/json"}
    named = {"cassette": cassette, "cassette_mode": "replay-only", **options}
    with mitmdump(home, options=named) as proxy:
        answer = httpx.post(f"{proxy.url}/v1/responses", content=sent, headers=headers)
    return answer.status_code, proxy.log


def test_a_known_client_replays_without_an_option_and_says_why(home: Path) -> None:
    status, log = ask(home, body("agents-sdk:run:2"))

    assert status == 200
    assert "profile openai-agents: these do not count: $.prompt_cache_key" in log


def test_what_a_profile_does_not_name_counts(home: Path) -> None:
    status, _ = ask(home, body("agents-sdk:run:2", "hello"))

    assert status == 418


def test_profiles_can_be_turned_off(home: Path) -> None:
    status, log = ask(home, body("agents-sdk:run:2"), cassette_profile="none")

    assert status == 418
    assert "$.prompt_cache_key" in log
