"""Names that make a secret of what stands beside them.

A password looks like nothing; `"password": "…"` tells it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from anyvcr.core.redaction.patterns import Hit, entropy, is_placeholder

_FIELD_ENDS = tuple(
    (word, re.compile(word + rb"""(?=\\*["']?[ \t]{0,2}[:=])"""))
    for word in (
        *(b"key", b"secret", b"token", b"authorization", b"cookie"),
        *(b"password", b"passwd", b"passphrase"),
    )
)
_FIELD = re.compile(
    r"(?:^|[_.-])"
    r"(?:(?:api|access|account|private|secret|signing|subscription|encryption|functions|openai|azure)[_-]?key"
    r"|(?:(?:client|signing|webhook|shared|app)[_-]?)?secret"
    r"|secret[_-]access[_-]key"
    r"|(?:access|refresh|id|auth|bearer|session|security|api|oauth)[_-]?token"
    r"|(?:proxy-)?authorization|(?:set-)?cookie|password|passwd|passphrase)$"
)
"""Names of fields, variables and parameters whose value is a secret whatever it looks like."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASSIGNED = re.compile(
    rb"""(\\*["'])?\s{0,9}(?:=>|[:=])\s{0,9}(\\*["'])?(?:(?i:bearer|basic|token|apikey)(?:\s|%20)+)?"""
    rb"""((?:[^\s"'\\<>{}()$,;&]|\\+/|\\+u00[2-7][0-9A-Fa-f])*+)"""
)
_TOKEN = re.compile(rb"[\w.~+/=%-]{20,}")
_NO_SECRET = re.compile(
    rb"(?i)(?:^|[^0-9A-Za-z])(?:your|redacted|scrubbed|filtered|masked|removed|hidden|omitted|x{4,})(?![0-9a-z])"
    rb"|\*{3}|\.{3}|[_-](?:abc)?123$|\$\{?[A-Za-z_]+\}?$|^<[^<>]*>$|\{\{[^{}]*\}\}"
)


def is_sample(value: bytes) -> bool:
    """Whether `value` is a documentation's, a variable, or what a tool put for a secret."""
    return _NO_SECRET.search(value) is not None


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a field, variable or parameter of this name holds a secret."""
    return _FIELD.search(_CAMEL.sub("_", name).lower()) is not None


def may_name(letters: bytes) -> bool:
    """Whether a text, of whose letters in lower case these are all, may have what is found here."""
    return b"@" in letters or any(
        word in letters for word in (*(word for word, _ in _FIELD_ENDS), *_SIGNED_STEMS)
    )


def named(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    """Values beside a telling name: `"api_key": "…"`, `AZURE_OPENAI_API_KEY=…`, `Authorization: Bearer …`."""
    for word, pattern in _FIELD_ENDS:
        if word in lower:
            for match in pattern.finditer(lower):
                hit = _assigned(text, start + match.start(), start + match.end())
                if hit is not None:
                    yield hit


_NAME = re.compile(rb"[\w.-]{0,60}\Z")


def _assigned(text: bytes, at: int, after: int) -> Hit | None:
    match = _ASSIGNED.match(text, after)
    if match is None:
        return None
    name = _NAME.search(text, max(0, at - 60), after)
    if name is None or not is_secret_name(name[0].decode("ascii", "replace")):
        return None
    value, quoted = match[3], match[1] is not None and match[1] == match[2]
    if len(value) < 8 or is_placeholder(value) or is_sample(value):
        return None
    if match[1] and not match[2]:
        return None  # a number, or the like, of JSON
    if quoted and text.startswith(match[2], match.end()):
        return Hit(match.start(3), match.end(), "named-secret")
    token = _TOKEN.match(value)
    if token is None or entropy(token[0]) < 3 or token[0].isalpha():
        return None
    return Hit(match.start(3), match.start(3) + token.end(), "named-secret")


_SIGNATURES = (
    *("sig", "signature", "policy", "googleaccessid", "awsaccesskeyid", "key-pair-id"),
    *("x-amz-signature", "x-amz-credential", "x-amz-security-token"),
    *("x-goog-signature", "x-goog-credential"),
)
_SIGNED = re.compile(
    rb"(?i)(?:[?&;]|\\u0026|%26|%3f)(?:"
    + "|".join((*_SIGNATURES, "key", "token")).encode()
    + rb")(?:=|%3d|\\u003d)([^&\s\"'\\<>#)]{16,})"
)


_SIGNED_STEMS = (
    b"sig",
    b"credential",
    b"policy",
    b"key",
    b"token",
    b"accessid",
)
_EQUALS = (b"=", b"%3d", b"\\u003d")


def signed(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    """The signing parameters of URLs that stand in a text."""
    if any(sign in lower for sign in _EQUALS) and any(
        stem in lower for stem in _SIGNED_STEMS
    ):
        for short in _SIGNED.finditer(lower):
            match = _SIGNED.match(text, start + short.start())
            if match and not (is_placeholder(match[1]) or is_sample(match[1])):
                yield Hit(match.start(1), match.end(1), "signed-url")


_PASSWORD = re.compile(rb"""://[^\s"'\\<>/?#@:]{0,256}:([^\s"'\\<>/?#@]{8,256})@""")


def in_user_info(text: bytes, start: int, end: int) -> Iterator[Hit]:
    """Passwords in URLs, as `postgres://user:password@host`."""
    if text.find(b"@", start, end) >= 0 and text.find(b"://", start, end) >= 0:
        for match in _PASSWORD.finditer(text, start, end):
            password = match[1]
            if not (
                password.isalpha() or is_placeholder(password) or is_sample(password)
            ):
                yield Hit(match.start(1), match.end(1), "url-credentials")


_QUERY_NAMES = frozenset((*_SIGNATURES, "key", "token", "auth", "jwt", "pwd", "hmac"))
_SAS_NAMES = frozenset(("se", "st", "ske", "skt", "skoid", "sktid"))
"""Azure's signed URLs: who signed and until when, of no use beside a signature that is gone."""


def is_secret_parameter(name: str, *, signed: bool = False) -> bool:
    """Whether a URL's or form's parameter `name` is a secret; `signed`: beside a `sig`."""
    lower = name.lower()
    return (
        lower in _QUERY_NAMES
        or (signed and lower in _SAS_NAMES)
        or is_secret_name(name)
    )


_HEADER_NAMES = frozenset(
    ("openai-organization", "openai-project", "chatgpt-account-id")
)
_HEADER = re.compile(r"(?:^|-)(?:token|secret|signature|password|api-?key)$")


@lru_cache(maxsize=1024)
def is_secret_header(name: str) -> bool:
    """Whether all of this header's value is a secret."""
    lower = name.lower()
    return (
        lower in _HEADER_NAMES
        or _HEADER.search(lower) is not None
        or is_secret_name(lower)
    )
