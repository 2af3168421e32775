"""The plainest request heads of HTTP/1.1, read in one step.

Most calls of an API have a head that a grammar stricter than RFC 9112 takes whole; whatever
is spelt in another way is left to a real parser, as is all that changes how a connection
goes on. Clients repeat their heads to the byte, so most are read once.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

Fields = tuple[tuple[str, str], ...]

CACHED = 8192
"""Bytes of a head that is kept, at most; so many KiB are all that are kept together."""
_HEAD = re.compile(
    rb"(GET|POST|PUT|PATCH|DELETE) (/[!-~]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_FIELD = re.compile(r"([^:\r\n]+): ?([^\r\n]+)")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class PlainHead:
    """The head of a request in origin form."""

    method: str
    target: str
    fields: Fields
    length: int
    """Bytes of the body that follows."""
    closes: bool
    """The client wants the connection closed after the answer."""


def read_head(head: bytes) -> PlainHead | None:
    """The request head that `head` is, from its first byte to its blank line; else None."""
    return _cached(head) if len(head) <= CACHED else _read(head)


def _read(head: bytes) -> PlainHead | None:
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    fields = tuple(_FIELD.findall(match[3].decode("ascii")))
    hosts, lengths, closes = 0, ["0"], False
    for name, value in fields:
        match name.lower():
            case "host":
                hosts += 1
            case "content-length":
                lengths.append(value)
            case "connection":
                match value.lower():
                    case "close":
                        closes = True
                    case "keep-alive":
                        pass
                    case _:
                        return None
            case "transfer-encoding" | "expect" | "upgrade":
                return None
    if hosts != 1 or len(lengths) > 2 or not _LENGTH.fullmatch(lengths[-1]):
        return None
    return PlainHead(
        match[1].decode(), match[2].decode(), fields, int(lengths[-1]), closes
    )


_cached = lru_cache(maxsize=1024)(_read)
