"""Removing secrets from what is stored, compared, logged and reported.

Three passes over each text until nothing changes: the user's own rules, the credentials
seen in this run, the shapes of secrets. So redacting twice is redacting once, and a text
without secrets comes back as the object it was. The same function serves the live request
before it is compared with the cassette, and everybody's secret has the same placeholder:
another key on playback still matches.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from anyvcr.core.cassette.model import Extra, Headers, Request, Response, encode, header
from anyvcr.core.errors import AnyvcrError, RedactionError
from anyvcr.core.json_spans import is_json, json_documents, spans
from anyvcr.core.redaction import stream_deltas
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import (
    find,
    find_in_form,
    find_in_header,
    find_in_part,
    find_in_url,
    find_in_value,
    is_text,
    parts,
    splice,
)
from anyvcr.core.redaction.patterns import PLACEHOLDER, Hit
from anyvcr.core.redaction.user_rules import RedactionRules

if TYPE_CHECKING:
    import regex
    from jsonpath import JSONPath

SECONDS = 1.0
"""For one regular expression on one text; past it, redaction fails."""

_WINDOW = 1 << 20
_OVERLAP = 1 << 16
"""Bytes; no secret is longer."""

_SHORT, _SHORTS = 256, 1024
"""Characters of a text, and how many such texts, whose redaction is remembered."""

_ROUNDS = 8
"""Two are the rule: one that changes something, one that does not."""

_WORD = PLACEHOLDER.decode()

_T = TypeVar("_T")
_Message = TypeVar("_Message", Request, Response)
Finder: TypeAlias = Callable[[bytes], list[Hit]]


class Redactor:
    """Redacts with the user's rules and the credentials of one run.

    Every method raises RedactionError where anything goes wrong: what it was given must
    then not be stored or shown.
    """

    def __init__(self, rules: RedactionRules, credentials: Credentials) -> None:
        self._rules = rules
        self._credentials = credentials
        self._revision = credentials.revision
        self._short: dict[tuple[object, str], str] = {}
        """What short texts came to: methods, hosts and headers are mostly the same."""

    @property
    def has_rules(self) -> bool:
        """Whether the user wants more removed than what is known to be secret."""
        rules = self._rules
        return bool(rules.json_paths or rules.headers or rules.patterns)

    def request(self, request: Request) -> Request:
        """`request` without secrets; the same object where it has none."""
        return _failing_closed("a request", self._request, request)

    def response(self, response: Response) -> Response:
        """`response` without secrets; the same object where it has none."""
        return _failing_closed("a response", self._response, response)

    def text(self, text: str) -> str:
        """A line of a log, a report or an error without secrets."""
        return _failing_closed("a text", partial(self._text, finder=find_in_url), text)

    def _request(self, request: Request) -> Request:
        return self._message(
            request,
            method=self._text(request.method, find),
            url=self._text(request.url, find_in_url),
            host=self._text(request.host, find_in_url),
            remote_addr=self._text(request.remote_addr, find),
            request_uri=self._text(request.request_uri, find_in_url),
            form=self._named(request.form, find_in_value),
        )

    def _response(self, response: Response) -> Response:
        return self._message(response, status=self._text(response.status, find))

    def _message(self, message: _Message, **own: object) -> _Message:
        """`message` without secrets, its `own` fields as they are given."""
        body = self._body(message.body, header(message.headers, "Content-Type"))
        length = message.content_length
        if length >= 0 and length == len(message.body):
            length = len(body)
        fields = own | {
            "headers": self._headers(message.headers),
            "trailer": self._headers(message.trailer),
            "body": body,
            "content_length": length,
            "extra": self._extra(message.extra),
        }
        changed = {k: v for k, v in fields.items() if getattr(message, k) != v}
        if not changed:
            return message
        return replace(message, **changed)  # type: ignore[arg-type]  # its own fields

    def _headers(self, headers: Headers) -> Headers:
        kept = self._named(headers, find_in_header)
        if not self._rules.headers:
            return kept
        return tuple(
            (name, (_WORD,) * len(values))
            if name.lower() in self._rules.headers
            else (name, values)
            for name, values in kept
        )

    def _named(
        self, named: Headers, finder: Callable[[str, bytes], list[Hit]]
    ) -> Headers:
        return tuple(
            (
                name,
                tuple(
                    self._text(value, partial(finder, name), (finder, name))
                    for value in values
                ),
            )
            for name, values in named
        )

    def _extra(self, extra: Extra) -> Extra:
        return tuple((key, self._object(value)) for key, value in extra)

    def _object(self, value: object) -> object:
        """A value of YAML or JSON, all its texts redacted, and the names in it too."""
        return _mapped(value, partial(self._text, finder=find))

    def _text(self, text: str, finder: Finder, kind: object = None) -> str:
        """`kind` tells finders apart that are made anew for each text."""
        if len(text) > _SHORT:
            return self._clean_text(text, finder)
        if self._revision != self._credentials.revision or len(self._short) > _SHORTS:
            self._short.clear()
            self._revision = self._credentials.revision
        key = (kind or finder, text)
        if key not in self._short:
            self._short[key] = self._clean_text(text, finder)
        clean = self._short[key]
        return text if clean == text else clean

    def _clean_text(self, text: str, finder: Finder) -> str:
        if not text:
            return text
        before = encode(text)
        after = self._clean(before, finder)
        return text if after is before else after.decode("utf-8", "surrogateescape")

    def _body(self, body: bytes, content_type: str) -> bytes:
        form = content_type.lower().startswith("application/x-www-form-urlencoded")
        pieces = [body[start:end] for start, end in parts(body)]
        finder = find_in_form if form else find if len(pieces) == 1 else find_in_part
        cleaned = [
            self._text_body(piece, finder) if is_text(piece) else self._binary(piece)
            for piece in pieces
        ]
        return body if cleaned == pieces else b"".join(cleaned)

    def _binary(self, data: bytes) -> bytes:
        """Data that is no text, each secret in it overwritten: its offsets stay.

        By windows that overlap, for a large one is not to be held several times over.
        """
        if len(data) <= _WINDOW:
            return self._overwritten(data)
        cleaned = data
        for start in range(0, len(data), _WINDOW - _OVERLAP):
            before = cleaned[start : start + _WINDOW]
            after = self._overwritten(before)
            if after is not before:
                cleaned = cleaned[:start] + after + cleaned[start + _WINDOW :]
        return cleaned

    def _overwritten(self, data: bytes) -> bytes:
        cleaned = bytearray(self._credentials.overwrite(data))
        for start, end, _ in find(bytes(cleaned)):
            filler = PLACEHOLDER * (1 + (end - start) // len(PLACEHOLDER))
            cleaned[start:end] = filler[: end - start]
        return data if cleaned == data else bytes(cleaned)

    def _text_body(self, body: bytes, finder: Finder) -> bytes:
        by_path = self._by_path(body)
        cleaned = self._clean(by_path, finder)
        if cleaned is not by_path:
            documents = list(json_documents(by_path))
            if len(list(json_documents(cleaned))) != len(documents):
                cleaned = self._clean_by_value(by_path, documents, finder)
        return self._clean_deltas(cleaned)

    def _clean_deltas(self, body: bytes) -> bytes:
        """`body` without the secrets that only its events together hold."""
        texts = stream_deltas.joined(body)
        for number in range(len(texts)):
            before = texts[number].text
            after = self._text(before, find)
            if after is not before:
                body = stream_deltas.rewrite(body, texts[number], after)
                texts = stream_deltas.joined(body)  # in the same order, at other places
        return body

    def _clean_by_value(
        self, body: bytes, documents: list[tuple[int, int]], finder: Finder
    ) -> bytes:
        """`body`, its JSON texts redacted value by value: as a whole they broke.

        A credential that ends in a backslash takes the one of an escaped quote with it.
        """
        out, done = [], 0
        for start, end in documents:
            document = self._clean(body[start:end], finder)
            if not is_json(document):
                value = self._object(json.loads(body[start:end]))
                document = json.dumps(value, ensure_ascii=False).encode()
            out += [self._clean(body[done:start], finder), document]
            done = end
        return b"".join((*out, self._clean(body[done:], finder)))

    def _by_path(self, body: bytes) -> bytes:
        if not self._rules.paths:
            return body
        out, done = [], 0
        for start, end in json_documents(body):
            out += [body[done:start], _cut(body[start:end], self._rules.paths)]
            done = end
        after = b"".join((*out, body[done:]))
        return body if after == body else after

    def _clean(self, text: bytes, finder: Finder) -> bytes:
        """`text` after as many rounds as change it; the same object where none does."""
        for _ in range(_ROUNDS):
            before = text
            text = self._by_pattern(text)
            text = self._credentials.replace(text)
            text = splice(text, finder(text))
            if text is before or text == before:
                return before
        msg = (
            "redaction does not settle: a rule of cassette_redact matches what"
            f" {_WORD} makes of a text; write it so that it does not"
        )
        raise RedactionError(msg)

    def _by_pattern(self, text: bytes) -> bytes:
        if not self._rules.expressions:
            return text
        before = after = text.decode("utf-8", "surrogateescape")
        for pattern in self._rules.expressions:
            try:
                after = _without(after, pattern)
            except TimeoutError:
                msg = (
                    f"{pattern.pattern!r} took more than {SECONDS:g} s on a text of"
                    f" {len(text):,} bytes; make it more definite"
                )
                raise RedactionError(msg) from None
        return text if after == before else encode(after)

    # The last method: after it, `bytes` is not the type.
    def bytes(self, data: bytes) -> bytes:
        """A body of any kind, or a WebSocket message, without secrets."""
        return _failing_closed("a body", partial(self._body, content_type=""), data)


def _failing_closed(what: str, redact: Callable[[_T], _T], value: _T) -> _T:
    try:
        return redact(value)
    except AnyvcrError:
        raise
    except Exception as error:  # whatever it is, the value is not safe
        # `from None`: the cause's text and its frames hold the value.
        msg = (
            f"{what} could not be redacted ({type(error).__name__}), so it is not used"
        )
        raise RedactionError(msg) from None


def _without(text: str, pattern: "regex.Pattern[str]") -> str:
    """`text` without what `pattern` finds outside of placeholders."""
    taken = [(at, at + len(_WORD)) for at in _occurrences(text, _WORD)]
    out, done = [], 0
    for match in pattern.finditer(text, timeout=SECONDS):
        groups = range(1, pattern.groups + 1) if pattern.groups else (0,)
        for start, end in sorted(match.span(group) for group in groups):
            inside = any(first <= start and end <= last for first, last in taken)
            if start >= done and end > start and not inside:
                out += [text[done:start], _WORD]
                done = end
    return "".join((*out, text[done:]))


def _occurrences(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def _cut(document: bytes, paths: "tuple[JSONPath, ...]") -> bytes:
    """A JSON text with `REDACTED` for what stands at `paths`."""
    text = document.decode("utf-8", "surrogateescape")
    value = json.loads(text)
    found = {match.parts for path in paths for match in path.finditer(value)}
    places = sorted({span for path in found for span in spans(text, path)})
    out, done = [], 0
    for start, end in places:
        if start >= done:
            old = json.loads(text[start:end])
            new = _mapped(old, lambda _: _WORD, number=0)
            out += [
                text[done:start],
                text[start:end] if new == old else json.dumps(new),
            ]
            done = end
    return encode("".join((*out, text[done:])))


def _mapped(
    value: object, change: Callable[[str], str], number: int | None = None
) -> object:
    """A value of YAML or JSON with each text changed, and each number where one is given."""
    match value:
        case str():
            return change(value)
        case bool() | None:
            return value
        case int() | float() if number is not None:
            return number
        case bytes():
            text = change(value.decode("utf-8", "surrogateescape"))
            return encode(text)
        case dict():
            names = (lambda name: name) if number is not None else change
            return {
                names(key) if isinstance(key, str) else key: _mapped(
                    item, change, number
                )
                for key, item in value.items()
            }
        case list() | tuple():
            return type(value)(_mapped(item, change, number) for item in value)
        case _:
            return value
