"""An API that makes its answers up, as the real one does: no id is ever the same twice."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from standin import Answer, Received, new_id

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


def response_events(text: Iterable[str]) -> list[Json]:
    """A response that says `text`, a piece an event; its last is `response.completed`."""
    pieces = list(text)
    response: Json = {
        "id": new_id("resp_", 40),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": "gpt-4o-mini",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    item: Json = {
        "id": new_id("msg_", 40),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "annotations": [], "text": "".join(pieces)}],
    }  # fmt: skip
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    events: list[Json] = [
        {"type": "response.created", "response": response},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in pieces
        ),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "output": [item]},
        },
    ]  # fmt: skip
    return [event | {"sequence_number": n} for n, event in enumerate(events)]


def _stream(
    events: Iterable[Mapping[str, Any]], *, named: bool = False, end: str = ""
) -> Answer:
    names = ((f"event: {e['type']}\n" if named else "", json.dumps(e)) for e in events)
    texts = [f"{name}data: {data}\n\n" for name, data in names]
    if end:
        texts.append(f"data: {end}\n\n")
    return Answer.events("".join(texts).encode())
