"""Trailers of chunked answers, at which mitmproxy's HTTP/1 fails."""

import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http import _http1


def lift_trailers() -> None:
    """Let chunked answers end with trailers, at which mitmproxy's HTTP/1 fails and stalls.

    They become the response's trailers, as in HTTP/2.
    """
    original = getattr(_http1.Http1Connection, "read_body", None)
    if original is None or hasattr(original, "anyvcr"):
        return

    def read_body(
        self: _http1.Http1Connection, event: events.Event
    ) -> layer.CommandGenerator[None]:
        if not isinstance(self.body_reader, _TrailerReader):
            is_client = isinstance(self, _http1.Http1Client)
            response = self.response if is_client else None
            self.body_reader = _TrailerReader(self.body_reader, response)  # type: ignore[assignment]  # called in the same way
        yield from original(self, event)

    read_body.anyvcr = True  # type: ignore[attr-defined]  # a script may be loaded again
    _http1.Http1Connection.read_body = read_body  # type: ignore[method-assign]


class _TrailerReader:
    """A body reader that keeps the trailers to itself."""

    def __init__(
        self, reader: _http1.TBodyReader, response: http.Response | None
    ) -> None:
        self._reader = reader
        self._response = response

    def __call__(self, buffer: ReceiveBuffer) -> h11.Event | None:
        event = self._reader(buffer)
        # Asked of every chunk, and most are data.
        return event if type(event) is h11.Data else self._without_trailers(event)

    def read_eof(self) -> h11.Event | None:
        return self._without_trailers(self._reader.read_eof())

    def _without_trailers(self, event: h11.Event | None) -> h11.Event | None:
        if not isinstance(event, h11.EndOfMessage) or not event.headers:
            return event
        if self._response is not None:
            self._response.trailers = http.Headers(event.headers.raw_items())
        return h11.EndOfMessage()
