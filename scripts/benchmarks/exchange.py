"""The calls that are measured, made up: as raw requests, as a cassette, as mitmproxy's flows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response

HOST = "api.openai.com"
PATH = "/v1/chat/completions"
URL = f"https://{HOST}{PATH}"
EVENTS = 50
"""Of a stream; with its `[DONE]` one more."""
MEDIUM = 3_000
"""Characters of an answer in the cassettes that grow: 10,000 interactions make 38 MB."""
_JSON = "application/json"
_STREAM = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One chat call and its answer, which holds `marker` and no other answer does."""

    marker: str
    question: bytes
    answer: bytes
    is_stream: bool = False

    @property
    def content_type(self) -> str:
        return _STREAM if self.is_stream else _JSON

    def request(self, host: str = HOST, prefix: str = "", *, close: bool) -> bytes:
        """The request as it goes on a connection, `prefix` before the API's path."""
        head = (
            f"POST {prefix}{PATH} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n"
            f"Authorization: Bearer sk-bench-0000\r\nContent-Type: {_JSON}\r\n"
            f"User-Agent: bench\r\nContent-Length: {len(self.question)}\r\n"
            f"{'Connection: close' if close else 'Connection: keep-alive'}\r\n\r\n"
        )
        return head.encode() + self.question


def small(count: int) -> tuple[Exchange, ...]:
    """Short chat calls, about 300 bytes each way."""
    return tuple(_chat(number, "Olá! Tudo bem?") for number in range(count))


def medium(count: int) -> tuple[Exchange, ...]:
    """Chat calls whose answers fill a screen; all have one URL."""
    words = "In the beginning there was a question, and it was billed by the token. "
    text = (words * (MEDIUM // len(words) + 1))[:MEDIUM]
    return tuple(_chat(number, text) for number in range(count))


def streams(count: int) -> tuple[Exchange, ...]:
    """Streamed chat calls of EVENTS events."""
    return tuple(
        Exchange(
            marker=_marker(number),
            question=_question(number, stream=True),
            answer=_events(_marker(number)),
            is_stream=True,
        )
        for number in range(count)
    )


def cassette(exchanges: Sequence[Exchange], path: Path) -> Path:
    """Write the cassette that holds `exchanges`."""
    interactions = tuple(
        Interaction(id=number, request=_request(each), response=_response(each))
        for number, each in enumerate(exchanges)
    )
    path.write_bytes(cassette_format.dumps(Cassette(interactions=interactions)))
    return path


def flows(exchanges: Sequence[Exchange], path: Path) -> Path:
    """Write the same as mitmdump's --server-replay reads it."""
    from mitmproxy import http, io
    from mitmproxy.test import tflow

    with path.open("wb") as file:
        writer = io.FlowWriter(file)
        for each in exchanges:
            headers = http.Headers(content_type=_JSON, host=HOST, user_agent="bench")
            flow = tflow.tflow(
                req=http.Request.make("POST", URL, each.question, headers),
                resp=http.Response.make(
                    200, each.answer, {"content-type": each.content_type}
                ),
            )
            writer.add(flow)
    return path


def _chat(number: int, text: str) -> Exchange:
    marker = _marker(number)
    message = {"role": "assistant", "content": f"{marker} {text}", "refusal": None}
    answer = {
        "id": f"chatcmpl-{number:08}",
        "object": "chat.completion",
        "created": 1_761_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 9, "total_tokens": 39},
    }
    return Exchange(
        marker=marker,
        question=_question(number, stream=False),
        answer=json.dumps(answer, ensure_ascii=False).encode(),
    )


def _marker(number: int) -> str:
    return f"answer-{number:06}."


def _question(number: int, *, stream: bool) -> bytes:
    messages = [
        {"role": "system", "content": "You answer in Portuguese, in one sentence."},
        {"role": "user", "content": f"Question number {number}: how are you?"},
    ]
    body = {"model": "gpt-4o-mini", "messages": messages, "stream": stream}
    return json.dumps(body).encode()


def _events(marker: str) -> bytes:
    words = [marker, *(f" word{number}" for number in range(EVENTS - 1))]
    events = [
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_761_000_000,
            "model": "gpt-4o-mini-2024-07-18",
            "choices": [
                {"index": 0, "delta": {"content": word}, "finish_reason": None}
            ],
        }
        for word in words
    ]
    data = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)
    return data + b"data: [DONE]\n\n"


def _request(exchange: Exchange) -> Request:
    return Request(
        method="POST",
        url=URL,
        headers=(("Accept", ("*/*",)), ("Content-Type", (_JSON,))),
        body=exchange.question,
        content_length=len(exchange.question),
    )


def _response(exchange: Exchange) -> Response:
    streamed = exchange.is_stream
    return Response(
        code=200,
        status="200 OK",
        headers=(("Content-Type", (exchange.content_type,)),),
        body=exchange.answer,
        content_length=-1 if streamed else len(exchange.answer),
        transfer_encoding=("chunked",) if streamed else (),
        duration=1_000_000,
    )
