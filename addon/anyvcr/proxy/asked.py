"""A request as it came in, at whichever door, and the cassette that it names."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote

from anyvcr.core.hosts import Origin

Fields = tuple[tuple[str, str], ...]

NAME_HEADER = "X-Anyvcr-Cassette"
_NAME_PATH = "/cassette/"
_OURS = frozenset({NAME_HEADER.lower(), "proxy-authorization", "proxy-connection"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client wants, and by which way."""

    method: str
    origin: Origin
    """The API that it is for."""
    path: str
    """With the query, and with the cassette's name before it at the base URL."""
    fields: Fields
    body: bytes = b""
    at_listener: bool = False
    """It asked the proxy itself, as one does at the base URL."""
    user: str | None = None
    """Of the proxy URL, where a CONNECT said it."""

    @property
    def cassette(self) -> str | None:
        """The name of the cassette: by header, by the base URL's path, by the proxy's user."""
        headers = {name.lower(): value for name, value in self.fields}
        return (
            headers.get(NAME_HEADER.lower())
            or self._parted()[0]
            or proxy_user(headers.get("proxy-authorization", ""))
            or self.user
        )

    @property
    def target(self) -> str:
        """Path and query as the API knows them."""
        return self._parted()[1]

    @property
    def url(self) -> str:
        """As it is recorded."""
        return f"{self.origin}{self.target}"

    @property
    def sent(self) -> Fields:
        """The headers without those that are for the proxy."""
        return tuple(field for field in self.fields if field[0].lower() not in _OURS)

    def _parted(self) -> tuple[str | None, str]:
        """`/cassette/TestChat/v1/models`: the name, in which `%2F` is a slash, and the rest."""
        if not self.at_listener or not self.path.startswith(_NAME_PATH):
            return None, self.path
        name, _, rest = self.path.removeprefix(_NAME_PATH).partition("/")
        return unquote(name), f"/{rest}"


def proxy_user(authorization: str) -> str | None:
    """The user name in a Proxy-Authorization header of the Basic scheme (RFC 7617)."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return unquote(text.partition(":")[0]) or None
