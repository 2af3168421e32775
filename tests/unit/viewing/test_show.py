"""Each kind of exchange is shown in its own form."""

import base64
import json

import pytest
from anyvcr.core.cassette.extensions import KEY
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.printable import printable
from anyvcr.core.viewing import reader
from anyvcr.core.viewing.text import lines

OPENAI = "https://api.openai.com/v1"


def interaction(
    path: str,
    sent: object,
    got: object,
    *,
    sent_type: str = "application/json",
    got_type: str = "application/json",
    code: int = 200,
    timing: str = "",
) -> Interaction:
    return Interaction(
        id=0,
        request=Request(
            method="POST",
            url=path if path.startswith("https:") else OPENAI + path,
            headers=(("Content-Type", (sent_type,)),),
            body=_body(sent),
        ),
        response=Response(
            code=code,
            status=f"{code} X",
            headers=(("Content-Type", (got_type,)),),
            body=_body(got),
            extra=((KEY, timing),) if timing else (),
        ),
    )


def _body(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def stream(*events: object) -> bytes:
    return b"".join(b"data: " + _body(event) + b"\n\n" for event in events)


def shown(found: Interaction) -> str:
    return "\n".join(line.text for line in lines(reader.read(found)))


def test_a_chat_with_tools_images_and_reasoning() -> None:
    image = base64.b64encode(bytes(3000)).decode()
    text = shown(
        interaction(
            "/chat/completions",
            {
                "model": "gpt-5",
                "temperature": 0,
                "tools": [{"type": "function", "function": {"name": "weather"}}],
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "What is this?"},
                            {
                                "type": "image_url",
                                "image_url": {"url": f"data:image/png;base64,{image}"},
                            },
                        ],
                    },
                    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
                ],
            },
            {
                "object": "chat.completion",
                "model": "gpt-5-2025",
                "choices": [
                    {
                        "message": {
                            "role": "assistant",
                            "reasoning_content": "A cat, I think.",
                            "content": "A cat.",
                            "tool_calls": [
                                {
                                    "id": "call_2",
                                    "function": {"name": "weather", "arguments": "{}"},
                                }
                            ],
                        },
                        "finish_reason": "tool_calls",
                    }
                ],
                "usage": {
                    "prompt_tokens": 10,
                    "completion_tokens": 5,
                    "prompt_tokens_details": {"cached_tokens": 4},
                },
            },
        )
    )

    assert text.splitlines() == [
        "#0  POST  /v1/chat/completions  200  gpt-5-2025",
        "    tools=weather, temperature=0",
        "  system",
        "    Be brief.",
        "  user",
        "    What is this?",
        "    [image image/png 3.0 kB]",
        "  tool",
        "    ← call_1: sunny",
        "  assistant",
        "    A cat, I think.",
        "    A cat.",
        "    → weather({})  call_2",
        "  tool_calls, 10 tokens in (4 cached), 5 out",
    ]


def test_a_streamed_chat_is_put_together() -> None:
    def delta(**delta: object) -> dict[str, object]:
        return {"choices": [{"index": 0, "delta": delta}]}

    call = {"index": 0, "id": "call_1", "function": {"name": "add", "arguments": ""}}
    text = shown(
        interaction(
            "/chat/completions",
            {"model": "m", "stream": True, "messages": []},
            stream(
                delta(role="assistant", content="Hel"),
                delta(content="lo"),
                delta(tool_calls=[call]),
                delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a"'}}]),
                delta(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
            ),
            got_type="text/event-stream; charset=utf-8",
            timing="20@100 20@600",
        )
    )

    assert "    Hello\n" in text
    assert '    → add({"a": 1})  call_1\n' in text
    assert text.endswith("stop, 1 tokens in, 2 out, 7 events")


def test_a_response_that_was_cut_short_shows_what_came() -> None:
    text = shown(
        interaction(
            "/responses",
            {"model": "gpt-5", "input": "hi", "instructions": "Be brief."},
            stream(
                {"type": "response.created", "response": {"status": "in_progress"}},
                {
                    "type": "response.output_text.delta",
                    "output_index": 0,
                    "delta": "Hel",
                },
                {
                    "type": "response.output_text.delta",
                    "output_index": 0,
                    "delta": "lo",
                },
            ),
            got_type="text/event-stream",
        )
    )

    assert (
        "  instructions\n    Be brief.\n  user\n    hi\n  assistant\n    Hello" in text
    )


def test_anthropics_messages() -> None:
    text = shown(
        interaction(
            "https://api.anthropic.com/v1/messages",
            {
                "model": "claude",
                "system": "Be brief.",
                "messages": [{"role": "user", "content": "hi"}],
                "max_tokens": 5,
            },
            stream(
                {
                    "type": "message_start",
                    "message": {
                        "role": "assistant",
                        "model": "claude-9",
                        "usage": {"input_tokens": 3},
                    },
                },
                {
                    "type": "content_block_start",
                    "index": 0,
                    "content_block": {"type": "thinking", "thinking": ""},
                },
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "thinking_delta", "thinking": "Greet."},
                },
                {
                    "type": "content_block_start",
                    "index": 1,
                    "content_block": {"type": "tool_use", "id": "t1", "name": "f"},
                },
                {
                    "type": "content_block_delta",
                    "index": 1,
                    "delta": {"type": "input_json_delta", "partial_json": '{"x":'},
                },
                {
                    "type": "content_block_delta",
                    "index": 1,
                    "delta": {"type": "input_json_delta", "partial_json": "1}"},
                },
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "tool_use"},
                    "usage": {"output_tokens": 7},
                },
                {"type": "message_stop"},
            ),
            got_type="text/event-stream",
        )
    )

    assert "#0  POST  api.anthropic.com/v1/messages  200  claude-9" in text
    assert '    Greet.\n    → f({"x": 1})  t1\n' in text
    assert text.endswith("tool_use, 3 tokens in, 7 out, 8 events")


