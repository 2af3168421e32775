"""Finding secrets in texts, URLs, headers, bodies and whole interactions.

By their own shape (patterns.py) and by the name beside them (named_values.py). Redaction cuts
exactly what is found here, so what was redacted passes `scan`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from anyvcr.core import multipart, utf8
from anyvcr.core.cassette.model import Headers, Interaction, header
from anyvcr.core.json_spans import json_documents, path_at, path_of
from anyvcr.core.media_type import FORM, media_type
from anyvcr.core.redaction.body_text import (
    ARCHIVES,
    GZIP,
    decompressed,
    is_text,
    wide_encoding,
)
from anyvcr.core.redaction.named_values import is_opaque, may_name, named
from anyvcr.core.redaction.patterns import Hit, in_runs, private_keys
from anyvcr.core.redaction.placeholder import is_placeholder, placeholder
from anyvcr.core.redaction.secret_names import (
    is_sample,
    is_secret_header,
    is_secret_parameter,
    may_be_secret_name,
)
from anyvcr.core.redaction.secret_urls import in_user_info, may_sign, signed
from anyvcr.core.redaction.stream_deltas import joined
from anyvcr.core.redaction.tokens import Words, outside, words

_PARAMETER = re.compile(rb"(?:^|[?&#])([^=&#?\s]+)=([^&#\s]+)")
_USER = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#@\s]+)@")
_PROTOCOL = re.compile(rb"openai-(?:insecure-api-key|organization|project)\.([^\s,]+)")
"""Subprotocols in which a browser sends what it cannot send as headers."""
_PIECES = re.compile(rb"[;,\s]+")
_PLAIN_PIECE = re.compile(rb"(?i)[^0-9=]*|(?:domain|path)=.*|(?:[^=]*=)?.{0,11}")
"""Of a header with one secret or several: a scheme, a cookie's attribute, a part of a date."""
_FIELD = re.compile(rb'(?i)\r\ncontent-disposition:[^\r\n]*[; ]name="?([^";\r\n]+)')


