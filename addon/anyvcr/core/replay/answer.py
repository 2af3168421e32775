"""What goes back to the client: a recorded response or a refusal, without its framing.

Content-Length, Transfer-Encoding and the like belong to one connection (RFC 9110, section
7.6.1); whoever writes the answer to a connection computes them anew.
"""

import json
from dataclasses import dataclass, replace

from anyvcr.core import utf8
from anyvcr.core.cassette.extensions import PARTIAL
from anyvcr.core.cassette.model import Response
from anyvcr.core.go.status import reason
from anyvcr.core.replay import departure
from anyvcr.core.replay.pacing import INSTANT, Pace, Schedule, schedule

REFUSED = 418
"""The status of a request that was not answered from the cassette.

No client that was measured tries again after it, and no API gives it a meaning
(docs/matching.md has the table).
"""

NO_LOOPBACK_WORDS = (
    "this machine's loopback is not for clients of other machines: start the proxy with"
    " --allow-loopback if it is to be"
)

Pairs = tuple[tuple[str, str], ...]

CONNECTION_HEADERS = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
"""Of one connection of HTTP/1.1; HTTP/2 has no use for them (RFC 9113, section 8.2.2)."""
_NOT_REPLAYED = CONNECTION_HEADERS | {
    "content-length",
    "proxy-authenticate",
    "te",
    "trailer",
    # It would send the client round the proxy, to HTTP/3.
    "alt-svc",
}
_RETRY_HEADERS = frozenset({"retry-after", "retry-after-ms"})
_RETRYABLE = frozenset({408, 409, 429})
"""Statuses that OpenAI's SDKs retry, with all from 500."""
_LONGEST_PHRASE = 300
"""Characters of a refusal's message that stand in the status line."""
_POLL_HEADER = "openai-poll-after-ms"
"""Milliseconds that the SDKs' polling helpers wait before they ask again, else 1000."""
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Answer:
    """A response to write to the client."""

    code: int
    reason: str
    headers: Pairs
    """End-to-end headers only, one pair per value."""
    body: bytes
    streamed: bool = False
    """The length was not announced when it was recorded, so it is not announced now."""
    schedule: Schedule | None = None
    """When its parts are due; None for all of them at once."""
    breaks_off: bool = False
    """The body was recorded in part: the connection breaks off after it."""
    announced: int | None = None
    """Content-Length of a body that breaks off; None where it had none."""
    recorded_length: int | None = None
    """Content-Length as it was recorded, -1 for none; None for an answer of our own."""

    @property
    def length(self) -> int | None:
        """The Content-Length to announce, None for a body that ends with its last chunk."""
        if not self.has_body:
            # A 304 may tell the length of what was not sent (RFC 9110, section 8.6).
            told = self.recorded_length if self.code == 304 else None
            return told if told and told > 0 else None
        if self.breaks_off or self.streamed:
            return self.announced
        return len(self.body)

    @property
    def head_length(self) -> int | None:
        """The Content-Length in answer to HEAD: that of the body which a GET would get."""
        if self.has_body and self.recorded_length is not None:
            if self.recorded_length < 0:
                return None
            return self.recorded_length or len(self.body)
        return self.length

    @property
    def encoded_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are written."""
        return [
            (name.encode("latin-1"), utf8.encode(value)) for name, value in self.headers
        ]

    @property
    def has_body(self) -> bool:
        """Whether this status may carry a body (RFC 9110, section 6.4.1)."""
        return self.code >= 200 and self.code not in _BODILESS


def replayed(response: Response, pace: Pace = INSTANT) -> Answer:
    """The recorded response, as it goes on any connection."""
    headers = tuple(
        (name, value)
        for name, values in response.headers
        if name.lower() not in _NOT_REPLAYED
        for value in values
    )
    is_partial = dict(response.extra).get(PARTIAL) is True
    is_short = response.content_length > len(response.body)
    return Answer(
        code=response.code,
        reason=response.status.partition(" ")[2] or reason(response.code),
        headers=_without_wait(response.code, headers) if pace == INSTANT else headers,
        body=response.body,
        streamed=response.content_length < 0,
        schedule=departure.schedule(response)
        if departure.is_recorded(response)
        else schedule(response, pace),
        breaks_off=is_partial,
        announced=response.content_length if is_partial and is_short else None,
        recorded_length=response.content_length,
    )


def _without_wait(code: int, headers: Pairs) -> Pairs:
    """Tell a client that would wait before it asks again not to.

    An answer that says nothing of a wait makes SDKs wait as long as they like, and so does
    one of 0 for OpenAI's, so it is 1 ms.
    """
    said = {name.lower(): value.strip().lower() for name, value in headers}
    if _POLL_HEADER in said:
        headers = tuple(
            (name, "1" if name.lower() == _POLL_HEADER else value)
            for name, value in headers
        )
    is_retried = code in _RETRYABLE or code >= 500
    if said.get("x-should-retry", "") == "false" or not (
        is_retried or _RETRY_HEADERS & said.keys()
    ):
        return headers
    others = (pair for pair in headers if pair[0].lower() not in _RETRY_HEADERS)
    return (*others, ("Retry-After", "0"), ("Retry-After-Ms", "1"))


def too_large(limit: int) -> Answer:
    """The answer to a request whose body is larger than `limit` bytes."""
    answer = refused(over_limit(limit), "upload_too_large")
    return replace(answer, code=413, reason=reason(413))


def bad_request(why: str, code: int = 400) -> Answer:
    """The answer to what cannot be read as a request; `why` is a sentence's rest."""
    answer = refused(f"anyvcr cannot read this request: {why}", "bad_request")
    return replace(answer, code=code, reason=reason(code))


def bad_gateway(why: str, code: int = 502) -> Answer:
    """The answer where the API, or what stands for it, cannot be reached or understood.

    SDKs try again, as they do where the connection breaks.
    """
    answer = refused(f"anyvcr got no answer from upstream: {why}", "bad_gateway")
    return replace(
        answer,
        code=code,
        reason=reason(code),
        headers=(("Content-Type", "application/json"),),
    )


def over_limit(limit: int) -> str:
    """The sentence on a request whose body is larger than `limit` bytes."""
    return (
        f"the request's body is larger than {limit} bytes, the limit of anyvcr; "
        "set cassette_upload_limit (--upload-limit) to allow it"
    )


def refused(message: str, code: str, status: int = REFUSED) -> Answer:
    """An error in OpenAI's shape that SDKs raise with its message and do not retry.

    openai-python, -node, -go, -java and -ruby obey `x-should-retry` whatever the status is.
    """
    error = {"message": message, "type": "anyvcr_error", "param": None, "code": code}
    body = json.dumps({"error": error}, ensure_ascii=False)
    return Answer(
        code=status,
        reason=_phrase(message),
        headers=(
            ("Content-Type", "application/json"),
            ("X-Should-Retry", "false"),
        ),
        body=utf8.encode(body),
    )


def _phrase(message: str) -> str:
    """The reason in the status line: what HTTP libraries put into the error that they raise."""
    plain = message.encode("ascii", "replace").decode("ascii")
    shown = "".join(char if char.isprintable() else " " for char in plain)
    return f"Not In Cassette: {shown[:_LONGEST_PHRASE].rstrip()}"


def forbidden(message: str, code: str) -> Answer:
    """As `refused`, with the status 403."""
    return replace(refused(message, code), code=403, reason=reason(403))


NO_LOOPBACK = forbidden(NO_LOOPBACK_WORDS, "loopback")
FAILED = refused(
    "anyvcr failed to decide on this request and did not forward it; the reason is in its log",
    "internal_error",
)