@pytest.mark.parametrize("framed", ["sse", "array", "lines"])
def test_geminis_streams(framed: str) -> None:
    pieces = [
        {
            "candidates": [{"content": {"parts": [{"text": word}]}}],
            "modelVersion": "g-3",
        }
        for word in ("Hel", "lo")
    ]
    body = {
        "sse": stream(*pieces),
        "array": json.dumps(pieces).encode(),
        "lines": b"\n".join(map(_body, pieces)),
    }[framed]
    text = shown(
        interaction(
            "https://generativelanguage.googleapis.com/v1beta/models/g:streamGenerateContent?alt=sse",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
            body,
            got_type="text/event-stream" if framed == "sse" else "application/json",
        )
    )

    assert "  user\n    hi\n  model\n    Hello" in text
    assert "  g-3" in text


def test_embeddings_are_counted() -> None:
    text = shown(
        interaction(
            "/embeddings",
            {"model": "e", "input": ["one", "two"]},
            {
                "data": [{"embedding": [0.5] * 1536}, {"embedding": [0.5] * 1536}],
                "usage": {"prompt_tokens": 2, "total_tokens": 2},
            },
        )
    )

    assert "    one\n    two\n" in text
    assert '"embeddings": 2' in text
    assert '"dimensions": 1536' in text


def test_an_upload_is_shown_by_its_fields_and_files() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + bytes(5000) + b"\r\n--x--\r\n"
    )
    text = shown(
        interaction(
            "/audio/transcriptions",
            body,
            {"text": "Hello."},
            sent_type="multipart/form-data; boundary=x",
        )
    )

    assert '"model": "whisper-1"' in text
    assert "[audio audio/wav a.wav 5.0 kB]" in text
    assert "    Hello." in text


def test_speech_and_pictures_are_shown_by_their_size() -> None:
    speech = interaction(
        "/audio/speech", {"input": "Hi"}, bytes(2_500_000), got_type="audio/mpeg"
    )
    picture = interaction(
        "/images/generations",
        {"prompt": "A cat"},
        {"data": [{"b64_json": base64.b64encode(bytes(1000)).decode()}]},
    )

    assert "[audio audio/mpeg 2.5 MB]" in shown(speech)
    assert "[image 1.0 kB]" in shown(picture)


def test_an_error_is_shown_beside_what_was_asked() -> None:
    text = shown(
        interaction(
            "/chat/completions",
            {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
            {"error": {"message": "Rate limit reached", "type": "tokens"}},
            code=429,
        )
    )

    assert "  user\n    hi\n  error: Rate limit reached" in text


def test_a_websocket_conversation() -> None:
    audio = base64.b64encode(bytes(1000)).decode()
    body = (
        '< {"type":"session.created","session":{"model":"gpt-realtime"}}\n'
        f'> {{"type":"input_audio_buffer.append","audio":"{audio}"}}\n'
        f'> {{"type":"input_audio_buffer.append","audio":"{audio}"}}\n'
        '> {"type":"response.create"}\n'
        '< {"type":"response.output_text.delta","output_index":0,"delta":"Hel"}\n'
        '< {"type":"response.output_text.delta","output_index":0,"delta":"lo"}\n'
        '< {"type":"response.done","response":{"status":"completed"}}\n'
        "># 1000 bye\n"
    )
    text = shown(
        interaction(
            "/realtime?model=gpt-realtime",
            b"",
            body.encode(),
            got_type="application/vnd.anyvcr.websocket",
            code=101,
        )
    )

    assert "  101  gpt-realtime" in text
    assert "  client\n    [audio 2.0 kB]" in text
    assert "  assistant\n    Hello" in text
    assert '"close": 1000' in text


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J",
        "\r",
        "\x9b31m",
        "\u202e",
        "\u2028",
        "::error ::x\n::warning",
        "\udcff",
    ],
)
def test_nothing_from_a_cassette_moves_the_cursor(hostile: str) -> None:
    found = interaction(
        "/chat/completions",
        {"model": hostile, "messages": [{"role": hostile, "content": hostile}]},
        {"choices": [{"message": {"content": hostile}, "finish_reason": hostile}]},
    )

    for line in lines(reader.read(found)):
        assert line.text == printable(line.text, keep="\t")
        assert "\n" not in line.text
        assert not line.text.startswith("::")
