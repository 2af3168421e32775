"""What the stand-in says: an answer as values, with its pace, its framing and its faults."""

import http
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from anyvcr.core.cassette.model import Headers, Interaction, Response, header

from standin.encoding import Encoding, encoder
from standin.request import Pairs

_FRAMING_HEADERS = frozenset(
    # Set anew for each connection; a cassette's body is stored decoded.
    {
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
    }
)
_EVENT = re.compile(rb".*?\r?\n\r?\n|.+", re.DOTALL)


class Framing(StrEnum):
    """How HTTP/1.1 says where the body ends; HTTP/2 only tells whether there is a Content-Length."""

    CONTENT_LENGTH = "content-length"
    CHUNKED = "chunked"
    CLOSE = "close"


class BreakOff(StrEnum):
    """How an answer goes wrong after `Answer.break_after` chunks."""

    CLOSE = "close"
    """The connection is closed in order, but the message is not ended."""
    RESET = "reset"
    """HTTP/1.1: TCP RST. HTTP/2: RST_STREAM with INTERNAL_ERROR."""
    SHORT = "short"
    """Content-Length announced more than comes; then the end (HTTP/1.1: the connection's)."""
    STALL = "stall"
    """Nothing more comes, until the client leaves."""
    UNANSWERED = "unanswered"
    """The connection is closed in order, and no byte of an answer was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Bytes written at once; in HTTP/1.1 a chunk, in HTTP/2 DATA frames as flow control allows."""

    data: bytes
    delay: float = 0.0
    """Seconds from the chunk before it, or from the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response. Its headers are sent as they stand, with those of the framing added."""

    status: int = 200
    reason: str = ""
    """Empty: the standard one. HTTP/2 has none."""
    headers: Pairs = ()
    chunks: tuple[Chunk, ...] = ()
    first_delay: float = 0.0
    """Seconds from the end of the request to the head."""
    interim: tuple[int, ...] | None = None
    """Statuses of 1xx responses before the head (not over HTTP/1.0). None: as the manners are."""
    end_delay: float | None = None
    """Seconds from the last chunk to the end of the message, where that has to be sent: not
    where a Content-Length has told it. None: as the manners are."""
    closes: bool | None = None
    """Whether the connection, idle after this, is closed unannounced. None: as the manners are."""
    framing: Framing = Framing.CONTENT_LENGTH
    trailers: Pairs = ()
    """HTTP/1.1 sends them with chunked framing only."""
    encoding: Encoding | None = None
    """The chunks hold plain bytes; they are encoded on the way, each flushed."""
    break_off: BreakOff | None = None
    break_after: int = 0
    """Chunks that are sent before `break_off`."""

    @classmethod
    def of(cls, body: bytes, content_type: str, *, status: int = 200) -> "Answer":
        """A body in one piece, with its length."""
        chunks = (Chunk(data=body),) if body else ()
        return cls(
            status=status, headers=(("Content-Type", content_type),), chunks=chunks
        )

    @classmethod
    def error(cls, status: int, message: str = "", *, headers: Pairs = ()) -> "Answer":
        """An error in the API's shape."""
        error = {
            "message": message or f"stand-in: {status} {phrase(status)}",
            "type": "server_error" if status >= 500 else "invalid_request_error",
            "param": None,
            "code": None,
        }
        return cls(
            status=status,
            headers=(("Content-Type", "application/json"), *headers),
            chunks=(Chunk(data=json.dumps({"error": error}, indent=2).encode()),),
        )

    @classmethod
    def events(cls, body: bytes, *, gap: float = 0.0) -> "Answer":
        """A server-sent event stream, one chunk an event, `gap` seconds between them."""
        return cls(
            headers=(("Content-Type", "text/event-stream; charset=utf-8"),),
            chunks=_event_chunks(body, gap),
            framing=Framing.CHUNKED,
        )

    @classmethod
    def from_interaction(
        cls, interaction: Interaction, *, gap: float = 0.0
    ) -> "Answer":
        """What was recorded; events are sent one by one, `gap` seconds between them."""
        response = interaction.response
        return cls(
            status=response.code,
            reason=response.status.partition(" ")[2],
            headers=tuple(
                pair
                for pair in _pairs(response.headers)
                if pair[0].lower() not in _FRAMING_HEADERS
            ),
            chunks=_recorded_chunks(response, gap),
            framing=Framing.CONTENT_LENGTH
            if response.content_length >= 0 and not response.transfer_encoding
            else Framing.CHUNKED,
            trailers=_pairs(response.trailer),
        )

    @property
    def has_body(self) -> bool:
        """False where HTTP allows none, whatever the chunks (RFC 9110, 6.4.1)."""
        return self.status not in (204, 304)

    @property
    def is_empty(self) -> bool:
        """The head says all there is."""
        return not self.has_body or self.length == 0

    @property
    def length(self) -> int | None:
        """The Content-Length to announce, None for a body without."""
        if not self.has_body:
            return None
        if self.break_off is BreakOff.SHORT:
            return sum(len(chunk.data) for chunk in self.wire_chunks()) + 1
        if self.framing is not Framing.CONTENT_LENGTH:
            return None
        return sum(len(chunk.data) for chunk in self.wire_chunks())

    @property
    def ends_late(self) -> bool:
        """The end of the message is to be sent some time after the last chunk."""
        is_sized = self.framing is Framing.CONTENT_LENGTH or not self.has_body
        return bool(self.end_delay) and not is_sized and self.break_off is None

    def wire_chunks(self) -> Iterator[Chunk]:
        """The chunks as they travel: encoded one by one, the last with the encoder's end.

        That last one is a chunk of its own, without text, where the end is late.
        """
        chunks = self.chunks
        if self.ends_late:
            chunks = (*chunks, Chunk(data=b"", delay=self.end_delay or 0.0))
        if self.encoding is None:
            yield from chunks
            return
        encode = encoder(self.encoding)
        for chunk, following in pairwise((*chunks, None)):
            assert chunk is not None
            data = encode(chunk.data, following is None)
            yield Chunk(data=data, delay=chunk.delay)


def split_events(body: bytes) -> tuple[bytes, ...]:
    """The body cut after each blank line; what follows the last one is a piece, too."""
    return tuple(_EVENT.findall(body))


def phrase(status: int) -> str:
    """The standard reason phrase, empty where there is none."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _recorded_chunks(response: Response, gap: float) -> tuple[Chunk, ...]:
    if header(response.headers, "Content-Type").startswith("text/event-stream"):
        return _event_chunks(response.body, gap)
    return (Chunk(data=response.body),) if response.body else ()


def _event_chunks(body: bytes, gap: float) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(data=event, delay=gap if number else 0.0)
        for number, event in enumerate(split_events(body))
    )


def _pairs(headers: Headers) -> Pairs:
    return tuple((name, value) for name, values in headers for value in values)
