"""Text of several lines and binary data as blocks, in pieces: `|` and `!!binary |`.

A body of many megabytes is never held in a second form: it is written a block at a time.
"""

import base64
import re
from collections.abc import Iterator
from functools import cache

from anyvcr.core.goyaml.layout import Layout, Release

_BASE64_LINE = 70
"""Characters of base64 on a line (go-yaml, encodeBase64)."""
_BLOCK = 105 * 8192
"""Bytes that are written at once: 105 are two lines of base64."""
_BREAKS = "\n\u2028\u2029"  # those of go-yaml's line breaks that it also prints
_LINE_START = re.compile("([\n\u2028\u2029])(?![\n\u2028\u2029]|\\Z)")
_TEXT_START = re.compile("[^\n\u2028\u2029]")


def literal(text: str, layout: Layout, indent: int, parent: int) -> str:
    """What follows the key or the dash of a literal `text`: `|`, its hints, and its lines.

    The lines stand at column `indent`, the mapping or list that holds them at `parent`.
    """
    pad = " " * indent
    body = _LINE_START.sub(rf"\1{pad}", text)
    start = "" if text[0] in _BREAKS else pad
    end = "\n" if text[-1] not in _BREAKS else ""
    return f"|{_hints(text, layout, indent - parent)}\n{start}{body}{end}"


def binary(data: bytes, indent: int) -> Iterator[bytes]:
    """`data` as `!!binary`, its lines at column `indent`; a short one on the line it begins."""
    if len(data) <= _BASE64_LINE // 4 * 3:
        yield b"!!binary %b\n" % base64.b64encode(data)
        return
    pad = b" " * indent
    yield b"!!binary |\n"
    for at in range(0, len(data), _BLOCK):
        coded = base64.b64encode(data[at : at + _BLOCK])
        lines = (
            coded[i : i + _BASE64_LINE] for i in range(0, len(coded), _BASE64_LINE)
        )
        yield b"".join([b"%b%b\n" % (pad, line) for line in lines])


def long(
    body: bytes, layout: Layout, indent: int, parent: int
) -> Iterator[bytes] | None:
    """A long `body` in pieces; None for the rare text that no block takes.

    What is a block here is one to `scalar_style.scalar`, which decides for everything else.
    """
    if not _is_utf8(body):
        return binary(body, indent)
    return (
        _long_literal(body, layout, indent, parent) if _is_plain_lines(body) else None
    )


def _hints(text: str, layout: Layout, step: int) -> str:
    """The indentation indicator, where this release writes one, and what the end keeps.

    Source: writeBlockScalarHints of emitter.go. Only v4.0.0 gives one wherever YAML needs it.
    """
    digit = ""
    if layout.release is Release.V4_0_0:
        first = _TEXT_START.search(text)
        if first and first[0] in " \t":
            digit = str(min(max(step, 1), 9))
    elif text[0] == " " or (layout.release is Release.RC_3 and text[0] in _BREAKS):
        digit = str(layout.indent)
    if text[-1] not in _BREAKS:
        return digit + "-"
    return digit + "+" if text[-2] in _BREAKS else digit


def _long_literal(
    body: bytes, layout: Layout, indent: int, parent: int
) -> Iterator[bytes]:
    pad = " " * indent
    ends = body[:200].decode(errors="ignore") + body[-2:].decode(errors="replace")
    yield f"|{_hints(ends, layout, indent - parent)}\n".encode()
    for block in _blocks(body):
        text = block.decode()
        start = "" if text[0] in _BREAKS else pad
        yield (start + _LINE_START.sub(rf"\1{pad}", text)).encode()
    if body[-1:] != b"\n":
        yield b"\n"


def _is_plain_lines(body: bytes) -> bool:
    """Whether every release writes this UTF-8 as a literal block."""
    first = body[:4].decode(errors="ignore")[:1]
    if b"\n" not in body or first.isspace() or body[-1:] == b" " or b" \n" in body:
        return False
    return not any(_unsafe().search(block.decode()) for block in _blocks(body))


@cache
def _unsafe() -> re.Pattern[str]:
    # It takes 5 ms, and few bodies are large.
    return re.compile(
        "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
    )


def _is_utf8(body: bytes) -> bool:
    """Without holding a decoded copy of all of it."""
    try:
        for block in _blocks(body):
            block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blocks(body: bytes) -> Iterator[bytes]:
    """`body` cut where a line of text begins, or, in the midst of a long line, a character."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + _BLOCK) + 1 or len(body)
        while body[end : end + 1] == b"\n":
            end += 1
        yield body[start:end]
        start = end
