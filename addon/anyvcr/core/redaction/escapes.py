"""Escaped characters, of JSON, URLs and XML: undone to look, and written as patterns."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from anyvcr.core import utf8

_JSON_ASCII = re.compile(rb"\\+u(00[0-7][0-9A-Fa-f])")
_JSON_ANY = re.compile(rb"\\+u([0-9A-Fa-f]{4})(?:\\+u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?")
_XML_ESCAPE = re.compile(rb"&#(?:([0-9]{1,6})|[xX]([0-9A-Fa-f]{1,5}));")
_XML_NAMES = ((b"&amp;", b"&"), (b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'))
_XML_STARTS = (b"&#", *(name for name, _ in _XML_NAMES))
DEPTH = 3
"""Escapes within escapes that are undone: JSON in a URL in JSON."""
_BACKSLASHES = r"(?:\\|%(?:25){0,8}5[cC]){1,16}"
"""Bounded: JSON in JSON in JSON has seven, and a megabyte of backslashes is to cost no more."""
_PERCENT = "%(?:25){0,8}"


def has_escape(text: bytes, *, any_backslash: bool) -> bool:
    """Whether `unescape` may make something else of `text`.

    Not every backslash counts, as JSON has many: only those of an ASCII letter or digit
    that needs none, unless `any_backslash`.
    """
    if b"%" in text:
        return True
    if b"\\" in text and (any_backslash or b"\\u00" in text or b"\\/" in text):
        return True
    return b"&" in text and any(name in text for name in _XML_STARTS)


def unescape(text: bytes, *, only_ascii: bool) -> bytes:
    """`text` with one level of its escapes undone, and all backslashes gone.

    Only to see whether a credential may be in it: one that holds what looks like an escape
    is itself unescaped for that.
    """
    if b"%" in text:
        text = unquote_to_bytes(text)
    if b"\\" in text:
        text = (_JSON_ASCII if only_ascii else _JSON_ANY).sub(_json_character, text)
        text = text.replace(b"\\", b"")
    if b"&#" in text:
        text = _XML_ESCAPE.sub(_xml_character, text)
    if b"&" in text:
        for name, character in _XML_NAMES:
            text = text.replace(name, character)
    return text


def _json_character(match: re.Match[bytes]) -> bytes:
    if match.lastindex == 1:
        return _character(match[1])
    units = b"".join(bytes.fromhex(unit.decode()) for unit in match.groups() if unit)
    return units.decode("utf-16-be", "replace").encode()


@lru_cache(maxsize=1024)
def _character(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace").encode()


def _xml_character(match: re.Match[bytes]) -> bytes:
    code = int(match[1]) if match[1] else int(match[2], 16)
    return chr(code).encode("utf-8", "replace")


def any_escape(value: bytes) -> re.Pattern[bytes]:
    """A pattern for `value` with any of its characters plain or escaped."""
    text = utf8.decode(value)
    return re.compile("".join(_spellings(char) for char in text).encode())


def _spellings(char: str) -> str:
    """A pattern, in ASCII, for the UTF-8 of `char` and all its escapes."""
    units = char.encode("utf-16-be", "surrogatepass")
    ways = [
        "".join(rf"{_PERCENT}(?i:{byte:02x})" for byte in utf8.encode(char)),
        "".join(
            _BACKSLASHES + rf"u(?i:{units[at : at + 2].hex()})"
            for at in range(0, len(units), 2)
        ),
        r"&(?:amp;){0,8}#(?:0{0,6}%d|(?i:x0{0,6}%x));" % (ord(char), ord(char)),  # noqa: UP031
        "".join(rf"\x{byte:02x}" for byte in utf8.encode(char)),
    ]
    if char in '/"':
        ways.insert(0, rf"{_BACKSLASHES}(?:{char}|{_PERCENT}{ord(char):02X})")
    if char == "\\":
        ways.insert(0, rf"(?:\\|{_PERCENT}5[cC]){{2,32}}")
    ways += [name.decode() for name, plain in _XML_NAMES if plain == utf8.encode(char)]
    return f"(?:{'|'.join(ways)})"


def unescaped_forms(spelling: bytes) -> tuple[bytes, ...]:
    """The forms that `spelling` takes when it is unescaped up to DEPTH times."""
    found = {spelling.replace(b"\\", b""): None}
    for _ in range(DEPTH):
        spelling = unescape(spelling, only_ascii=False)
        found[spelling] = None
    return tuple(found)
