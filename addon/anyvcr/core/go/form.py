"""The `form` of a recorded request: query and urlencoded body (Go net/http ParseForm)."""

from collections.abc import Iterator
from urllib.parse import unquote_plus, urlsplit

from anyvcr.core import utf8
from anyvcr.core.cassette.model import Headers
from anyvcr.core.media_type import FORM, media_type

_METHODS_WITH_FORM = frozenset({"POST", "PUT", "PATCH"})


def parse(method: str, url: str, content_type: str, body: bytes) -> Headers:
    """The form's values by key, keys sorted, a body's values before the query's.

    Pairs that Go refuses (a semicolon, a broken escape) are left out.
    """
    values: dict[str, list[str]] = {}
    if method in _METHODS_WITH_FORM and media_type(content_type) == FORM:
        _collect(values, utf8.decode(body))
    _collect(values, urlsplit(url).query)
    return tuple((key, tuple(values[key])) for key in sorted(values))


def _collect(values: dict[str, list[str]], query: str) -> None:
    for key, value in _pairs(query):
        values.setdefault(key, []).append(value)


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        if not pair or ";" in pair or not _escapes_are_whole(pair):
            continue
        key, _, value = pair.partition("=")
        yield _unescape(key), _unescape(value)


def _unescape(text: str) -> str:
    return unquote_plus(text, errors="surrogateescape")


def _escapes_are_whole(text: str) -> bool:
    return all(
        len(part) >= 2 and all(c in "0123456789abcdefABCDEF" for c in part[:2])
        for part in text.split("%")[1:]
    )
