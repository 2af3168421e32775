"""Exchanges made up by chance: what a client was told, the same client is told again."""

import gzip
import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from standin import Answer, Chunk, Encoding, Framing, StandIn
from support import proxies
from support.proxies import mitmdump

COUNT = 100
"""Exchanges for each version of HTTP."""
PER_CONNECTION = frozenset(
    {"connection", "content-encoding", "content-length", "date", "transfer-encoding"}
)
"""What may differ in an answer's headers: its framing, and what is not stored."""
NOT_TO_BE_WAITED = frozenset({"retry-after", "retry-after-ms"})
"""What a replay adds to answers after which an SDK would wait to ask again."""
STATUSES = (200, 200, 200, 201, 204, 304, 400, 401, 404, 422, 429, 500, 503)
MEDIA_TYPES = (
    *("application/json", "text/event-stream", "text/plain; charset=utf-8", ""),
    *("application/octet-stream", "audio/mpeg", "application/x-ndjson", "text/html"),
)
TEXTS = (
    *("", "no", "- a: b\n", "\n\n  x\n", "a: 'b'\t", "é\u2028\x85\ufeff", "x" * 3000),
    *(
        "\r\nHTTP/1.1 500 No\r\n\r\n",
        "---\nversion: 2\n",
        "data: a\n\ndata: [DONE]\n\n",
    ),
    *('{"a": [1, 2.50, "\\u00e9"]}', '{"id":"x","n":1e3}\n', "\0\x01", "0\r\n\r\n"),
)

recording = partial(proxies.recording, cassette_mode="record-only")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what the API answers."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    is_chunked: bool
    answer: Answer


def calls(seed: int) -> Iterator[Call]:
    chance = random.Random(seed)

    def anything() -> bytes:
        if chance.random() < 0.3:
            return chance.randbytes(chance.choice((1, 7, 300, 5000)))
        return "".join(chance.choices(TEXTS, k=chance.randrange(4))).encode()

    for number in range(COUNT):
        method = chance.choice(
            ("GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD")
        )
        body = b"" if method in ("GET", "HEAD") else anything()
        headers = {"Content-Type": chance.choice(MEDIA_TYPES) or "a/b"} if body else {}
        if headers.get("Content-Type") == "application/json":
            body = json.dumps({"said": body.decode("latin-1")}).encode()
        if body and chance.random() < 0.2:
            headers["Content-Encoding"], encode = chance.choice(
                (("gzip", gzip.compress), ("deflate", zlib.compress))
            )
            body = encode(body)
        content_type = chance.choice(MEDIA_TYPES)
        status = chance.choice(STATUSES)
        pieces = [anything() for _ in range(chance.randrange(4))]
        yield Call(
            method=method,
            url=f"https://api.openai.com/v1/{number}?q={chance.choice(('', 'a b', '%2F'))}",
            headers=headers,
            body=body,
            is_chunked=bool(body) and chance.random() < 0.3,
            answer=Answer(
                status=status,
                headers=(("Content-Type", content_type),) if content_type else (),
                chunks=tuple(Chunk(data=piece) for piece in pieces if piece),
                framing=chance.choice(tuple(Framing)),
                encoding=chance.choice((None, None, *Encoding)),
                interim=chance.choice(((), (), (103,), (102, 103))),
            ),
        )


def told(client: httpx.Client, call: Call) -> tuple[object, ...]:
    """The answer as a program sees it."""
    content = iter([call.body[:3], call.body[3:]]) if call.is_chunked else call.body
    answer = client.request(
        call.method, call.url, headers=call.headers, content=content or None
    )
    said = {
        name: value
        for name, value in answer.headers.multi_items()
        if name not in PER_CONNECTION | NOT_TO_BE_WAITED
    }
    length = answer.headers.get("content-length") if call.method == "HEAD" else None
    return answer.status_code, said, answer.content, length


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_what_a_client_was_told_it_is_told_again(home: Path, version: str) -> None:
    made = list(calls(seed=len(version)))
    with StandIn(lambda _: Answer.error(500)) as api:
        api.enqueue(*(call.answer for call in made))
        with (
            recording(home, api) as proxy,
            proxy.client(http2=version == "HTTP/2") as client,
        ):
            live = [told(client, call) for call in made]
            proxy.stop()
    assert "not recorded" not in proxy.log

    options = {"cassette": home / "c.yaml", "cassette_mode": "replay-only"}
    with mitmdump(home, options=options) as proxy, proxy.client() as client:
        again = [told(client, call) for call in made]
        proxy.stop()

    for call, first, second in zip(made, live, again, strict=True):
        assert second == first, call
