"""A cassette as go-yaml lays it out, read without a YAML parser, in a fraction of the time.

Only what is certain is read here: every key in the order of schema.py, and scalars in forms
that have one reading. At the first thing else the answer is None, and YAML decides on the file.
Large bodies are checked where they stand and decoded when they are asked for.
"""

import base64
import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, cast

from anyvcr.core.cassette import schema
from anyvcr.core.cassette.model import (
    Cassette,
    Headers,
    Interaction,
    Later,
    Request,
    Response,
)
from anyvcr.core.cassette.schema import Kind
from anyvcr.core.cassette.style import Style
from anyvcr.core.go import duration
from anyvcr.core.goyaml import layout, resolver
from anyvcr.core.goyaml.resolver import Tag

_LARGE = 1 << 16
"""Bytes from which on a body is decoded when it is asked for, each time, and not before."""
_HEADER = re.compile(rb"(?:---\n)?version: 2\ninteractions:\n")
_ODD = re.compile(
    rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"
)
"""C1 controls and noncharacters, U+FEFF, and what ends a line in YAML 1.1 as \\n does."""
_ESCAPED = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))"
)
_CHARACTERS = {
    b"0": "\0",
    b"a": "\a",
    b"b": "\b",
    b"t": "\t",
    b"n": "\n",
    b"v": "\v",
    b"f": "\f",
    b"r": "\r",
    b"e": "\x1b",
    b'"': '"',
    b"\\": "\\",
    b"/": "/",
    b"N": "\x85",
    b"_": "\xa0",
    b"L": "\u2028",
    b"P": "\u2029",
    b" ": " ",
}
_CONTROL = r"\n\x00-\x08\x0b-\x1f\x7f"
_REST = rf"[^{_CONTROL}]"
_ESCAPE = (
    r'\\(?:[0abtnvfre"\\/N_LP ]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}'
    r"|U00(?:0(?!0[dD][89A-Fa-f])[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})"
)
"""YAML 1.1, section 5.6, but for halves of surrogate pairs."""
_SINGLE = rf"'[^'{_CONTROL}]*+(?>(?:''[^'{_CONTROL}]*+)*)'"
_DOUBLE = rf'"[^"\\{_CONTROL}]*+(?>(?:{_ESCAPE}[^"\\{_CONTROL}]*+)*)"'
_LINE = rf"(?:{_SINGLE}|{_DOUBLE}|[A-Za-z0-9/]{_REST}*+)"
"""A scalar of one line: in single or double quotes, or plain."""
_NUMBER = "(?:-1|0|[1-9][0-9]{0,17})"
_BASE64 = "[A-Za-z0-9+/]"


def cassette(data: bytes) -> Cassette | None:
    """The cassette in `data`, where it ends with a whole interaction; None for YAML to read."""
    if data[:80].find(b"\r\n") >= 0:
        data = _unix(data)
    start = _HEADER.match(data)
    for style in (Style.X_VCR, Style.GO_VCR):
        reader = _reader(style)
        if start and reader.pattern.match(data, start.end()):
            if not _is_plain_text(data):
                return None
            try:
                return Cassette(interactions=reader.all(data, start.end()), style=style)
            except (_UncertainError, ValueError):
                return None
    return None


class _UncertainError(Exception):
    """Something that may not mean what it seems to."""


def _unix(data: bytes) -> bytes:
    """A checkout with CRLF has no other line ends: go-yaml escapes those of a text."""
    ends = data.count(b"\r\n")
    if data.count(b"\n") == ends == data.count(b"\r"):
        return data.replace(b"\r\n", b"\n")
    return data


def _is_plain_text(data: bytes) -> bool:
    """Whether `data` is UTF-8 without what YAML reads in a way of its own.

    The patterns below leave out control characters.
    """
    try:
        return data.isascii() or bool(data.decode() and not _ODD.search(data))
    except UnicodeDecodeError:
        return False


