"""A request's body by its meaning: JSON, JSON Lines, a form, multipart or bytes.

`read` decides the kind (by Content-Type, else by content) and parses; `digest` is equal
for two bodies exactly when they say the same. Whatever cannot be read as its kind is
`Raw`, so equal only to the same bytes: doubt makes a miss, never a wrong answer.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from anyvcr.core import multipart, utf8
from anyvcr.core.matching.json_value import Value, encode, equal, parse_json
from anyvcr.core.media_type import FORM, JSON_LINES, is_json_type, media_type

_BLANKS = b" \t\r\n"
_FORM = re.compile(rb"[\w.~*%+-]+=[\w.~*%+&=-]*")
"""What an urlencoder writes (WHATWG URL, 5.2), with a name and a value at least."""


@dataclass(frozen=True, slots=True)
class Json:
    """One JSON text."""

    value: Value


@dataclass(frozen=True, slots=True)
class Lines:
    """JSON Lines: one value for each line that is not blank."""

    values: list[Value]


@dataclass(frozen=True, slots=True)
class Form:
    """Urlencoded pairs, sorted by name; those of one name in the order sent."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body; `name` is empty where it has none."""

    name: str
    filename: str | None
    type: str
    """Content-Type in lower case; empty where it has none, which is not taken for a default."""
    headers: tuple[tuple[str, str], ...]
    """Those that say more than the fields above, names in lower case."""
    content: "Json | Lines | Raw"


@dataclass(frozen=True, slots=True)
class Multipart:
    """Parts sorted by name; those of one name in the order sent."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """Any other body, the empty one, and one that is not what its type says."""

    data: bytes


Body: TypeAlias = Json | Lines | Form | Multipart | Raw


def read(data: bytes, content_type: str = "") -> Body:
    """The body of a request that has this Content-Type header, empty where it has none."""
    if not data:
        return Raw(b"")
    bare = media_type(content_type)
    if is_json_type(bare):
        return _json(data) or Raw(data)
    if bare in JSON_LINES:
        return _lines(data) or Raw(data)
    if bare == FORM:
        return _json_as_form(data) or _form(data)
    if bare.startswith("multipart/"):
        return _multipart(data, content_type) or Raw(data)
    return _guess(data, has_type=bool(bare)) or Raw(data)


def same(one: Body, other: Body) -> bool:
    """Whether two bodies have the same meaning."""
    match one, other:
        case (Json(before), Json(now)) | (Lines(before), Lines(now)):
            return equal(before, now)
        case Multipart(), Multipart():
            return canonical(one) == canonical(other)
    return one == other


def digest(body: Body) -> bytes:
    """SHA-256 of the body's meaning."""
    if isinstance(body, Raw):
        return sha256(b"raw:" + body.data).digest()
    return sha256(canonical(body).encode()).digest()


def canonical(body: Body) -> str:
    """One ASCII text for all spellings of a body; different bodies never share it."""
    match body:
        case Json(value):
            return "json:" + encode(value)
        case Lines(values):
            return "lines:" + encode(values)
        case Form(form_pairs):
            return "form:" + json.dumps(form_pairs)
        case Multipart(parts):
            return "multipart:" + json.dumps([_flat(part) for part in parts])
        case Raw(data):
            return "raw:" + data.hex()


def _flat(part: Part) -> tuple[object, ...]:
    content = digest(part.content).hex()
    return (part.name, part.filename, part.type, part.headers, content)


def _json_as_form(data: bytes) -> Json | None:
    """JSON that is sent as a form, as `curl -d` does where no type is given."""
    return _json(data) if data.lstrip(_BLANKS)[:1] in (b"{", b"[") else None


def _form(data: bytes) -> Form:
    return Form(tuple(sorted(pairs(data), key=lambda pair: pair[0])))


def pairs(data: bytes) -> list[tuple[str, str]]:
    """Urlencoded name-value pairs in the order sent (WHATWG URL, 5.1: `a` is `a=`)."""
    fields = [field.partition(b"=") for field in data.split(b"&") if field]
    return [(_unquote(name), _unquote(value)) for name, _, value in fields]


def _unquote(quoted: bytes) -> str:
    return utf8.decode(unquote_to_bytes(quoted.replace(b"+", b" ")))


def _guess(data: bytes, *, has_type: bool) -> Body | None:
    """What the content looks like; more is guessed where no header was kept at all."""
    if data.lstrip(_BLANKS)[:1] in (b"{", b"["):
        return _json(data) or (None if has_type else _lines(data))
    if has_type:
        return None
    if data.startswith(b"--"):
        return _multipart(data, "")
    return _form(data) if _FORM.fullmatch(data) else None


def _json(data: bytes) -> Json | None:
    try:
        return Json(parse_json(data))
    except ValueError:
        return None


def _lines(data: bytes) -> Lines | None:
    try:
        return Lines([parse_json(line) for line in data.split(b"\n") if line.strip()])
    except ValueError:
        return None


def _multipart(data: bytes, content_type: str) -> Multipart | None:
    found = multipart.read(data, content_type)
    if found is None:
        return None
    return Multipart(tuple(sorted(map(_part, found), key=lambda part: part.name)))


def _part(part: multipart.Part) -> Part:
    headers = dict(part.headers)
    headers.pop("content-length", None)  # OkHttp adds it
    if headers.get("content-transfer-encoding") in {"7bit", "8bit", "binary"}:
        del headers["content-transfer-encoding"]
    disposition = multipart.parameters(headers.pop("content-disposition", ""))
    content_type = headers.pop("content-type", "").lower()
    return Part(
        name=disposition.get("name", ""),
        filename=disposition.get("filename"),
        type=content_type,
        headers=tuple(sorted(headers.items())),
        content=_part_content(part.content, content_type),
    )


def _part_content(content: bytes, content_type: str) -> Json | Lines | Raw:
    if is_json_type(content_type):
        return _json(content) or Raw(content)
    if media_type(content_type) in JSON_LINES:
        return _lines(content) or Raw(content)
    return Raw(content)
