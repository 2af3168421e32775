"""Text as go.yaml.in/yaml/v4 writes it (representer.go, desolver.go, emitter.go), each release.

Go's emitter walks over every byte; here a few searches choose the same style and one
substitution writes it, so that a long body costs microseconds.
"""

import re
from enum import Enum, auto
from functools import cache, lru_cache

from anyvcr.core import utf8
from anyvcr.core.goyaml import block_scalars, resolver
from anyvcr.core.goyaml.layout import Layout, Release
from anyvcr.core.goyaml.resolver import Tag

_LONGEST_KEY = 128  # bytes
_BOM = "\ufeff"
_ESCAPES = {
    0x00: "0",
    0x07: "a",
    0x08: "b",
    0x09: "t",
    0x0A: "n",
    0x0B: "v",
    0x0C: "f",
    0x0D: "r",
    0x1B: "e",
    0x22: '"',
    0x5C: "\\",
    0x85: "N",
    0xA0: "_",
    0x2028: "L",
    0x2029: "P",
}
_BREAK = re.compile("[\r\n\x85\u2028\u2029]")
_WIDE_BREAK = re.compile("([\u2028\u2029])")
_SPACE_BREAK = re.compile(" [\n\u2028\u2029]")
_VISIBLE = re.compile(  # Go's unicode.IsSpace, which has no \x1c to \x1f
    "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
_NOT_PLAIN = re.compile(
    r"""\A(?:[ #,\[\]{}&*!|>'"%@`]|[-?:](?:[ ]|\Z)|---|\.\.\.)"""
    "|:(?: |\\Z)| #| \\Z|[\t\u2028\u2029]"
)
_NOT_SINGLE = re.compile("\t| [\u2028\u2029]|[\u2028\u2029] ")
_GOCCY_QUOTED = re.compile(  # IsNeedQuoted of token.go
    r"""\A(?:[*&\[{}\],!|>%'"@ `]|-\Z)|[: ]\Z|[#\\]|[:-] """
)
_GO_ESCAPES = dict(
    zip('\a\b\f\n\r\t\v"\\', (f"\\{c}" for c in 'abfnrtv"\\'), strict=True)
)


def scalar(text: str, layout: Layout, *, column: int, indent: int, parent: int) -> str:
    """`text` as a value that begins in `column`, with its line end.

    Further lines stand at `indent`, the mapping or list that holds the value at `parent`.
    """
    style = _style(text, layout.release)
    if style is _Style.LITERAL:
        return block_scalars.literal(text, layout, indent, parent)
    if style is _Style.BINARY:
        return _binary(text, indent)
    written = _on_one_line(text, style, layout.release)
    return _folded(written, style, layout, column, indent) + "\n"


def in_quotes(text: str, quotes: str, layout: Layout) -> str | None:
    """`text` on one line in `quotes`, a single or a double one; None where they cannot hold it."""
    if utf8.SURROGATE.search(text):
        return None
    if quotes == '"':
        return _on_one_line(text, _Style.DOUBLE, layout.release)
    fits = not (
        _special().search(text) or _NOT_SINGLE.search(text) or _BREAK.search(text)
    )
    return _on_one_line(text, _Style.SINGLE, layout.release) if fits else None


@lru_cache(maxsize=512)
def simple_key(text: str, release: Release) -> str | None:
    """`text:` as it begins a line; None where go-yaml takes the long form, `? text`."""
    style = _style(text, release)
    if style is _Style.BINARY:
        written = _binary(text, indent=0).removesuffix("\n")
        length = len(written) - len("!!binary ") + len("!!binary")
    else:
        written = _on_one_line(text, style, release)
        length = len(text.encode())
    if length > _LONGEST_KEY or _BREAK.search(
        text if style is not _Style.BINARY else written
    ):
        return None
    return written + ":"


class _Style(Enum):
    PLAIN = auto()
    SINGLE = auto()
    DOUBLE = auto()
    LITERAL = auto()
    BINARY = auto()


def _style(text: str, release: Release) -> _Style:
    if _special().search(text):
        return _Style.BINARY if utf8.SURROGATE.search(text) else _Style.DOUBLE
    if "\n" in text:
        if not _VISIBLE.search(text):
            return _Style.DOUBLE
        if release is Release.GOCCY and (text[0] == "\n" or _GOCCY_QUOTED.search(text)):
            return _Style.DOUBLE
        # v4.0.0 writes blocks with spaces at the ends of lines, too.
        broken = release is not Release.V4_0_0 and (
            text[-1] == " " or _SPACE_BREAK.search(text)
        )
        return _Style.DOUBLE if broken else _Style.LITERAL
    if resolver.is_old_bool(text) or resolver.is_base60(text) or text == "<<":
        return _Style.SINGLE if release is Release.RC_5 else _Style.DOUBLE
    if resolver.resolve(text) is not Tag.STR:
        return _Style.DOUBLE
    if release is Release.GOCCY:
        needed = _NOT_PLAIN.search(text) or _GOCCY_QUOTED.search(text)
        return _Style.DOUBLE if needed else _Style.PLAIN
    if not _NOT_PLAIN.search(text):
        return _Style.PLAIN
    return _Style.DOUBLE if _NOT_SINGLE.search(text) else _Style.SINGLE


def _on_one_line(text: str, style: _Style, release: Release) -> str:
    if style is _Style.SINGLE:
        return "'" + text.replace("'", "''") + "'"
    if style is _Style.PLAIN:
        return text
    if release is Release.GOCCY:
        return '"' + "".join(_go_quoted(char) for char in text) + '"'
    if text.startswith(_BOM):  # go-yaml's isBOM looks at the start for every character
        return '"' + "".join(_escape(char) for char in text) + '"'
    return '"' + _escaped().sub(lambda found: _escape(found[0]), text) + '"'


def _escape(char: str) -> str:
    code = ord(char)
    if code in _ESCAPES:
        return "\\" + _ESCAPES[code]
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _go_quoted(char: str) -> str:
    """As Go's strconv.Quote, whose escapes are YAML's, too."""
    if char in _GO_ESCAPES:
        return _GO_ESCAPES[char]
    code = ord(char)
    if char.isprintable():
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _binary(text: str, indent: int) -> str:
    data = utf8.encode(text)
    return b"".join(block_scalars.binary(data, indent)).decode()


def _folded(
    written: str, style: _Style, layout: Layout, column: int, indent: int
) -> str:
    """`written` with go-yaml's line breaks: beyond the width, and after U+2028 and U+2029.

    The latter two count as line ends to go-yaml, so it indents what follows them.
    """
    if style is not _Style.SINGLE or not _WIDE_BREAK.search(written):
        return _wrapped(written, style, layout, column, indent)
    pieces = _WIDE_BREAK.split(written)
    folded = [_wrapped(pieces[0], style, layout, column, indent)]
    for mark, text in zip(pieces[1::2], pieces[2::2], strict=True):
        pad = "" if text in {"", "'"} else " " * indent
        folded.append(mark + pad + _wrapped(text, style, layout, indent, indent))
    return "".join(folded)


def _wrapped(text: str, style: _Style, layout: Layout, column: int, indent: int) -> str:
    if layout.width is None or column + len(text) <= layout.width:
        return text
    pieces = []
    start = 0
    while found := _FOLD[style].search(text, max(start + layout.width + 1 - column, 2)):
        end = found.start()
        # A space that would begin a line is escaped; only double quotes have more than one.
        mark = "\\" if text[end + 1] == " " else ""
        pieces.append(f"{text[start:end]}\n{' ' * indent}{mark}")
        start, column = end + 1, indent + len(mark)
    return "".join(pieces) + text[start:]


# The next two take 5 ms each, and who only reads needs neither.
# go-yaml prints neither astral characters nor the byte order mark.


@cache
def _special() -> re.Pattern[str]:
    return re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


@cache
def _escaped() -> re.Pattern[str]:
    return re.compile(
        '["\\\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]'
    )


_FOLD = {
    _Style.PLAIN: re.compile("(?<! ) (?! )"),
    _Style.SINGLE: re.compile("(?<! ) (?! |'\\Z)"),
    _Style.DOUBLE: re.compile('(?<! ) (?!"\\Z)'),
}
