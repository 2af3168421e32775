"""Credentials seen in this run, and every form in which one may appear again.

Held in memory only. A credential is found again plain, with any of its characters escaped
(URL, JSON, XML), as base64 at any alignment, in hexadecimal, and in the shortened form in
which an API's 401 repeats it (`sk-ab***wxyz`).
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

from anyvcr.core.secret_names import is_secret_header, is_secret_parameter
from anyvcr.core.shapes import PLACEHOLDER, is_run, placeholder, words

SHORTEST = 8
"""Characters. A shorter value stands in ordinary text by chance, and replacing it would
damage bodies; no API gives out keys so short."""

_FIELDS_KEPT = 1024
_COOKIES_KEPT = 16
"""Values kept of each cookie: some servers change one with every answer."""

_ACCOUNT = re.compile(r"(?:org-|proj_|user-)[0-9A-Za-z]|.*[0-9]")
"""An organisation or a user may be named by an ordinary word, as `developer`, which every
other text holds too."""

_SUBPROTOCOL = re.compile(
    r"openai-(?:insecure-api-key|organization|project)\.([^\s,]+)"
)
_SIGNATURE = re.compile(r"""(?i)(?:signature|credential|response)=["']?([^,"'\s]+)""")


class Credentials:
    """The credentials of one run."""

    def __init__(self) -> None:
        self._values: dict[bytes, Forms] = {}
        self._cookies: dict[str, list[bytes]] = {}
        self._seen: set[tuple[str, str]] = set()
        """Fields of requests that have nothing new: most are the same in each."""
        self._longest_first: tuple[Forms, ...] | None = None
        self.revision = 0
        """Another one where texts may come out otherwise than before."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._values)} values)"

    def see_request(self, headers: Iterable[tuple[str, str]], url: str) -> None:
        """Remember what a request proves itself with: its headers as sent, and its URL."""
        for field in headers:
            if field not in self._seen:
                self._see_header(field[0].lower(), field[1])
                self._seen.add(field)
        if any(mark in url for mark in "?#@"):
            self._see_url(url)
        if len(self._seen) > _FIELDS_KEPT:
            self._seen.clear()

    def see_response(self, headers: Iterable[tuple[str, str]]) -> None:
        """Remember the cookies, and whose account it is, that an answer names."""
        for name, value in headers:
            match name.lower():
                case "set-cookie":
                    self._see_cookie(value.partition(";")[0])
                case "openai-organization" | "openai-project":
                    if _ACCOUNT.match(value):
                        self.add(value)

    def see_user(self, pair: str, *, is_proxy: bool = False) -> None:
        """Remember `user:password`, or `user` alone, which is then the secret.

        A password too short to be one says that a proxy's user is a name: of a cassette.
        """
        user, _, password = pair.partition(":")
        self.add(pair)
        self.add(password)
        is_name = is_proxy and 0 < len(password) < SHORTEST
        if not password or (_ACCOUNT.match(user) and not is_name):
            self.add(user)

    def add(self, value: str) -> tuple[bytes, ...]:
        """Remember `value`, as it is and unquoted; what it was taken for.

        One shorter than SHORTEST, or a placeholder, is no secret.
        """
        stripped = value.strip().strip('"')
        both = dict.fromkeys(
            (_encoded(stripped), _encoded(unquote(stripped).strip('"')))
        )
        secrets = tuple(
            secret
            for secret in both
            if len(secret) >= SHORTEST and PLACEHOLDER not in secret
        )
        for secret in secrets:
            if secret not in self._values:
                self._values[secret] = Forms.of(secret)
                self._changed()
        return secrets

    def replace(self, text: bytes) -> bytes:
        """`text` without any credential; the same object where it holds none."""
        known = self._known()
        if known:
            joined = words(text).joined
            absent = frozenset(mark for mark in _MARKS if mark not in joined)
            for forms in known:
                text = forms.replace(text, joined, absent)
        text = _replace_escaped(text, known)
        return _replace_shortened(text, known)

    def overwrite(self, data: bytes) -> bytes:
        """As `replace` for binary data, whose offsets must stay: plain and base64 only."""
        for forms in self._known():
            for form in forms.spellings:
                if form in data:
                    filler = PLACEHOLDER * (len(form) // len(PLACEHOLDER) + 1)
                    data = data.replace(form, filler[: len(form)])
        return data

    def _changed(self) -> None:
        self._longest_first = None
        self.revision += 1

    def _known(self) -> "tuple[Forms, ...]":
        if self._longest_first is None:
            longest_first = sorted(self._values, key=lambda value: (-len(value), value))
            self._longest_first = tuple(self._values[value] for value in longest_first)
        return self._longest_first

    def _see_header(self, name: str, value: str) -> None:
        match name:
            case "cookie":
                for pair in value.split(";"):
                    self._see_cookie(pair)
            case "authorization" | "proxy-authorization":
                self._see_authorization(value, is_proxy=name.startswith("proxy"))
            case "sec-websocket-protocol":
                for match in _SUBPROTOCOL.finditer(value):
                    self.add(match[1])
            case _ if is_secret_header(name):
                self.add(value)

    def _see_authorization(self, value: str, *, is_proxy: bool) -> None:
        scheme, _, rest = value.strip().partition(" ")
        self.add(rest or scheme)
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(rest).decode("utf-8", "surrogateescape")
            except binascii.Error:
                return
            self.see_user(pair, is_proxy=is_proxy)
        for match in _SIGNATURE.finditer(rest):
            self.add(match[1])

    def _see_cookie(self, pair: str) -> None:
        name, _, value = pair.strip().partition("=")
        kept = self._cookies.setdefault(name, [])
        kept += (secret for secret in self.add(value) if secret not in kept)
        while len(kept) > _COOKIES_KEPT:
            self._values.pop(kept.pop(0), None)
            self._seen.clear()
            self._changed()

    def _see_url(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        user_info = re.split("[/?#]", rest or scheme, maxsplit=1)[0].rpartition("@")[0]
        if user_info:
            self.see_user(unquote(user_info))
        parts = urlsplit(url)
        for query in (parts.query, parts.fragment):
            for name, value in parse_qsl(query, errors="surrogateescape"):
                if is_secret_parameter(name):
                    self.add(value)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Forms:
    """One credential in the forms in which it can be told in a text."""

    value: bytes
    stand_in: bytes
    spellings: tuple[bytes, ...]
    """The value, as a form spells its spaces, its hexadecimal digits, and what base64 makes of it at each alignment."""
    stand_ins: tuple[bytes, ...]
    """One for each spelling."""
    traces: tuple[tuple[bytes, ...], ...]
    """For each spelling, what unescaping, as often as it is done, makes of it."""
    marks: tuple[frozenset[int], ...]
    """For each spelling, those of _MARKS that it has."""
    is_run: bool
    """So is then every spelling."""
    odd: bool
    """It holds characters that are escaped everywhere, or not all ASCII."""

    @classmethod
    def of(cls, value: bytes) -> "Forms":
        """The forms of `value`."""
        stand_in = _NUMBER.sub(b"9", value) if _is_number(value) else placeholder(value)
        plus = value.replace(b" ", b"+")
        digits = value.hex().encode()
        cores = tuple(dict.fromkeys(_base64_cores(value)))
        spellings = (value, plus, digits, digits.upper(), *cores)
        return cls(
            value=value,
            stand_in=stand_in,
            spellings=spellings,
            stand_ins=(
                *(stand_in, stand_in, PLACEHOLDER, PLACEHOLDER),
                *(_base64_stand_in(len(core)) for core in cores),
            ),
            traces=tuple(map(_traces, spellings)),
            marks=tuple(frozenset(_MARKS).intersection(form) for form in spellings),
            is_run=is_run(value),
            odd=not value.isascii() or b'"' in value or b"\\" in value,
        )

    def replace(self, text: bytes, words: bytes, absent: frozenset[int]) -> bytes:
        """`text` with a stand-in for each unescaped spelling.

        `words`: its runs; `absent`: those of _MARKS that no run has.
        """
        for spelling, stand_in, marks in zip(
            self.spellings, self.stand_ins, self.marks, strict=True
        ):
            if not self.is_run:
                found = spelling in text
            else:
                found = absent.isdisjoint(marks) and spelling in words
            if found:
                text = _cut_in_escape(text, spelling)
                text = text.replace(spelling, stand_in)
        return text


_MARKS = b"+/-_"
"""Characters that tell base64 from the URL-safe kind and from most keys, and spare a search."""
_NUMBER = re.compile(rb"[0-9]")


def _is_number(value: bytes) -> bool:
    """Whether `value` may be a number in JSON, where only a number can take its place."""
    return re.fullmatch(rb"[0-9.eE+-]+", value) is not None


def _base64_cores(value: bytes) -> Iterator[bytes]:
    """The characters that depend on `value` alone, for each place it can have in three bytes."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value)
        first = -(-before * 8 // 6)
        last = (before + len(value)) * 8 // 6
        core = encoded[first:last]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def _base64_stand_in(length: int) -> bytes:
    """Base64 of `REDACTED-`, so many characters over that base64 around it stays whole."""
    stand_in = base64.b64encode(PLACEHOLDER + b"-")
    return stand_in + stand_in[: length % 4]


def _cut_in_escape(text: bytes, spelling: bytes) -> bytes:
    r"""`text` without the backslash of an escape that `spelling` begins in the middle of.

    A key `nsk-…` after a backslash is a line break and `sk-…` in JSON: without its
    backslash it is a plain `nsk-…`, and goes with the others.
    """
    if b"\\" not in text:
        return text
    inside = re.compile(
        rb"(?<!\\)((?:\\\\)*)\\(?:u[0-9A-Fa-f]{0,3})?(?=" + re.escape(spelling) + b")"
    )
    return inside.sub(rb"\1", text)


_JSON_ASCII = re.compile(rb"\\+u(00[0-7][0-9A-Fa-f])")
_JSON_ANY = re.compile(rb"\\+u([0-9A-Fa-f]{4})(?:\\+u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?")
_XML_ESCAPE = re.compile(rb"&#(?:([0-9]{1,6})|[xX]([0-9A-Fa-f]{1,5}));")
_XML_NAMES = ((b"&amp;", b"&"), (b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'))
_ESCAPES = (b"%", b"\\u00", b"\\/", b"&#", b"&amp;", b"&lt;", b"&gt;", b"&quot;")
_DEPTH = 3
"""Escapes within escapes that are undone: JSON in a URL in JSON."""


def _replace_escaped(text: bytes, known: "tuple[Forms, ...]") -> bytes:
    """`text` without credentials of which some characters are escaped."""
    odd = any(forms.odd for forms in known)
    escapes = (*_ESCAPES, b"\\") if odd else _ESCAPES
    plain = text
    for _ in range(_DEPTH if known else 0):
        if not any(escape[:1] in plain and escape in plain for escape in escapes):
            return text
        plain = _unescape(plain, only_ascii=not odd)
        for forms in known:
            for traces, spelling, stand_in in zip(
                forms.traces, forms.spellings, forms.stand_ins, strict=True
            ):
                if any(trace in plain for trace in traces):
                    text = _any_escape(spelling).sub(stand_in, text)
    return text


def _unescape(text: bytes, *, only_ascii: bool) -> bytes:
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
    units = b"".join(bytes.fromhex(unit.decode()) for unit in match.groups() if unit)
    return units.decode("utf-16-be", "replace").encode()


def _xml_character(match: re.Match[bytes]) -> bytes:
    code = int(match[1]) if match[1] else int(match[2], 16)
    return chr(code).encode("utf-8", "replace")


def _any_escape(value: bytes) -> re.Pattern[bytes]:
    """A pattern for `value` with any of its characters plain or escaped."""
    text = value.decode("utf-8", "surrogateescape")
    return re.compile("".join(_spellings(char) for char in text).encode())


_BACKSLASHES = r"(?:\\|%(?:25)*5[cC])+"


def _spellings(char: str) -> str:
    """A pattern, in ASCII, for the UTF-8 of `char` and all its escapes."""
    units = char.encode("utf-16-be", "surrogatepass")
    ways = [
        "".join(rf"%(?:25)*(?i:{byte:02x})" for byte in _encoded(char)),
        "".join(
            _BACKSLASHES + rf"u(?i:{units[at : at + 2].hex()})"
            for at in range(0, len(units), 2)
        ),
        rf"&(?:amp;)*#(?:0*{ord(char)}|(?i:x0*{ord(char):x}));",
        "".join(rf"\x{byte:02x}" for byte in _encoded(char)),
    ]
    if char in '/"':
        ways.insert(0, rf"{_BACKSLASHES}(?:{char}|%(?:25)*{ord(char):02X})")
    if char == "\\":
        ways.insert(0, r"(?:\\|%(?:25)*5[cC]){2,}")
    ways += [name.decode() for name, plain in _XML_NAMES if plain == _encoded(char)]
    return f"(?:{'|'.join(ways)})"


def _traces(spelling: bytes) -> tuple[bytes, ...]:
    traces = {spelling.replace(b"\\", b""): None}
    for _ in range(_DEPTH):
        spelling = _unescape(spelling, only_ascii=False)
        traces[spelling] = None
    return tuple(traces)


_MASKS = tuple(
    (start, re.compile(run))
    for start, run in (
        (b"***", rb"\*+"),
        (b"...", rb"\.+"),
        (b"\xe2\x80\xa6", rb"(?:\xe2\x80\xa6)+"),
        (b"\\u2026", rb"(?:\\u2026)+"),
        (b"\xe2\x80\xa2" * 2, rb"(?:\xe2\x80\xa2)+"),
        (b"\\u2022" * 2, rb"(?:\\u2022)+"),
        (b"xxxx", rb"x+"),
        (b"XXXX", rb"X+"),
    )
)
"""What stands for the middle of a shortened key: `*`, `.`, an ellipsis, bullets, `x`."""
_ENDS = 24
"""Characters that are shown of either end, at most."""
_LEAST = 3
"""Characters that are shown of the start, if any are."""
_SHOWN = 3
"""Characters of a key, before and after the mask together, that make it that key."""
_PUBLIC = re.compile(rb"(?:[A-Za-z]{2,8}[0-9]{0,2}[_-]){0,3}")
"""The start that all keys of a kind have: `sk-proj-`."""


_HEAD = re.compile(rb"[0-9A-Za-z_+/=-]*\Z")
_TAIL = re.compile(rb"[0-9A-Za-z_+/=-]*")


def _replace_shortened(text: bytes, known: "tuple[Forms, ...]") -> bytes:
    """`text` without credentials of which only the ends are shown."""
    if not known:
        return text
    masks = sorted(
        mask
        for start, run in _MASKS
        if start[:1] in text
        for mask in _masks(text, start, run)
    )
    out, done = [], 0
    for start, end in masks:
        head, tail = _around(text, start, end)
        for forms in known if head or tail else ():
            before, after = _shown(head, tail, forms.value)
            if before + after and start - before >= done:
                out += [text[done : start - before], forms.stand_in]
                done = end + after
                break
    return b"".join((*out, text[done:])) if out else text


def _around(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """What may be the ends of a key on either side of a mask."""
    head = _HEAD.search(text, max(0, start - _ENDS), start)
    tail = _TAIL.match(text, end, end + _ENDS)
    return head[0] if head else b"", tail[0] if tail else b""


def _masks(
    text: bytes, start: bytes, run: re.Pattern[bytes]
) -> Iterator[tuple[int, int]]:
    at = text.find(start)
    while at >= 0:
        match = run.match(text, at)
        end = match.end() if match else at + 1
        yield at, end
        at = text.find(start, end)


def _shown(head: bytes, tail: bytes, value: bytes) -> tuple[int, int]:
    """How much of `head` and `tail` are the ends of `value`; nothing where that may be chance."""
    before = len(head) if value[:_LEAST] in head else 0
    while before and not value.startswith(head[-before:]):
        before -= 1
    after = len(tail) if value.endswith(tail) else 0
    if not before and not after:
        return 0, 0
    public = _PUBLIC.match(value)
    secret = max(0, before - (public.end() if public else 0)) + after
    return (before, after) if secret >= _SHOWN else (0, 0)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
