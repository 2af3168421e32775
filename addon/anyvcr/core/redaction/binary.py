"""Secrets in data that is no text: overwritten, so that every offset stays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import find
from anyvcr.core.redaction.placeholder import filler
from anyvcr.core.redaction.user_cuts import matches

if TYPE_CHECKING:
    import regex

_WINDOW = 1 << 20
_OVERLAP = 1 << 16
"""Bytes; no secret is longer."""


def overwritten(
    data: bytes, credentials: Credentials, expressions: Sequence["regex.Pattern[str]"]
) -> bytes:
    """`data` with filler for each credential, each match of `expressions` and each secret.

    The same object where there is none. By windows that overlap, for a large one is not to
    be held several times over.
    """
    if len(data) <= _WINDOW:
        return _window(data, credentials, expressions)
    cleaned = data
    for start in range(0, len(data), _WINDOW - _OVERLAP):
        before = cleaned[start : start + _WINDOW]
        after = _window(before, credentials, expressions)
        if after is not before:
            cleaned = cleaned[:start] + after + cleaned[start + _WINDOW :]
    return cleaned


def _window(
    data: bytes, credentials: Credentials, expressions: Sequence["regex.Pattern[str]"]
) -> bytes:
    cleaned = bytearray(credentials.overwrite(data))
    for start, end in _matched(bytes(cleaned), expressions):
        cleaned[start:end] = filler(end - start)
    for start, end, _ in find(bytes(cleaned)):
        cleaned[start:end] = filler(end - start)
    return data if cleaned == data else bytes(cleaned)


def _matched(
    data: bytes, expressions: Sequence["regex.Pattern[str]"]
) -> list[tuple[int, int]]:
    """Spans, in bytes, of what the user's patterns find."""
    text = data.decode("latin-1") if expressions else ""
    return [span for each in expressions for span in matches(text, each)]
