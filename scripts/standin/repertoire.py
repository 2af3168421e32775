"""The answers that a cassette holds, found by method, path with query, and body.

The host does not count. Bodies are equal as JSON where they are JSON, else as bytes; of a
multipart body, whose boundary is never the same twice, only its being there counts.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from anyvcr.core.cassette.model import Cassette, Interaction, Request, header

from standin.answer import Answer
from standin.ids import NewIds
from standin.request import Received

_Key = tuple[str, str, str]


class Repertoire:
    """Equal requests get their interactions in order, then the last of them again and again."""

    def __init__(
        self, cassette: Cassette, *, gap: float = 0.0, new_ids: bool = True
    ) -> None:
        """`gap` is the seconds between events; with `new_ids` no two answers share an id or time."""
        self._gap = gap
        self._ids = NewIds() if new_ids else None
        self._waiting: dict[_Key, list[Interaction]] = {}
        for interaction in reversed(cassette.interactions):
            key = _recorded_key(interaction.request)
            self._waiting.setdefault(key, []).append(interaction)

    @classmethod
    def from_files(
        cls, *paths: Path, gap: float = 0.0, new_ids: bool = True
    ) -> "Repertoire":
        """All interactions of these cassettes, in order."""
        from anyvcr.core.cassette.codec import loads

        interactions = (
            i for path in paths for i in loads(path.read_bytes()).interactions
        )
        cassette = Cassette(interactions=tuple(interactions))
        return cls(cassette, gap=gap, new_ids=new_ids)

    def __call__(self, received: Received) -> Answer:
        """The answer to this request, or a 404."""
        waiting = self._waiting.get(self._key(received))
        if waiting is None:
            asked = f"{received.method} {received.target}"
            return Answer.error(404, f"stand-in: no answer recorded for {asked}")
        interaction = waiting.pop() if len(waiting) > 1 else waiting[0]
        answer = Answer.from_interaction(interaction, gap=self._gap)
        return answer if self._ids is None else self._ids.renew(answer)

    def _key(self, received: Received) -> _Key:
        is_whole = received.body_size == len(received.body)
        if self._ids is not None and is_whole:
            body = self._ids.recorded(received.body)
            target = self._ids.recorded(received.target.encode()).decode()
            if (body, target) != (received.body, received.target):
                digest = hashlib.sha256(body).hexdigest()
                received = replace(
                    received, body=body, body_sha256=digest, target=target
                )
        return _received_key(received)


def _recorded_key(request: Request) -> _Key:
    url = urlsplit(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    digest = hashlib.sha256(request.body).hexdigest()
    content_type = header(request.headers, "Content-Type")
    return request.method, target, _body_key(content_type, request.body, digest)


def _received_key(received: Received) -> _Key:
    is_whole = received.body_size == len(received.body)
    body = received.body if is_whole else b""
    content_type = received.header("Content-Type")
    key = _body_key(content_type, body, received.body_sha256)
    return received.method, received.target, key


def _body_key(content_type: str, body: bytes, digest: str) -> str:
    if content_type.lower().startswith("multipart/"):
        return "multipart"
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return digest
