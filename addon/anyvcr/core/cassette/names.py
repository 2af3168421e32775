"""Names of cassettes in a folder: what a test is called, and the file that it leads to.

Any name that a test runner makes leads to one file below the folder, and no two names to the
same. What a file system could not keep is percent-escaped, so that the name can be read off
the file:

    TestChat/What is 2+2?     TestChat/What is 2+2%3F.yaml
    t.py::test_a              t.py%3A%3Atest_a.yaml
    ../secrets                %2E./secrets.yaml

A part of more than 200 bytes is cut and ends in a hash of the whole.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import unquote

from anyvcr.core import utf8
from anyvcr.core.errors import ConfigError

SUFFIX = ".yaml"

LONGEST = 200
"""Bytes of one part; file systems end at 255, and recording adds endings of its own."""

_HASH = 16
"""Characters of the hash at the end of a part that was cut."""

# What Windows refuses in a name; "%" begins an escape.
_REFUSED = frozenset('\\:*?"<>|%')
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.IGNORECASE
)
"""Names that are devices on Windows, whatever ending they have."""
_LIKE_CUT = re.compile(rf"~[0-9a-f]{{{_HASH}}}\Z")
_ESCAPED = re.compile(r"(?=.*%)(?:[A-Za-z0-9._~/-]|%[0-9A-Fa-f]{2})+")
_NO_PART = "%"


def parse(text: str) -> str:
    """The name that `text` gives at any door; raises ConfigError where it is empty.

    Slashes make sub-folders, as in Go's t.Name() of a sub-test; an ending `.yaml` is dropped.
    A text of unreserved characters and percent escapes alone (RFC 3986) is unescaped: some
    clients do not unescape the user of a proxy URL, and others can put nothing but ASCII into
    a header. Bytes that are no UTF-8 (as surrogate escapes) are Latin-1, as Node sends them.
    """
    if utf8.ESCAPED_BYTE.search(text):
        text = utf8.encode(text).decode("latin-1")
    name = unquote(text, errors="surrogateescape") if _ESCAPED.fullmatch(text) else text
    name = name.removesuffix(SUFFIX)
    if not name:
        msg = "the name of a cassette is empty: expected what the test is called"
        raise ConfigError(msg)
    return name


def file(name: str) -> PurePosixPath:
    """The cassette's file, relative to the folder."""
    *folders, last = name.split("/")
    return PurePosixPath(*map(_folder, folders), _part(last) + SUFFIX)


def _folder(part: str) -> str:
    # Else it would stand where the file of another name does.
    written = _part(part)
    if written.lower().endswith(SUFFIX):
        return written[: -len(SUFFIX)] + "%2E" + written[1 - len(SUFFIX) :]
    return written


def _part(part: str) -> str:
    if not part:
        return _NO_PART
    pieces = list(_escaped(part))
    written = "".join(pieces)
    if _size(written) <= LONGEST:
        return written
    data = part.encode("utf-8", "surrogatepass")
    room = LONGEST - 1 - _HASH
    while _size(written) > room:
        pieces.pop()
        written = "".join(pieces)
    return f"{written}~{sha256(data).hexdigest()[:_HASH]}"


def _escaped(part: str) -> Iterator[str]:
    """The characters of a part, each as it is written."""
    last = len(part) - 1
    hash_at = len(part) - 1 - _HASH if _LIKE_CUT.search(part) else -1
    for position, char in enumerate(part):
        is_odd = (
            char in _REFUSED
            or not char.isprintable()
            or (char == "." and position == 0)
            or (char in ". " and position == last)
            or (position == 0 and _DEVICE.match(part) is not None)
            or position == hash_at
        )
        yield _escape(char) if is_odd else char


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in utf8.encode(char))


def _size(text: str) -> int:
    return len(text.encode())
