"""A cassette as go-yaml lays it out, read without a YAML parser, in a fraction of the time.

Only what is certain is read here: every key in the writer's order, and scalars in forms that
have one reading. At the first thing else the answer is None, and YAML decides on the file.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from anyvcr.core.cassette.model import (
    Cassette,
    Headers,
    Interaction,
    Request,
    Response,
    Style,
)
from anyvcr.core.go import duration
from anyvcr.core.goyaml import layout, resolver
from anyvcr.core.goyaml.resolver import Tag


def cassette(data: bytes) -> Cassette | None:
    """The cassette in `data`, where it ends with a whole interaction; None for YAML to read."""
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


_HEADER = re.compile(rb"(?:---\n)?version: 2\ninteractions:\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_ODD = re.compile(
    rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"
)
"""C1 controls and noncharacters, U+FEFF, and what ends a line in YAML 1.1 as \\n does."""


def _is_plain_text(data: bytes) -> bool:
    """Whether all of `data` is characters to YAML, and ends its lines with \\n alone."""
    if _CONTROL.search(data):
        return False
    try:
        return data.isascii() or bool(data.decode() and not _ODD.search(data))
    except UnicodeDecodeError:
        return False


_SINGLE = r"'[^'\n]*+(?:''[^'\n]*+)*+'"
_DOUBLE = r'''"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'''
_LINE = rf"(?:{_SINGLE}|{_DOUBLE}|[A-Za-z0-9/][^\n]*+)"
"""A scalar of one line: in single or double quotes, or plain."""
_NUMBER = "(?:-1|0|[1-9][0-9]{0,17})"


class _Reader:
    """Reads what is laid out in one style. Columns count from 0."""

    def __init__(self, style: Style) -> None:
        form = layout.of(style)
        self._item = " " * form.items(0)
        message = form.below(form.items(0) + 2)
        self._key = " " * message
        self._below = " " * form.below(message)
        self._listed = " " * form.items(message)
        values = " " * form.items(form.below(message))
        self.pattern = re.compile(self._interaction().encode())
        self._entry = re.compile(
            rf"{self._below}([A-Za-z_][^\s:#]*+):"
            rf"(?: \[\]\n|\n((?:{values}- {_LINE}\n)++))".encode()
        )
        # Most messages have the headers of the one before.
        self._map = lru_cache(maxsize=1024)(self._parsed_map)

    def all(self, data: bytes, at: int) -> tuple[Interaction, ...]:
        """The interactions of `data` from `at` on."""
        found: dict[int, Interaction] = {}
        while at < len(data):
            match = self.pattern.match(data, at)
            if match is None:
                raise _UncertainError
            each = self._made(match.groupdict())
            if each.id in found:
                raise _UncertainError
            found[each.id] = each
            at = match.end()
        return tuple(found.values())

    def _interaction(self) -> str:
        """A pattern for one interaction, by its fields; maps and lists as their lines."""
        return "".join(
            (
                rf"{self._item}- id: (?P<id>0|[1-9][0-9]{{0,17}})\n",
                rf"{self._item}  request:\n",
                self._protocol("request"),
                self._field("content_length", _NUMBER, "request_length"),
                self._codings("request"),
                _optional(self._mapping("trailer", "request_trailer")),
                self._field("host", _LINE),
                _optional(self._field("remote_addr", _LINE)),
                _optional(self._field("request_uri", _LINE)),
                _optional(self._body("request_body")),
                _optional(self._mapping("form", "form")),
                _optional(self._mapping("headers", "request_headers")),
                self._field("url", _LINE),
                self._field("method", _LINE),
                rf"{self._item}  response:\n",
                self._protocol("response"),
                self._codings("response"),
                _optional(self._mapping("trailer", "response_trailer")),
                self._field("content_length", _NUMBER, "response_length"),
                _optional(self._field("uncompressed", "true")),
                self._body("response_body"),
                self._mapping("headers", "response_headers"),
                self._field("status", _LINE),
                self._field("code", _NUMBER),
                self._field("duration", "[0-9][0-9.hmnuµs]*s"),
            )
        )

    def _field(self, name: str, value: str, group: str = "") -> str:
        return rf"{self._key}{name}: (?P<{group or name}>{value})\n"

    def _protocol(self, group: str) -> str:
        numbers = "".join(
            rf"{self._key}proto_{part}: {_NUMBER}\n" for part in ("major", "minor")
        )
        return rf"(?P<{group}_protocol>{self._key}proto: {_LINE}\n{numbers})"

    def _codings(self, group: str) -> str:
        lines = rf"(?P<{group}_codings>(?:{self._listed}- {_LINE}\n)++)"
        return _optional(rf"{self._key}transfer_encoding:\n{lines}")

    def _mapping(self, name: str, group: str) -> str:
        lines = rf"\n(?:{self._below}[^\n]+\n)++"
        return rf"{self._key}{name}:(?P<{group}> \{{\}}\n|{lines})"

    def _body(self, group: str) -> str:
        # Where its first visible line begins with a space, the indentation is another.
        first = rf"\n*+{self._below}[^ \t\n][^\n]*+\n"
        block = rf"\|[+-]?\n{first}(?:{self._below}[^\n]*+\n|\n)*+"
        return rf"{self._key}body: (?P<{group}>{_LINE}\n|{block})"

    def _made(self, found: "dict[str, bytes | None]") -> Interaction:
        get = {name: value or b"" for name, value in found.items()}.__getitem__
        request = Request(
            **self._common("request", get),
            host=_text(get("host")),
            remote_addr=_text(get("remote_addr")),
            request_uri=_text(get("request_uri")),
            form=self._map(get("form")),
            url=_text(get("url")),
            method=_text(get("method")),
        )
        response = Response(
            **self._common("response", get),
            uncompressed=bool(get("uncompressed")),
            status=_text(get("status")),
            code=int(get("code")),
            duration=duration.parse(get("duration").decode()),
        )
        return Interaction(id=int(get("id")), request=request, response=response)

    def _common(self, side: str, get: Callable[[str], bytes]) -> dict[str, Any]:
        """What requests and responses both have."""
        proto, major, minor = _protocol(get(f"{side}_protocol"))
        return {
            "proto": proto,
            "proto_major": major,
            "proto_minor": minor,
            "content_length": int(get(f"{side}_length")),
            "transfer_encoding": _list(get(f"{side}_codings")),
            "trailer": self._map(get(f"{side}_trailer")),
            "headers": self._map(get(f"{side}_headers")),
            "body": self._octets(get(f"{side}_body")),
        }

    def _octets(self, written: bytes) -> bytes:
        """A body: one line with its end, a literal block, or none."""
        if written[:1] != b"|":
            return _scalar(written[:-1])
        head, _, lines = written.partition(b"\n")
        indented = b"\n" + self._below.encode()
        text = (b"\n" + lines).replace(indented, b"\n")[1:]
        if head == b"|+":
            return text
        return text.rstrip(b"\n") + (b"\n" if head == b"|" else b"")

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
            found[name] = _list(match[2] or b"")
            at = match.end()
        return tuple(found.items())


_reader = cache(_Reader)


def _optional(pattern: str) -> str:
    return f"(?:{pattern})?+"


_PROTOCOL = re.compile(rb" +proto: (.*)\n +proto_major: (.*)\n +proto_minor: (.*)\n")


@lru_cache(maxsize=64)
def _protocol(lines: bytes) -> tuple[str, int, int]:
    match = _PROTOCOL.fullmatch(lines)
    assert match
    return _text(match[1]), int(match[2]), int(match[3])


def _list(lines: bytes) -> tuple[str, ...]:
    return tuple([_text(line.lstrip()[2:]) for line in lines.splitlines()])


@lru_cache(maxsize=1024)
def _text(written: bytes) -> str:
    return _scalar(written).decode()


def _scalar(written: bytes) -> bytes:
    """What a scalar of one line stands for; nothing where nothing is written."""
    if written[:1] == b"'":
        return written[1:-1].replace(b"''", b"'")
    if written[:1] == b'"':
        text = written[1:-1]
        return _ESCAPE.sub(_character, text) if b"\\" in text else text
    if written and not _is_certain(written):
        raise _UncertainError
    return written


def _is_certain(plain: bytes) -> bool:
    """Whether a plain scalar is text, all of it: no number, key or comment."""
    if b": " in plain or b" #" in plain or b"\t" in plain or plain[-1:] in b" :":
        return False
    return resolver.resolve(plain.decode()) is Tag.STR


_ESCAPE = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL
)
_ESCAPED = {
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
"""YAML 1.1, section 5.6."""


def _character(match: re.Match[bytes]) -> bytes:
    if match[4] is None:
        # Half of a surrogate pair cannot be encoded, and chr() knows what is too large.
        return chr(int(match[match.lastindex or 0], 16)).encode()
    if match[4] not in _ESCAPED:
        raise _UncertainError
    return _ESCAPED[match[4]].encode()
