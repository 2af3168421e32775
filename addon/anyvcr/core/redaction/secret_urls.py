"""Secrets in URLs that stand in a text: parameters that sign them, and passwords."""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.patterns import Hit
from anyvcr.core.redaction.placeholder import is_placeholder
from anyvcr.core.redaction.secret_names import SIGNATURES, is_sample

_SIGNED = re.compile(
    rb"(?i)(?:[?&;]|\\u0026|%26|%3f)(?:"
    + "|".join((*SIGNATURES, "key", "token")).encode()
    + rb")(?:=|%3d|\\u003d)([^&\s\"'\\<>#)]{16,})"
)
_SIGNED_STEMS = (b"sig", b"credential", b"policy", b"key", b"token", b"accessid")
_EQUALS = (b"=", b"%3d", b"\\u003d")
_PASSWORD = re.compile(rb"""://[^\s"'\\<>/?#@:]{0,256}:([^\s"'\\<>/?#@]{8,256})@""")


def may_sign(letters: bytes) -> bool:
    """Whether a text, of whose letters in lower case these are all, may have what is found here."""
    return b"@" in letters or any(stem in letters for stem in _SIGNED_STEMS)


def signed(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    """The signing parameters of URLs that stand in a text."""
    if any(sign in lower for sign in _EQUALS) and any(
        stem in lower for stem in _SIGNED_STEMS
    ):
        for short in _SIGNED.finditer(lower):
            match = _SIGNED.match(text, start + short.start())
            if match and not (is_placeholder(match[1]) or is_sample(match[1])):
                yield Hit(match.start(1), match.end(1), "signed-url")


def in_user_info(text: bytes, start: int, end: int) -> Iterator[Hit]:
    """Passwords in URLs, as `postgres://user:password@host`."""
    if text.find(b"@", start, end) >= 0 and text.find(b"://", start, end) >= 0:
        for match in _PASSWORD.finditer(text, start, end):
            password = match[1]
            if not (
                password.isalpha() or is_placeholder(password) or is_sample(password)
            ):
                yield Hit(match.start(1), match.end(1), "url-credentials")
