"""A file that ends in the middle of its last interaction: what is whole, and where the tail starts.

A recorder that is killed, or a full disk, cuts a cassette off at any byte, also where what is
left is valid YAML. So the end of the file is judged by its lines and go-vcr's order of keys,
without a YAML parser: a body's lines are always indented further than the keys.
"""

import re
from dataclasses import dataclass

from anyvcr.core.cassette import schema

_FIRST = re.compile(
    rb"^interactions:[ \r]*\n(?:[ \r]*\n|#[^\n]*\n)*( *)-", re.MULTILINE
)
_ID = re.compile(rb" *- id: *[0-9]*\r?")
_ALWAYS = tuple(
    f"{side}.{key.name}".encode()
    for side, keys in (("request", schema.REQUEST), ("response", schema.RESPONSE))
    for key in keys
    if not key.omitempty
)
_OURS = frozenset(key.name.encode() for key in schema.EXTENSIONS)


@dataclass(frozen=True, slots=True)
class Torn:
    """A cut-off file: `data[:kept]` is a cassette again, `tail` is what followed."""

    kept: int
    """Bytes, up to and with a line end."""
    tail: bytes
    """What is left of the interaction that was being written."""


def find(data: bytes) -> Torn | None:
    """Where the cassette `data` was cut off; None where its last interaction looks whole.

    Only what go-vcr began to write counts: keys that it always writes, in its order, from the
    first one on. A cassette made by hand may leave any of them out. Blocks of NUL, which a
    file system may leave after a loss of power, count as cut off.
    """
    written = data.rstrip(b"\0")
    start = last_start(written)
    if start is None:
        return None
    if _is_cut_off(written[start:]):
        return Torn(start, data[start:])
    if len(written) < len(data):
        end = written.rfind(b"\n") + 1
        return (
            Torn(end, data[end:]) if end == len(written) else Torn(start, data[start:])
        )
    return None


def last_start(data: bytes) -> int | None:
    """The offset of the last line that begins an interaction, in any indentation."""
    first = _FIRST.search(data)
    if first is None:
        return None
    dash = b"\n" + first[1] + b"-"
    at = len(data)
    while (at := data.rfind(dash, first.start(1) - 1, at)) >= 0:
        if data[at + len(dash) : at + len(dash) + 1] in {b"", b" ", b"\n", b"\r"}:
            return at + 1
    return None


def ends_at(data: bytes, line: int | None) -> bool:
    """Whether an error in `line` lies behind the last line end, so that more may be missing."""
    return line is not None and line > data.count(b"\n")


def interaction_at(data: bytes, line: int | None) -> int | None:
    """The position in the list of the interaction that `line` belongs to."""
    first = _FIRST.search(data)
    if line is None or first is None:
        return None
    before = b"\n".join(data.split(b"\n", line)[:line])
    item = re.compile(rb"^%b-(?=[ \r]|$)" % first[1], re.MULTILINE)
    count = sum(1 for _ in item.finditer(before))
    return count - 1 if count else None


def _is_cut_off(item: bytes) -> bool:
    """Whether `item`, the text of one interaction, ends before what go-vcr writes last."""
    lines = item.split(b"\n", 2)
    if len(lines) < 3:  # its id, and nothing or a part of `request:`
        return _is_begun(item)
    if not _ID.fullmatch(lines[0]) or lines[1].strip() != b"request:":
        return False
    request = re.search(rb"^( *)request:", lines[1])
    if request is None:
        return False
    return _lacks_keys(lines[2], len(request[1]))


def _is_begun(item: bytes) -> bool:
    id_line, _, rest = item.partition(b"\n")
    if not rest:
        return b"- id: ".startswith(id_line.strip()) or bool(_ID.fullmatch(id_line))
    return bool(_ID.fullmatch(id_line)) and b"request:".startswith(rest.strip())


def _lacks_keys(lines: bytes, level: int) -> bool:
    """Whether the keys of request and response stop before the last one has its value.

    `level` is the column of `request:` and `response:`; those of their keys are deeper.
    """
    column = len(lines) - len(lines.lstrip(b" "))
    if column <= level:
        return not lines.strip()
    found: list[bytes] = []
    side = b"request."
    last = b""
    for match in _outline(column).finditer(lines):
        last = match[0]
        indent = len(match[1])
        name, colon, _ = match[2].partition(b":")
        if indent == column:
            if match[2].startswith(b"- "):
                continue  # an item of a compact list
            is_open = not colon and match.end() == len(lines)
            found.append(side + name if not is_open else b"")
        elif (
            indent == level
            and side == b"request."
            and b"response:".startswith(match[2].rstrip())
        ):
            side = b"response."
        else:
            # Something follows the two messages, so they are whole.
            return False
    return _stops_early(found, lines, last)


def _stops_early(found: list[bytes], lines: bytes, last: bytes) -> bool:
    keys = tuple(key for key in found if key in _ALWAYS)
    if keys != _ALWAYS[: len(keys)] or (not keys and any(found)):
        return False
    if len(keys) < len(_ALWAYS):
        return True
    if lines.endswith((b"\n", b"\r")):
        return False
    name, colon, value = last.strip().partition(b":")
    if name == b"duration":
        # Go ends each duration with `s`, so `12m` is the beginning of `12ms`.
        return value[-1:] != b"s"
    return not colon or (name in _OURS and value != b" true")


def _outline(column: int) -> "re.Pattern[bytes]":
    """Lines that are indented no further than `column`."""
    return re.compile(rb"^( {0,%d})([^ \n\r][^\n]*)" % column, re.MULTILINE)
