# mypy: disable-error-code="import-not-found,import-untyped"
"""Calls of the official SDK, by name: each prints a line `NAME: ANSWER`."""

import sys
from collections.abc import Callable
from pathlib import Path

import openai

MODEL = "gpt-4o-mini"
QUESTIONS = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "Be <brief>."},
        {"role": "user", "content": "naïve ✓ 😀"},
    ],
    "temperature": 1.0,
}
client = openai.OpenAI(max_retries=0)


def chat() -> str:
    answer = client.chat.completions.create(**QUESTIONS)
    return str(answer.choices[0].message.content)


def stream() -> str:
    events = client.chat.completions.create(
        **QUESTIONS, stream=True, stream_options={"include_usage": True}
    )
    return "".join(c.delta.content or "" for event in events for c in event.choices)


def embeddings(**options: str) -> str:
    answer = client.embeddings.create(
        model="text-embedding-3-small", input=["one", "two"], **options
    )
    texts = (" ".join(f"{x:g}" for x in item.embedding) for item in answer.data)
    return " ".join(f"[{text}]" for text in texts)


def floats() -> str:
    return embeddings(encoding_format="float")


def transcription() -> str:
    with Path("speech.wav").open("rb") as file:
        answer = client.audio.transcriptions.create(
            file=file, model="whisper-1", language="pt"
        )
    return str(answer.text)


def responses() -> str:
    answer = client.responses.create(
        model=MODEL, input="naïve ✓ 😀", max_output_tokens=100
    )
    return str(answer.output_text)


CALLS: dict[str, Callable[[], str]] = {
    "chat": chat,
    "stream": stream,
    "embeddings": embeddings,
    "floats": floats,
    "transcription": transcription,
    "responses": responses,
}
for name in sys.argv[1:]:
    try:
        print(f"{name}: {CALLS[name]()}")
    except openai.OpenAIError as error:
        print(f"{name}: failed: {error}")
