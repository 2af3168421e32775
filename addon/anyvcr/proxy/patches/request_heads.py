"""Heads of requests that mitmproxy waits for in vain."""

from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http import _http1


def skip_empty_lines() -> None:
    """Ignore empty lines before a request (RFC 9112, section 2.2), at which mitmproxy stalls."""
    read = getattr(_http1.Http1Server, "read_headers", None)
    if read is None or hasattr(read, "anyvcr"):
        return  # the latter: a script may be loaded again

    def read_headers(
        self: _http1.Http1Server, event: events.ConnectionEvent
    ) -> layer.CommandGenerator[None]:
        begun = bytes(self.buf)
        if empty := len(begun) - len(begun.lstrip(b"\r\n")):
            self.buf.maybe_extract_at_most(empty)
        yield from read(self, event)

    read_headers.anyvcr = True  # type: ignore[attr-defined]
    _http1.Http1Server.read_headers = read_headers  # type: ignore[method-assign]
