"""A client's request: as it came in, at whichever door, and as go-vcr would have recorded it.

go-vcr sits inside the client and sees Go's http.Request; we see the wire. Go's requests say
HTTP/1.1 whatever is negotiated later, and headers that its transport adds below go-vcr are
not the program's.
"""

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from anyvcr.core import content_coding
from anyvcr.core.cassette.model import (
    Headers,
    Request,
    canonical_header_name,
    group_headers,
)
from anyvcr.core.content_coding import DecodingError
from anyvcr.core.go import form
from anyvcr.core.hosts import Origin

logger = logging.getLogger(__name__)

Fields = tuple[tuple[str, str], ...]

REQUEST_HEADERS = frozenset({"Accept", "Content-Type", "User-Agent"})
"""What x/vcr keeps (hooks.go, headersToKeep); all others may hold secrets."""
NAME_HEADER = "X-Anyvcr-Cassette"
_NAME_PATH = "/cassette/"
_OURS = frozenset({NAME_HEADER.lower(), "proxy-authorization", "proxy-connection"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A client's request and the door that it came in by; what follows from them is worked out once."""

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
    is_local: bool = False
    """Its client connected from this machine's loopback."""

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The last value of each header, by its name in lower case."""
        return _by_name(self.fields)

    @property
    def cassette(self) -> str | None:
        """The name of the cassette: by header, by the base URL's path, by the proxy's user."""
        return (
            self.headers.get(NAME_HEADER.lower())
            or self._parted[0]
            or proxy_user(self.headers.get("proxy-authorization", ""))
            or self.user
        )

    @property
    def target(self) -> str:
        """Path and query as the API knows them."""
        return self._parted[1]

    @cached_property
    def url(self) -> str:
        """The URL as it is recorded."""
        return f"{self.origin}{self.target}"

    @property
    def ours(self) -> frozenset[str]:
        """Names, in lower case, of the headers that are for the proxy."""
        return _OURS.intersection(self.headers)

    @property
    def sent(self) -> Fields:
        """The headers without those that are for the proxy."""
        if not (dropped := self.ours):
            return self.fields
        return tuple(field for field in self.fields if field[0].lower() not in dropped)

    @cached_property
    def _parted(self) -> tuple[str | None, str]:
        """`/cassette/TestChat/v1/models`: the name, in which `%2F` is a slash, and the rest."""
        if not self.at_listener or not self.path.startswith(_NAME_PATH):
            return None, self.path
        name, _, rest = self.path.removeprefix(_NAME_PATH).partition("/")
        return unquote(name), f"/{rest}"


def proxy_user(authorization: str) -> str | None:
    """The user name in a Proxy-Authorization header of the Basic scheme (RFC 7617)."""
    if not authorization:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    # The name may hold colons, as pytest's do; the password that we print does not.
    return text.rpartition(":")[0] or None


def recorded_request(
    method: str,
    url: str,
    headers: Fields,
    body: bytes,
    keep: frozenset[str],
) -> Request:
    """The request as the client made it, with the headers in `keep` only.

    Its method is in upper case, as mitmproxy and most servers read it.
    Its body is decoded from any Content-Encoding, like an answer's: two compressions of a
    body are the same body, and what is in it can be compared and redacted.
    """
    method = method.upper()
    said = _recorded_head(headers, keep)
    length = said.length
    if said.coding:
        decoded = _decoded(f"{method} {url}", body, said.coding)
        if decoded is None:
            # Without it the body says nothing.
            said = _recorded_head(headers, keep | {"Content-Encoding"})
        else:
            said = _recorded_head(headers, keep - {"Content-Encoding"})
            length = len(decoded) if length else 0
            body = decoded
    return Request(
        method=method,
        url=url,
        headers=said.headers,
        body=body,
        content_length=length,
        form=form.parse(method, url, said.content_type, body),
    )


class _RecordedHead(NamedTuple):
    headers: Headers
    length: int
    content_type: str
    coding: str
    """Content-Encoding; empty where there is none."""


# Clients repeat their heads, call after call.


@lru_cache(maxsize=256)
def _by_name(fields: Fields) -> Mapping[str, str]:
    return MappingProxyType({name.lower(): value for name, value in fields})


@lru_cache(maxsize=256)
def _recorded_head(headers: Fields, keep: frozenset[str]) -> _RecordedHead:
    fields = tuple((canonical_header_name(name), value) for name, value in headers)
    values = dict(reversed(fields))
    coding = ", ".join(v for name, v in fields if name == "Content-Encoding")
    kept = (
        (name, value)
        for name, value in fields
        # Go's transport adds its agent below go-vcr, which never sees it.
        if name in keep and not value.startswith("Go-http-client/")
    )
    return _RecordedHead(
        group_headers(kept),
        _request_length(values.get("Content-Length", "")),
        values.get("Content-Type", ""),
        coding if content_coding.codings(coding) else "",
    )


def _decoded(name: str, body: bytes, coding: str) -> bytes | None:
    """The decoded body, None where it is not what its coding says."""
    try:
        return content_coding.decode([body], coding).body
    except DecodingError as error:
        logger.warning("%s: a request that is not decoded: it %s", name, error)
        return None


def _request_length(announced: str) -> int:
    # Go's http.NewRequest leaves 0 where it cannot tell the length, too.
    return int(announced) if announced.isdecimal() else 0
