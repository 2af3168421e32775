"""What the stand-in answers to the calls of calls_test.go."""

import base64
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from standin import Answer, Chunk, Encoding, Framing, Received
from standin.request import Pairs

SOUND = bytes(range(256)) * 8
TEXT = 'Olá \N{GRINNING FACE},\n\tyes: "it" # is  \n'
"""What the models say."""


def answer(received: Received) -> Answer:
    """By path, and for chats by what the user says."""
    path = urlsplit(received.target).path.removeprefix("/v1/")
    if path == "chat/completions":
        return _chat(received)
    if path.startswith("echo"):
        return Answer.of(received.body, "application/octet-stream")
    if path.startswith("status/"):
        return Answer.error(int(path.removeprefix("status/")), "as asked for")
    return _BY_PATH[path](received)


def _chat(received: Received) -> Answer:
    said = json.loads(received.body)["messages"][-1]["content"]
    if said == "too many" and received.header("X-Stainless-Retry-Count") == "0":
        return _TOO_MANY
    if said == "too many for good":
        return _TOO_MANY
    encoding = Encoding.GZIP if said.startswith("gzip") else None
    if not said.endswith("events"):
        return _encoded(_json(_completion("message", TEXT)), encoding)
    events = [
        f"data: {json.dumps(_completion('delta', word))}\n\n"
        for word in TEXT.split(" ")
    ]
    return _encoded(
        Answer.events("".join([*events, "data: [DONE]\n\n"]).encode()), encoding
    )


def _completion(name: str, text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": None, name: message}
    return {"object": "chat.completion", "model": "gpt-4o-mini", "choices": [choice]}


def _json(value: object) -> Answer:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return Answer.of(text.encode(), "application/json")


def _encoded(plain: Answer, encoding: Encoding | None) -> Answer:
    return Answer(
        headers=plain.headers,
        chunks=plain.chunks,
        framing=plain.framing,
        encoding=encoding,
    )


def _stream(
    *pieces: bytes,
    headers: Pairs = (),
    trailers: Pairs = (),
    framing: Framing = Framing.CHUNKED,
) -> Answer:
    chunks = tuple(Chunk(data=piece) for piece in pieces)
    headers = (("Content-Type", "text/plain"), *headers)
    return Answer(headers=headers, chunks=chunks, framing=framing, trailers=trailers)


def _moved(received: Received) -> Answer:
    del received
    return Answer(status=307, headers=(("Location", "/v1/echo?moved=1"),))


_TOO_MANY = Answer.error(
    429, "Slow down", headers=(("Retry-After-Ms", "1"), ("X-Request-Id", "r-1"))
)
_FILES = {
    "object": "list",
    "has_more": True,
    "data": [{"object": "file", "filename": f"{n}.jsonl"} for n in range(2)],
}
_BY_PATH: dict[str, Callable[[Received], Answer]] = {
    "audio/speech": lambda _: Answer.of(SOUND, "audio/mpeg"),
    "audio/transcriptions": lambda _: _json({"text": TEXT}),
    "files": lambda r: _json(_FILES if r.method == "GET" else {"filename": "b.jsonl"}),
    "files/file-1": lambda _: _json({"id": "file-1", "deleted": True}),
    "files/file-1/content": lambda _: _stream(
        b"content", headers=(("Content-Disposition", 'attachment; filename="a.txt"'),)
    ),
    "models/gpt-9": lambda _: Answer.error(404, "The model 'gpt-9' does not exist"),
    "models/gpt-4o-mini": lambda _: _json({"id": "gpt-4o-mini"}),
    "responses/resp_1": lambda _: Answer(status=204),
    "not-modified": lambda _: Answer(status=304, headers=(("Etag", '"1"'),)),
    "empty": lambda _: Answer(),
    "empty-stream": lambda _: _stream(),
    "empty-gzip": lambda _: Answer(headers=(("Content-Encoding", "gzip"),)),
    "closed": lambda _: _stream(b"until", b" it closes", framing=Framing.CLOSE),
    "stream": lambda _: _stream(b"one", b"two"),
    "gzip": lambda _: _encoded(_stream(b"one"), Encoding.GZIP),
    "latin-1": lambda _: Answer.of("Ol\xe1".encode("latin-1"), "text/plain"),
    "own-reason": lambda _: Answer(status=200, reason="Fine by me"),
    "moved": _moved,
    "no-trailers": lambda _: _stream(b"text", headers=(("Trailer", "x-never-sent"),)),
    "trailers": lambda _: _stream(
        b"text",
        headers=(("Trailer", "X-Checksum, X-Never-Sent"),),
        trailers=(("X-Checksum", base64.b64encode(b"sum").decode()), ("X-More", "1")),
    ),
    "repeated": lambda _: _stream(
        headers=(
            ("Accept", "image/png"),
            ("Accept", "image/jpeg"),
            ("X-Repeated", "b"),
            ("x-other-9", ""),
            ("x-other-10", " spaced  out "),
            ("X-Repeated", "a"),
        )
    ),
}
