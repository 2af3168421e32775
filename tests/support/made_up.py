"""An API that makes its answers up, as the real one does: no id is ever the same twice."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from standin import Answer, Received, new_id
from standin.conversation import response_events

Json = dict[str, Any]
WORDS = 16
"""In each streamed answer; its events are some more."""


def answers(received: Received) -> Answer:
    """Chat completions and responses, streamed where that is asked for."""
    asked = json.loads(received.body)
    text = [f"{new_id('', 4)} " for _ in range(WORDS)]
    if received.target == "/v1/responses":
        return _stream(response_events(text), named=True)
    assert received.target == "/v1/chat/completions"
    assert asked["stream"]
    return _stream(chat_events(text), end="[DONE]")


def chat_events(text: Iterable[str]) -> list[Json]:
    """A chat completion that says `text`, a piece an event."""
    completion = {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "gpt-4o-mini",
    }
    deltas: list[tuple[Json, str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        *(({"content": piece}, None) for piece in text),
        ({}, "stop"),
    ]
    return [
        {
            **completion,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            "obfuscation": new_id("", 6),
        }
        for delta, reason in deltas
    ]


def _stream(
    events: Iterable[Mapping[str, Any]], *, named: bool = False, end: str = ""
) -> Answer:
    names = ((f"event: {e['type']}\n" if named else "", json.dumps(e)) for e in events)
    texts = [f"{name}data: {data}\n\n" for name, data in names]
    if end:
        texts.append(f"data: {end}\n\n")
    return Answer.events("".join(texts).encode())