class _Reader:
    """Reads what is laid out in one style. Columns count from 0."""

    def __init__(self, style: Style) -> None:
        form = layout.of(style)
        self._item = " " * form.items(0)
        message = form.below(form.items(0) + 2)
        self._key = " " * message
        self._below = " " * form.below(message)
        self._step = form.below(message) - message
        self._listed = " " * form.items(message)
        values = " " * form.items(form.below(message))
        self.pattern = re.compile(self._interaction().encode())
        self._entry = re.compile(
            rf"{self._below}([A-Za-z_][^\s:#]*+):"
            rf"(?: \[\]\n|\n((?>(?:{values}- {_LINE}\n)+)))".encode()
        )
        # Most messages have the headers of the one before.
        self._map = lru_cache(maxsize=1024)(self._parsed_map)
        self._sides = [
            (name, [(f"{name}_{key.name}", key) for key in (*keys, *extensions)])
            for name, keys, extensions in (
                ("request", schema.REQUEST, ()),
                ("response", schema.RESPONSE, schema.EXTENSIONS),
            )
        ]
        self._readers: dict[Kind, Callable[[bytes], Any]] = {
            Kind.TEXT: _line,
            Kind.INT: int,
            Kind.TEXTS: _list,
            Kind.MAP: self._map,
            Kind.BOOL: lambda written: written == b" true\n",
            Kind.DURATION: _duration,
        }

    def all(self, data: bytes, at: int) -> tuple[Interaction, ...]:
        """The interactions of `data` from `at` on."""
        found: dict[int, Interaction] = {}
        while at < len(data):
            match = self.pattern.match(data, at)
            if match is None:
                raise _UncertainError
            each = self._made(match)
            if each.id in found:
                raise _UncertainError
            found[each.id] = each
            at = match.end()
        return tuple(found.values())

    def _interaction(self) -> str:
        """A pattern for one interaction, with a group for each key, `request_url` for one."""
        return "".join(
            (
                rf"{self._item}- id: (?P<id>0|[1-9][0-9]{{0,17}})\n",
                rf"{self._item}  request:\n",
                *(self._line_of("request", key) for key in schema.REQUEST),
                rf"{self._item}  response:\n",
                *(self._line_of("response", key) for key in schema.RESPONSE),
                *(self._line_of("response", key) for key in schema.EXTENSIONS),
            )
        )

    def _line_of(self, side: str, key: schema.Key) -> str:
        line = rf"{self._key}{key.name}:(?P<{side}_{key.name}>{self._value(key.kind)})"
        return f"(?>(?:{line})?)" if key.omitempty else line

    def _value(self, kind: Kind) -> str:
        """What follows the colon, to the end of its last line; maps and lists as their lines."""
        match kind:
            case Kind.TEXT:
                return rf" {_LINE}\n"
            case Kind.INT:
                return rf" {_NUMBER}\n"
            case Kind.BOOL:
                return r" (?:true|false)\n"
            case Kind.DURATION:
                return r" [0-9][0-9.hmnuµs]*s\n"
            case Kind.TEXTS:
                return rf" \[\]\n|\n(?>(?:{self._listed}- {_LINE}\n)+)"
            case Kind.MAP:
                return rf" \{{\}}\n|\n(?>(?:{self._below}{_REST}++\n)+)"
            case Kind.BODY:
                # Where its first visible line begins with a blank, only an indicator says
                # where the text begins.
                rest = rf"{_REST}*+\n(?>(?:{self._below}{_REST}*+\n|\n)*)"
                bare = rf"[+-]?\n\n*+{self._below}[^ \t{_CONTROL}]{rest}"
                hinted = rf"[+-]?\n\n*+{self._below}(?=[ \t]*+[^ \t{_CONTROL}]){rest}"
                literal = rf"\|(?:{bare}|{self._step}{hinted})"
                # The lines of base64 are told from the key behind them by its colon.
                lines = (
                    rf"\|\n{self._below}[A-Za-z0-9+/ \n]+={{0,2}}\n(?={self._key}[a-z])"
                )
                binary = rf"!!binary (?:{_BASE64}++={{0,2}}\n|{lines})"
                return rf" (?:{_LINE}\n|{literal}|{binary})"

    def _made(self, match: "re.Match[bytes]") -> Interaction:
        messages = [
            {
                key.name: value
                for group, key in keys
                if (value := self._field(match, group, key.kind)) is not None
            }
            for _, keys in self._sides
        ]
        request, response = messages
        extra = tuple(
            (key.name, response.pop(key.name))
            for key in schema.EXTENSIONS
            if key.name in response
        )
        return Interaction(
            id=int(match["id"]),
            request=Request(**request),
            response=Response(**response, extra=extra),
        )

    def _field(self, match: "re.Match[bytes]", group: str, kind: Kind) -> Any:
        if kind is Kind.BODY:
            start, end = match.span(group)
            return self._body(match.string, start + 1, end) if end >= 0 else None
        written = match[group]
        return self._readers[kind](written) if written is not None else None

    def _body(self, data: bytes, start: int, end: int) -> bytes:
        """A body, from its first character to the end of its last line."""
        is_base64 = data.startswith(b"!!binary ", start)
        if is_base64:
            self._check_base64(data, start + 9, end)
        written, indent = data[start:end], self._below.encode()
        if len(written) < _LARGE or not (
            is_base64 or written[:1] in {b"'", b'"', b"|"}
        ):
            return _octets(written, indent)
        return cast("bytes", Later(partial(_octets, written, indent)))

    def _check_base64(self, data: bytes, start: int, end: int) -> None:
        """Raise where `data` is not base64 in lines of one length, which go-yaml writes."""
        pad = 2 if data[end - 3 : end - 1] == b"==" else data[end - 2 : end - 1] == b"="
        if data[start] != 0x7C:
            characters = end - 1 - start
        else:
            start, indent = start + 2, len(self._below)
            lines = data.count(b"\n", start, end)
            characters = end - start - lines * (indent + 1)
            width = data.find(b"\n", start) + 1 - start
            starts = [
                data[start + i : end : width].count(b" ") == lines
                for i in range(indent)
            ]
            if (
                data.count(b" ", start, end) != lines * indent
                or not all(starts)
                or data[start + width - 1 : end - 1 : width].count(b"\n") != lines - 1
            ):
                raise _UncertainError
        if characters % 4 or characters <= pad:
            raise _UncertainError

    def _parsed_map(self, lines: bytes) -> Headers:
        found: dict[str, tuple[str, ...]] = {}
        at = 1  # the line of the map's own key ends there
        while lines != b" {}\n" and at < len(lines):
            match = self._entry.match(lines, at)
            if match is None:
                raise _UncertainError
            name = _text(match[1])
            if name in found:
                raise _UncertainError
            found[name] = _list(b"\n" + (match[2] or b""))
            at = match.end()
        return tuple(found.items())


