"""Any request of HTTP/1.1 and 1.0, read by h11, from its first byte to the end of its body.

One parser reads one request. What it can read is all of RFC 9112 and what clients make of
it: chunks, lines that end in LF alone, folded headers, `Expect`.
"""

import h11

from anyvcr.core import utf8
from anyvcr.core.client_request import Fields

MAX_HEAD = 1 << 20
"""Bytes of a request's line and headers; h11's own limit of 16 kB is short of long URLs."""


class RequestParser:
    """Reads one request; every method raises h11.RemoteProtocolError for what is none."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of a body; a larger one is read, but not kept."""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._limit = limit
        self._size = 0
        self._parts: list[bytes] = []
        self._may_wait = True
        self.raw = b""
        """All bytes that came until the head was whole."""
        self.head: h11.Request | None = None
        self.is_whole = False
        self.is_too_large = False

    def receive(self, data: bytes) -> None:
        """Take what the client sent; b"" once it sends no more."""
        if self.head is None:
            self.raw += data
        self._http.receive_data(data)

    def read_head(self) -> h11.Request | None:
        """The request's line and headers, once they are whole."""
        if self.head is None and isinstance(
            event := self._http.next_event(), h11.Request
        ):
            self.head = event
            announced = int(dict(event.headers).get(b"content-length", b"0"))
            self.is_too_large = announced > self._limit
        return self.head

    def read_body(self) -> None:
        """Take in what is here of the body, up to its end."""
        while not self.is_whole:
            match self._http.next_event():
                case h11.Data(data=data):
                    self._keep(bytes(data))
                case h11.EndOfMessage():
                    self.is_whole = True
                case _:
                    return

    def is_waiting(self) -> bool:
        """Whether the client waits for leave to send its body (`Expect`); true once."""
        waits = self._may_wait and self._http.they_are_waiting_for_100_continue
        self._may_wait = self._may_wait and not waits
        return waits

    @property
    def body(self) -> bytes:
        """What was kept of the body."""
        return b"".join(self._parts)

    @property
    def rest(self) -> bytes:
        """What came after the request."""
        return bytes(self._http.trailing_data[0])

    @property
    def is_last(self) -> bool:
        """Whether the connection ends after the answer (RFC 9112, section 9.3)."""
        assert self.head is not None
        said = ",".join(
            value.decode("latin-1").lower()
            for name, value in self.head.headers
            if name == b"connection"
        )
        return not self.reads_chunks or "close" in map(str.strip, said.split(","))

    @property
    def reads_chunks(self) -> bool:
        """Whether the client knows chunked bodies, which HTTP/1.0 does not."""
        assert self.head is not None
        return self.head.http_version >= b"1.1"

    @property
    def fields(self) -> Fields:
        """The headers, as the client spelled them."""
        assert self.head is not None
        return tuple(
            (name.decode("ascii"), utf8.decode(value))
            for name, value in self.head.headers.raw_items()
        )

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self.is_too_large or self._size > self._limit:
            self.is_too_large = True
            self._parts.clear()
        else:
            self._parts.append(data)
