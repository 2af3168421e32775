"""A cheap hash of a request body: matching requests have equal hashes.

Of a JSON body it stands for its names and texts, without what a spelling may change: order,
spacing, numbers, and all but ASCII letters and digits, which may or may not be escaped.
Different requests may collide. It costs a fraction of parsing the body.
"""

import re

from anyvcr.core.matching.body import Json, read
from anyvcr.core.matching.rules import Rules
from anyvcr.core.media_type import FORM, media_type

ANY = 0
"""The hash of every body that can only be compared by parsing it."""
_KEPT = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DROPPED = bytes(set(range(256)) - set(_KEPT) - set(b'"'))
_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)


def coarse_hash(body: bytes, content_type: str, rules: Rules) -> int:
    """A cheap hash: matching requests have equal hashes; different requests may collide."""
    if rules.leaves_out:
        return ANY  # what is left out would have to be found first
    # Not by the type alone: malformed bodies of two types may be the same bytes.
    if body.lstrip()[:1] not in (b"{", b"["):
        return ANY
    if media_type(content_type) == FORM and not isinstance(
        read(body, content_type), Json
    ):
        return ANY
    if b"\\" in body:
        body = _ESCAPE.sub(_kept if b"\\u00" in body else b"", body)
    return hash(frozenset(body.translate(None, _DROPPED).split(b'"')[1::2]))


def _kept(match: re.Match[bytes]) -> bytes:
    code = int(match[1] or b"0", 16)
    return bytes([code]) if chr(code).isascii() and chr(code).isalnum() else b""
