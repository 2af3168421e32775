"""Requests and cassettes as tests of matching need them, and what an index says of them."""

import json
from collections.abc import Callable, Sequence

import pytest
from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.normalized import Key, NormalizedRequest
from anyvcr.core.matching.rules import Rules

BASE = "https://api.openai.com/v1"
CHAT = "https://api.openai.com/v1/chat/completions"
FILES = "https://api.openai.com/v1/audio/transcriptions"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LINES = "application/jsonl"
PLAIN = Rules()


def request(
    body: str | bytes = b"",
    *,
    method: str = "POST",
    url: str = CHAT,
    content_type: str = JSON,
    headers: Headers = (),
    host: str = "",
) -> Request:
    typed: Headers = (("Content-Type", (content_type,)),) if content_type else ()
    data = body.encode() if isinstance(body, str) else body
    return Request(
        method=method, url=url, headers=(*typed, *headers), body=data, host=host
    )


def chat(**changes: object) -> str:
    """A chat call; a change to `...` leaves the field out."""
    fields: dict[str, object] = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Name a colour."},
        ],
        "temperature": 1,
        "stream": False,
    }
    fields.update(changes)
    return json.dumps({name: v for name, v in fields.items() if v is not ...})


def says(*contents: object) -> str:
    return chat(messages=[{"role": "user", "content": content} for content in contents])


def tool(name: str, **parameters: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def image(data: str, detail: str = "low") -> list[dict[str, object]]:
    url = {"url": f"data:image/png;base64,{data}", "detail": detail}
    return [{"type": "image_url", "image_url": url}]


def calls(*identifiers: str, answers: Sequence[str] = ()) -> str:
    made = [{"id": i, "function": {"name": f"f{n}"}} for n, i in enumerate(identifiers)]
    told = [{"role": "tool", "tool_call_id": i, "content": "x"} for i in answers]
    return chat(messages=[{"role": "assistant", "tool_calls": made}, *told])


def part(
    name: str, content: str | bytes, *, filename: str = "", content_type: str = ""
) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename else ""
    head += f"\r\nContent-Type: {content_type}" if content_type else ""
    data = content.encode() if isinstance(content, str) else content
    return head.encode() + b"\r\n\r\n" + data


SOUND = b"RIFF\x00\xff\xfe"
WAV = part("file", SOUND, filename="a.wav", content_type="audio/wav")
MODEL = part("model", "whisper-1")


def upload(*parts: bytes, boundary: str = "b0", url: str = FILES) -> Request:
    mark = b"--" + boundary.encode()
    body = (
        b"".join(mark + b"\r\n" + item + b"\r\n" for item in parts) + mark + b"--\r\n"
    )
    kind = f"multipart/form-data; boundary={boundary}"
    return request(body, url=url, content_type=kind)


def plain(text: str | bytes, content_type: str = "text/plain") -> Request:
    return request(text, content_type=content_type)


def at(url: str, method: str = "GET") -> Request:
    return request(method=method, url=url, content_type="")


def form(text: str) -> Request:
    return request(text, content_type=FORM)


def lines(text: str) -> Request:
    return request(text, content_type=LINES)


def wrapped(value: str) -> Request:
    """A JSON body with `value` spelled as it is given."""
    return request(f'{{"v": {value}}}')


def cases(
    table: dict[str, tuple[Request, Request]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    pairs = [pytest.param(one, other, id=name) for name, (one, other) in table.items()]
    return pytest.mark.parametrize(("one", "other"), pairs)


def key(asked: Request, rules: Rules) -> Key:
    return NormalizedRequest(asked, rules).key


def recorded(*requests: Request) -> list[Interaction]:
    answer = Response(code=200, status="200 OK")
    return [
        Interaction(id=number, request=asked, response=answer)
        for number, asked in enumerate(requests)
    ]


def played(index: Index, asked: Request) -> int | None:
    """Id of the interaction that answers, None for a miss."""
    found = index.take(asked)
    return found.interaction.id if isinstance(found, Hit) else None


def missed(index: Index, asked: Request) -> Miss:
    found = index.take(asked)
    assert isinstance(found, Miss)
    return found
