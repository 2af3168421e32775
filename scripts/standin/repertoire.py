"""The answers that a cassette holds, found by method, path with query, and body.

The host does not count. Bodies are equal as JSON where they are JSON, else as bytes; of a
multipart body, whose boundary is never the same twice, only its being there counts.
"""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

from anyvcr.core.cassette.model import Cassette, Interaction, Request, header

from standin.answer import Answer
from standin.request import Received

_Key = tuple[str, str, str]


class Repertoire:
    """Equal requests get their interactions in order, then the last of them again and again."""

    def __init__(self, cassette: Cassette, *, gap: float = 0.0) -> None:
        self._gap = gap
        self._waiting: dict[_Key, list[Interaction]] = {}
        for interaction in reversed(cassette.interactions):
            key = _recorded_key(interaction.request)
            self._waiting.setdefault(key, []).append(interaction)

    @classmethod
    def from_files(cls, *paths: Path, gap: float = 0.0) -> "Repertoire":
        """All interactions of these cassettes, in order."""
        from anyvcr.core.cassette.codec import loads

        interactions = (
            i for path in paths for i in loads(path.read_bytes()).interactions
        )
        return cls(Cassette(interactions=tuple(interactions)), gap=gap)

    def __call__(self, received: Received) -> Answer:
        """The answer to this request, or a 404."""
        waiting = self._waiting.get(_received_key(received))
        if waiting is None:
            asked = f"{received.method} {received.target}"
            return Answer.error(404, f"stand-in: no answer recorded for {asked}")
        interaction = waiting.pop() if len(waiting) > 1 else waiting[0]
        return Answer.from_interaction(interaction, gap=self._gap)


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
