"""Where API requests really go: to the API, to a stand-in that plays it, or to a gateway."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import Origin


@dataclass(frozen=True, slots=True)
class Upstream:
    """A replacement for the API's own address.

    `HOST:PORT` is only another address, as curl's --connect-to: TLS name, Host header and
    path stay the API's. A URL is a gateway with a name of its own: TLS name and Host header
    are the gateway's, and its path is put before the request's.
    """

    host: str
    port: int
    gateway: Origin | None = None
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "Upstream":
        """Of the option's text; raises ConfigError."""
        if "://" in text:
            origin = Origin.parse(text, "cassette_upstream")
            prefix = urlsplit(text).path.rstrip("/")
            return cls(origin.host, origin.port, origin, prefix)
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            msg = f"cassette_upstream: expected HOST:PORT or a URL, found {text!r}"
            raise ConfigError(msg)
        return cls(host.strip("[]"), int(port))

    @property
    def plain(self) -> bool:
        """Whether the gateway speaks HTTP without TLS."""
        return self.gateway is not None and self.gateway.scheme == "http"
