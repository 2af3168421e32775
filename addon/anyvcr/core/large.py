"""Interactions with bodies of many megabytes, written in pieces.

The bytes are those of format.dump_interaction, which holds a body several times over while
it writes it. Here a short word stands in its place, and the body is written where the word
would be, a block at a time. Bodies of neither kind below, which are rare, are written as ever.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction, Style
from anyvcr.core.goyaml import layout

SIZE = 4 << 20
"""Bytes from which on a body is large."""

_WORD = b"anyvcr-large-body-%d"
_LINE = 70
"""Characters of base64 on a line (go-yaml, encodeBase64)."""
_BLOCK = 105 * 8192
"""Bytes that are written at once: 105 are two such lines."""
_LINE_START = re.compile("\n(?!\n|\\Z)")

_Writer = Callable[[bytes, int], Iterator[bytes]]
"""From a body and the column of its lines to what follows `body: `."""


def pieces(
    interaction: Interaction, style: Style, *, size: int = SIZE
) -> Iterator[bytes]:
    """The lines of one interaction; bodies of `size` bytes count as large."""
    request, response = interaction.request, interaction.response
    bodies: list[tuple[bytes, _Writer]] = []
    for body in (request.body, response.body):
        writer = _writer(body) if len(body) >= size else None
        if writer is not None:
            bodies.append((body, writer))
    words = {body: _WORD % number for number, (body, _) in enumerate(bodies)}
    short = replace(
        interaction,
        request=replace(request, body=words.get(request.body, request.body)),
        response=replace(response, body=words.get(response.body, response.body)),
    )
    lines = cassette_format.dump_interaction(short, style)
    for body, writer in bodies:
        before, _, lines = lines.partition(b" body: %b\n" % words[body])
        yield before + b" body: "
        indent = len(before) - before.rfind(b"\n")
        yield from writer(body, layout.of(style).below(indent))
    yield lines


def _writer(body: bytes) -> _Writer | None:
    """What writes `body` as go-yaml does; None where nothing here can."""
    if not _is_utf8(body):
        return _binary
    return _literal if _is_literal(body) else None


def _binary(body: bytes, indent: int) -> Iterator[bytes]:
    pad = b" " * indent
    yield b"!!binary |\n"
    for at in range(0, len(body), _BLOCK):
        data = base64.b64encode(body[at : at + _BLOCK])
        lines = (data[i : i + _LINE] for i in range(0, len(data), _LINE))
        yield b"".join(b"%b%b\n" % (pad, line) for line in lines)


def _literal(body: bytes, indent: int) -> Iterator[bytes]:
    pad = b" " * indent
    end = b"-" if body[-1:] != b"\n" else b"+" if body[-2:] == b"\n\n" else b""
    yield b"|" + end + b"\n"
    for block in _blocks(body):
        start = b"" if block[:1] == b"\n" else pad
        yield start + _LINE_START.sub("\n" + " " * indent, block.decode()).encode()
    if body[-1:] != b"\n":
        yield b"\n"


def _is_literal(body: bytes) -> bool:
    """Whether go-yaml writes this UTF-8 as a block of lines that needs no hint of its indent."""
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