def find(text: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in `text` as sorted spans that do not overlap, by shape or by the name beside them.

    `found` are the words of `text`, where they are known.
    """
    found = found or words(text)
    hits = list(in_runs(text, found))
    if found.letters is not None and not (
        may_name(found.letters) or may_sign(found.letters)
    ):
        return _apart(hits)
    for start, end in outside(text, found.long_runs):
        lower = text[start:end].lower()
        hits += private_keys(text, lower, start)
        hits += named(text, lower, start)
        hits += signed(text, lower, start)
        hits += in_user_info(text, start, end)
    return _apart(hits)


def splice(text: bytes, hits: list[Hit]) -> bytes:
    """`text` with a placeholder for every hit; the same object where there is none."""
    if not hits:
        return text
    out, done = [], 0
    for hit in hits:
        out += [text[done : hit.start], placeholder(text[hit.start : hit.end])]
        done = hit.end
    return b"".join((*out, text[done:]))


def _apart(hits: list[Hit]) -> list[Hit]:
    """In order; those that overlap made one."""
    if len(hits) < 2:
        return hits
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    apart = [hits[0]]
    for hit in hits[1:]:
        last = apart[-1]
        if hit.start >= last.end:
            apart.append(hit)
        elif hit.end > last.end:
            apart[-1] = last._replace(end=hit.end)
    return apart


def find_in_url(url: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in a URL: as `find`, with its user and password, and what stands under a telling name."""
    hits = find(url, found)
    for user in _USER.finditer(url) if b"@" in url else ():
        if not is_placeholder(user[1]):
            hits.append(Hit(user.start(1), user.end(1), "url-credentials"))
    start = min((at for at in (url.find(b"?"), url.find(b"#")) if at >= 0), default=-1)
    if start >= 0:
        hits += _parameters(url, start)
    return _apart(hits)


def find_in_form(text: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in an urlencoded body: as `find`, and what stands under a telling name."""
    return _apart([*find(text, found), *_parameters(text, 0)])


def _parameters(text: bytes, start: int) -> Iterator[Hit]:
    has_signature = b"sig=" in text
    for match in _PARAMETER.finditer(text, start):
        name = unquote_plus(match[1].decode("utf-8", "replace"))
        # In a sentence, a mark may follow the URL.
        plain = is_placeholder(match[2].rstrip(b":,.;)'\"")) or is_sample(match[2])
        is_secret = is_secret_parameter(name, signed=has_signature) or (
            may_be_secret_name(name) and is_opaque(match[2])
        )
        if is_secret and not plain:
            yield Hit(match.start(2), match.end(2), "secret-parameter")


def _is_plain(piece: bytes) -> bool:
    return is_sample(piece) or _PLAIN_PIECE.fullmatch(piece) is not None


def find_in_header(name: str, value: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in a header's value: as `find`, or all of it where the name says so."""
    if is_secret_header(name):
        plain = is_placeholder(value) or (
            is_sample(value) and all(map(_is_plain, _PIECES.split(value)))
        )
        return [] if plain or not value else [Hit(0, len(value), "secret-header")]
    hits = find_in_url(value, found)
    for match in _PROTOCOL.finditer(value):
        if not is_placeholder(match[1]):
            hits.append(Hit(match.start(1), match.end(1), "secret-header"))
    return _apart(hits)


def find_in_part(part: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in one part of a multipart body: as `find`, and all of a field under a telling name."""
    hits = find(part, found)
    head = part.partition(b"\r\n\r\n")[0]
    start, field = len(head) + 4, _FIELD.search(head)
    if field and start < len(part):
        own = find_in_value(field[1].decode("utf-8", "replace"), part[start:])
        hits += [h for h in _moved(own, start) if h.rule == "secret-parameter"]
    return _apart(hits)


def _moved(hits: list[Hit], by: int) -> Iterator[Hit]:
    for hit in hits:
        yield Hit(hit.start + by, hit.end + by, hit.rule)


def find_in_body(body: bytes, content_type: str) -> list[Hit]:
    """All secrets in a body of this Content-Type, as `find`, wherever it is text."""
    if media_type(content_type) == FORM and is_text(body):
        return find_in_form(body)
    hits: list[Hit] = []
    for start, end in multipart.spans(body):
        part = body[start:end]
        inside = start + multipart.content_start(part)
        inner = _within(body[inside:end])
        if inner is not None:
            found = find_in_body(inner, "")
            hits += (Hit(inside, end, hit.rule) for hit in found[:1])
            part = body[start:inside]
        if not is_text(part[multipart.content_start(part) :]):
            continue
        found = find(part) if end - start == len(body) else find_in_part(part)
        hits += _moved(found, start)
    return hits


def _within(content: bytes) -> bytes | None:
    """What gzip, or UTF-16, that stands in a body holds; None where it is neither."""
    if (inner := decompressed(content)) is not None:
        return inner
    if encoding := wide_encoding(content):
        return content.decode(encoding).encode("utf-8", "surrogatepass")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where an interaction holds a secret; never the secret itself."""

    rule: str
    where: str
    """`request url`, `response header Set-Cookie`, `response body, $.data[0].value`."""
    secret: bytes = field(default=b"", repr=False, compare=False)
    """What was found, to look up where it stands in a file; never to be shown."""


def scan(interaction: Interaction) -> tuple[Finding, ...]:
    """Every secret stored in `interaction`, as far as its shape or its name tells it."""
    request, response = interaction.request, interaction.response
    found = [
        *_scan_url("request url", request.url),
        *_scan_url("request request_uri", request.request_uri),
        *_scan_url("request host", request.host),
        *_scan_text("request method", request.method),
        *_scan_text("request proto", request.proto),
        *_scan_text("request remote_addr", request.remote_addr),
        *_scan_text("request transfer_encoding", "\n".join(request.transfer_encoding)),
        *_scan_headers("request header", request.headers),
        *_scan_headers("request trailer", request.trailer),
        *_scan_form(request.form),
        *_scan_body("request body", request.body, request.headers),
        *_scan_text("response status", response.status),
        *_scan_text("response proto", response.proto),
        *_scan_text(
            "response transfer_encoding", "\n".join(response.transfer_encoding)
        ),
        *_scan_headers("response header", response.headers),
        *_scan_headers("response trailer", response.trailer),
        *_scan_body("response body", response.body, response.headers),
    ]
    for place, extra in (
        ("interaction", interaction.extra),
        ("request", request.extra),
        ("response", response.extra),
    ):
        for key, value in extra:
            text = json.dumps({key: value}, ensure_ascii=False, default=str)
            name = "key" if find(utf8.encode(key)) else key
            found += _scan_text(f"{place} {name}", text)
    return tuple(dict.fromkeys(found))


def _found(where: str, hits: list[Hit], text: bytes) -> Iterator[Finding]:
    for hit in hits:
        yield Finding(rule=hit.rule, where=where, secret=text[hit.start : hit.end])


def _scan_text(where: str, text: str) -> Iterator[Finding]:
    data = utf8.encode(text)
    yield from _found(where, find(data), data)


def _scan_url(where: str, text: str) -> Iterator[Finding]:
    data = utf8.encode(text)
    yield from _found(where, find_in_url(data), data)


def _scan_headers(where: str, headers: Headers) -> Iterator[Finding]:
    for name, values in headers:
        if hits := find(utf8.encode(name)):
            yield from _found(f"{where}'s name", hits, utf8.encode(name))
            continue
        for value in values:
            text = utf8.encode(value)
            yield from _found(f"{where} {name}", find_in_header(name, text), text)


def _scan_form(form: Headers) -> Iterator[Finding]:
    for name, values in form:
        if hits := find(utf8.encode(name)):
            yield from _found("request form's name", hits, utf8.encode(name))
            continue
        for value in values:
            text = utf8.encode(value)
            yield from _found(f"request form {name}", find_in_value(name, text), text)


def unread(interaction: Interaction) -> tuple[str, ...]:
    """The places of bodies that were not looked into: archives, and what stayed encoded."""
    found: dict[str, None] = {}
    for side, message in (
        ("request", interaction.request),
        ("response", interaction.response),
    ):
        coding = header(message.headers, "Content-Encoding").lower()
        if message.body and coding not in ("", "identity"):
            found[f"{side} body, encoded as {coding}"] = None
        for start, end in multipart.spans(message.body):
            content = message.body[
                start + multipart.content_start(message.body[start:end]) : end
            ]
            if content.startswith(ARCHIVES):
                found[f"{side} body, an archive"] = None
            elif content.startswith(GZIP) and decompressed(content) is None:
                found[f"{side} body, compressed data that is broken or too large"] = (
                    None
                )
    return tuple(found)


def find_in_value(name: str, value: bytes, found: Words | None = None) -> list[Hit]:
    """All secrets in the decoded value of the parameter `name`, as `find`."""
    if is_secret_parameter(name) and value:
        plain = is_placeholder(value) or is_sample(value)
        return [] if plain else [Hit(0, len(value), "secret-parameter")]
    return _looking_secret(name, value) or find(value, found)


def _looking_secret(name: str, value: bytes) -> list[Hit]:
    """All of a value that looks secret, under a name that other things have, too: `pass`, `X_TOKEN`."""
    if not (may_be_secret_name(name) and is_opaque(value)):
        return []
    return [] if is_placeholder(value) else [Hit(0, len(value), "secret-parameter")]


def _scan_body(where: str, body: bytes, headers: Headers) -> Iterator[Finding]:
    hits = find_in_body(body, header(headers, "Content-Type"))
    documents = list(json_documents(body)) if hits else []
    for hit in hits:
        place = f"{where}, {_place(body, documents, hit)}"
        yield Finding(rule=hit.rule, where=place, secret=body[hit.start : hit.end])
    for text in joined(body):
        for hit in find(utf8.encode(text.text)):
            if text.across(hit.start, hit.end):
                path = path_of(text.path)
                yield Finding(rule=hit.rule, where=f"{where}, events joined, {path}")


def _place(body: bytes, documents: list[tuple[int, int]], hit: Hit) -> str:
    for number, (start, end) in enumerate(documents):
        if start <= hit.start < end:
            text = utf8.decode(body[start:end])
            at = len(utf8.decode(body[start : hit.start]))
            path = path_at(text, at)
            return path if len(documents) == 1 else f"document {number}, {path}"
    return f"byte {hit.start}"
