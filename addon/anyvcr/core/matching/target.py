"""The target of a request: method and URL in normal form."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from anyvcr.core.cassette.model import Request
from anyvcr.core.hosts import DEFAULT_PORTS
from anyvcr.core.matching.body import pairs
from anyvcr.core.matching.rules import Rules

_URL = re.compile(
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
"""RFC 3986, appendix B."""
_TO_NORMALISE = re.compile(r"%[0-9A-Fa-f]{2}|[^!-~]|[\"<>\\^`{|}]")
"""Percent-encoded bytes, and what a path may only hold percent-encoded."""


class Target(NamedTuple):
    """Method and URL in their normal form; `authority` is the host, with any unusual port."""

    method: str
    scheme: str
    authority: str
    path: str
    query: tuple[tuple[str, str], ...]
    """Decoded, sorted."""


def target(request: Request, rules: Rules) -> Target:
    """Method and URL; spellings that RFC 3986 (6.2.2, 6.2.3) calls equivalent are equal."""
    return _target(request.method or "GET", request.url, request.host, rules.query)


@lru_cache(maxsize=1024)
def _target(method: str, url: str, host: str, ignored: frozenset[str]) -> Target:
    match = _URL.fullmatch(url)
    assert match is not None  # the pattern takes any text
    scheme, netloc, path, query = (part or "" for part in match.groups())
    fields = pairs(query.encode("utf-8", "surrogatepass"))
    return Target(
        method=method,
        scheme=scheme.lower(),
        authority=_authority(scheme.lower(), netloc or host),
        path=_TO_NORMALISE.sub(_normal, path) or "/",
        query=tuple(sorted(pair for pair in fields if pair[0] not in ignored)),
    )


def _authority(scheme: str, netloc: str) -> str:
    host, colon, port = netloc.rpartition("@")[2].lower().rpartition(":")
    if not colon or (not port.isdecimal() and port):
        return netloc.rpartition("@")[2].lower()
    is_default = port in ("", str(DEFAULT_PORTS.get(scheme)))
    return host if is_default else f"{host}:{port}"


def _normal(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 1:
        return quote(text.encode("utf-8", "surrogatepass"), safe="")
    char = chr(int(text[1:], 16))
    unreserved = char.isascii() and (char.isalnum() or char in "-._~")
    return char if unreserved else text.upper()
