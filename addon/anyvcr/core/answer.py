"""What goes back to the client: a recorded response or a refusal, without its framing.

Content-Length, Transfer-Encoding and the like belong to one connection (RFC 9110, section
7.6.1); whoever writes the answer to a connection computes them anew.
"""

import json
from dataclasses import dataclass

from anyvcr.core.cassette import Response
from anyvcr.core.status import reason

REFUSED = 599
"""The status of a request that was not answered from the cassette; no server sends it."""

_CONNECTION_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # It would send the client round the proxy, to HTTP/3.
        "alt-svc",
    }
)
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response to write to the client."""

    code: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    """End-to-end headers only, one pair per value."""
    body: bytes
    streamed: bool = False
    """The length was not announced when it was recorded, so it is not announced now."""

    @property
    def has_body(self) -> bool:
        """Whether this status may carry a body (RFC 9110, section 6.4.1)."""
        return self.code >= 200 and self.code not in _BODILESS


def replayed(response: Response) -> Answer:
    """The recorded response, as it goes on any connection."""
    return Answer(
        code=response.code,
        reason=response.status.partition(" ")[2] or reason(response.code),
        headers=tuple(
            (name, value)
            for name, values in response.headers
            if name.lower() not in _CONNECTION_HEADERS
            for value in values
        ),
        body=response.body,
        streamed=response.content_length < 0,
    )


def refused(
    message: str, code: str, details: dict[str, object] | None = None
) -> Answer:
    """An error in OpenAI's shape that SDKs raise with its message and do not retry.

    openai-python, -node, -go, -java and -ruby obey `x-should-retry`.
    """
    error = {"message": message, "type": "anyvcr_error", "param": None, "code": code}
    body = json.dumps({"error": error | (details or {})}, ensure_ascii=False)
    return Answer(
        code=REFUSED,
        reason="Not In Cassette",
        headers=(
            ("Content-Type", "application/json"),
            ("X-Should-Retry", "false"),
        ),
        body=body.encode("utf-8", "surrogateescape"),
    )
