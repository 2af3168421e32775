"""One exchange on its way: what is known of it, what of it is stored, and why it ended."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from mitmproxy import http

from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.client_request import REQUEST_HEADERS
from anyvcr.proxy.recording.capture import RESPONSE_HEADERS
from anyvcr.proxy.recording.tap import Stopwatch, Tap

AWAITED = "the client left before the end, and the rest was awaited"
STOPPED = "the proxy was stopped before its answer was whole"
CLOSED = "its cassette was closed before its answer was whole"
LEFT = "the client left before the answer began"
LEFT_FOR_GOOD = (
    "the client left, and the rest of the answer took too long or was too much"
)
UNASKED = "the client stopped sending its request"
BROKEN = "the API broke off"
TOO_LARGE = "the request is larger than cassette_upload_limit"
PROTOCOL = "it changed to a protocol that is not recorded: neither HTTP nor WebSocket"
NO_STATUS = "its status code is none that an answer can have: 200 to 999"
FOREIGN = "another addon of mitmproxy answered in place of the API"
UNSEEN = "another addon of mitmproxy kept the answer from us"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParts:
    """What of an exchange is stored."""

    request_headers: frozenset[str] = REQUEST_HEADERS
    response_headers: frozenset[str] = RESPONSE_HEADERS
    timing: bool = False
    partial: bool = False
    """Answers that broke off, too."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request for the API, and what has come of its answer."""

    flow: http.HTTPFlow
    deck: Deck
    name: str
    """Method and URL, for messages."""
    request: Callable[[], Request]
    """As it is recorded: put together when the answer is here, and not while it is awaited."""
    upload: Tap | None = None
    """The request's body, where it passes on as it comes."""
    is_asked: bool = True
    """The request is complete."""
    watch: Stopwatch = field(default_factory=Stopwatch)
    tap: Tap | None = None
    is_answered: bool = False
    """The answer's message has ended."""
    stored: Interaction | None = None
    stored_sizes: tuple[int, int] = (0, 0)
    """Bytes of the request and of the answer that had come when it was stored."""
    stored_request: Request | None = None
    stored_response: Response | None = None
    is_dropped: bool = False
    broken_by_client: bool | None = None
    overtaken_by: int | None = None
    """The id of what was stored first of later requests, before the answer to this one."""
    left_at: float | None = None
    """When the client left, of time.monotonic()."""
    left_size: int = 0
    """Bytes of the answer that had come by then."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_left(self) -> bool:
        """Whether the client left, having asked, before anything came."""
        return bool(self.broken_by_client and self.is_asked and not self.flow.response)

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the request and of the answer that have come."""
        return (
            self.upload.size if self.upload else 0,
            self.tap.size if self.tap else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """An exchange that has become a WebSocket."""

    deck: Deck
    name: str
    """Method and URL, for messages."""
    request: Callable[[], Request]
    """The upgrade, as it is recorded."""
    duration: int
    """Nanoseconds from the upgrade being sent until its answer."""


def reason(exchange: Exchange) -> str:
    """Why an exchange was interrupted, in words."""
    flow = exchange.flow
    if exchange.broken_by_client:
        if exchange.left_at is not None:
            return LEFT_FOR_GOOD
        return LEFT if exchange.is_asked else UNASKED
    if exchange.tap is not None or flow.response is not None:
        return BROKEN
    # mitmproxy says "by client" of either side's resets.
    message = flow.error.msg.replace("by client", "by the API") if flow.error else ""
    return f"no answer came: {message}"
