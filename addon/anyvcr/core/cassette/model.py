"""The cassette and what it holds, named and shaped as go-vcr's structs (cassette.go).

Values only: what was played already is the session's business (session.py), how they
look in a file is codec.py's. A Go string is any bytes: `body` is bytes, and every other
text is a str in which bytes that are not UTF-8 stand as surrogate escapes (PEP 383).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

from anyvcr.core.cassette.style import Style

T = TypeVar("T")

Headers = tuple[tuple[str, tuple[str, ...]], ...]
"""Go's http.Header or url.Values: each name once, in file order, with all its values."""

Extra = tuple[tuple[str, object], ...]
"""Keys that go-vcr does not know, with their values, kept through a rewrite."""
_TOKEN = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


@dataclass(frozen=True, slots=True)
class Later(Generic[T]):
    """In place of a field's value: how to get it, each time that it is asked for."""

    get: Callable[[], T]


def _may_come_later(*names: str) -> Callable[[type[T]], type[T]]:
    """Let the named fields of a dataclass with slots hold a Later, whose value is read from them."""

    def changed(cls: type[T]) -> type[T]:
        for name in names:
            setattr(cls, name, _resolved(cls.__dict__[name]))
        return cls

    return changed


def _resolved(slot: Any) -> property:
    def read(holder: object) -> object:
        value = slot.__get__(holder)
        return value.get() if type(value) is Later else value

    return property(read, slot.__set__)


@_may_come_later("body")
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the client made it (go-vcr cassette.go, type Request)."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    proto: str = "HTTP/1.1"
    proto_major: int = 1
    proto_minor: int = 1
    content_length: int = 0
    """Bytes; 0 without a body and where the length was not known beforehand."""
    transfer_encoding: tuple[str, ...] = ()
    trailer: Headers = ()
    host: str = ""
    """Empty where it says no more than the URL."""
    remote_addr: str = ""
    request_uri: str = ""
    form: Headers = ()
    """Query and urlencoded body, as Go's ParseForm merges them: body values first."""
    extra: Extra = ()


@_may_come_later("body")
@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The answer (go-vcr cassette.go, type Response); `body` is decoded from any Content-Encoding."""

    code: int
    status: str
    """Code and reason, as Go's Response.Status: `200 OK`."""
    headers: Headers = ()
    body: bytes = b""
    proto: str = "HTTP/1.1"
    proto_major: int = 1
    proto_minor: int = 1
    transfer_encoding: tuple[str, ...] = ()
    trailer: Headers = ()
    content_length: int = -1
    """Bytes on the wire; -1 for a stream and for a body that was decoded."""
    uncompressed: bool = False
    """Go's http.Transport had asked for gzip and decoded it."""
    duration: int = 0
    """Nanoseconds from the request being sent until the response's headers."""
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One request and its response."""

    id: int
    request: Request
    response: Response
    extra: Extra = ()


@_may_come_later("style")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """The content of one file of cassette format 2."""

    interactions: tuple[Interaction, ...] = ()
    style: Style = Style.X_VCR
    extra: Extra = ()
    source: "Source | None" = field(default=None, compare=False, repr=False)
    """The file it was read from, whose bytes it keeps where it is written again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what was read from it."""

    data: bytes
    cassette: Cassette


def header(headers: Headers, name: str, default: str = "") -> str:
    """The first value under `name`, whatever its case."""
    wanted = name.lower()
    for key, values in headers:
        if key.lower() == wanted and values:
            return values[0]
    return default


def group_headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Name-value pairs as Go's http.Header writes them: canonical names, sorted, repeats together."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(canonical_header_name(name), []).append(value)
    return tuple((name, tuple(grouped[name])) for name in sorted(grouped))


@lru_cache(maxsize=1024)
def canonical_header_name(name: str) -> str:
    """`content-type` as `Content-Type` (Go textproto.CanonicalMIMEHeaderKey).

    A name that is no RFC 9110 token stays as it is, as in Go.
    """
    if not name or not all(c in _TOKEN for c in name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))
