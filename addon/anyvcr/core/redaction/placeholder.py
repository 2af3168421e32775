"""What stands for a secret: the same word for everybody's, so that another key still matches."""

import re
from dataclasses import replace

from anyvcr.core import utf8
from anyvcr.core.cassette.model import Request

PLACEHOLDER = b"REDACTED"
"""Stands for every secret, whoever's: letters only, so safe in JSON, URLs, XML and headers."""

_KEPT_PREFIXES = (b"ek_", b"org-", b"proj_", b"sess-")
"""Programs look at these before they use a value they were given; the placeholder keeps them."""
_NUMBERED = re.compile(rb"REDACTED-[1-9][0-9]{0,5}(?![0-9A-Za-z_-])")


def placeholder(secret: bytes) -> bytes:
    """What stands for `secret`; the same for everybody's secret of that kind."""
    for prefix in _KEPT_PREFIXES:
        if secret.startswith(prefix):
            return prefix + PLACEHOLDER
    return PLACEHOLDER


def is_placeholder(value: bytes) -> bool:
    """Whether `value` is what `placeholder` gives, or that with a number."""
    return placeholder(value) == without_numbers(value)


def without_numbers(text: bytes) -> bytes:
    """`text` with placeholders as they are where requests are compared."""
    return _NUMBERED.sub(PLACEHOLDER, text) if b"REDACTED-" in text else text


def numbered(request: Request, number: int) -> Request:
    """`request`, its placeholders with a number that tells it from others that differ by a secret."""
    word = PLACEHOLDER.decode()
    body = request.body.replace(PLACEHOLDER, b"%s-%d" % (PLACEHOLDER, number))
    length = request.content_length
    if length == len(request.body):
        length = len(body)
    url, uri = (
        text.replace(word, f"{word}-{number}")
        for text in (request.url, request.request_uri)
    )
    return replace(request, body=body, url=url, request_uri=uri, content_length=length)


def comparable(request: Request) -> Request:
    """A redacted `request` as it is compared: the numbers that `numbered` gave do not count."""
    body = without_numbers(request.body)
    url = utf8.encode(request.url)
    if body is request.body and without_numbers(url) is url:
        return request
    return replace(
        request,
        body=body,
        url=utf8.decode(without_numbers(url)),
    )


def filler(size: int) -> bytes:
    """`size` bytes of placeholder, for a secret whose length must stay."""
    return (PLACEHOLDER * (1 + size // len(PLACEHOLDER)))[:size]