_reader = cache(_Reader)


def _octets(written: bytes, indent: bytes) -> bytes:
    """A body: one line with its end, a literal block, or base64."""
    if written.startswith(b"!!binary "):
        return base64.b64decode(written[9:].lstrip(b"|"))
    if written[:1] != b"|":
        return _scalar(written[:-1])
    head, _, lines = written.partition(b"\n")
    text = (b"\n" + lines).replace(b"\n" + indent, b"\n")[1:]
    if head.endswith(b"+"):
        return text
    return text.rstrip(b"\n") + (b"" if head.endswith(b"-") else b"\n")


def _line(rest: bytes) -> str:
    """The text after a key, from the space before it to its end."""
    return _text(rest[1:-1])


def _duration(rest: bytes) -> int:
    return duration.parse(rest[1:-1].decode())


def _list(lines: bytes) -> tuple[str, ...]:
    """The texts of a list, from the end of its key's line on; ` []` is none."""
    return tuple([_text(line.lstrip()[2:]) for line in lines.splitlines()[1:]])


@lru_cache(maxsize=1024)
def _text(written: bytes) -> str:
    return _scalar(written).decode()


def _scalar(written: bytes) -> bytes:
    """What a scalar of one line stands for; nothing where nothing is written."""
    if written[:1] == b"'":
        return written[1:-1].replace(b"''", b"'")
    if written[:1] == b'"':
        text = written[1:-1]
        return _ESCAPED.sub(_character, text) if b"\\" in text else text
    if written and not _is_certain(written):
        raise _UncertainError
    return written


def _is_certain(plain: bytes) -> bool:
    """Whether a plain scalar is text, all of it: no number, key or comment."""
    if b": " in plain or b" #" in plain or b"\t" in plain or plain[-1:] in b" :":
        return False
    return resolver.resolve(plain.decode()) is Tag.STR


def _character(match: re.Match[bytes]) -> bytes:
    if match[4] is None:
        return chr(int(match[match.lastindex or 0], 16)).encode()
    return _CHARACTERS[match[4]].encode()
