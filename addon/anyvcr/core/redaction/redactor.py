"""Removing secrets from what is stored, compared, logged and reported.

Three passes over each text until nothing changes: the user's own rules, the credentials
seen in this run, the shapes of secrets. So redacting twice is redacting once, and a text
without secrets comes back as the object it was. The same function serves the live request
before it is compared with the cassette, and everybody's secret has the same placeholder:
another key on playback still matches.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias, TypeVar

from anyvcr.core import multipart, utf8
from anyvcr.core.cassette.extensions import CONVERSATION
from anyvcr.core.cassette.model import (
    Extra,
    Headers,
    Request,
    Response,
    header,
)
from anyvcr.core.errors import AnyvcrError, RedactionError
from anyvcr.core.json_spans import is_json, json_documents, json_view
from anyvcr.core.media_type import is_json_type
from anyvcr.core.redaction import binary, stream_deltas
from anyvcr.core.redaction.body_text import (
    compressed,
    decompressed,
    is_text,
    wide_encoding,
)
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import (
    find,
    find_in_form,
    find_in_header,
    find_in_part,
    find_in_url,
    find_in_value,
    splice,
)
from anyvcr.core.redaction.patterns import Hit
from anyvcr.core.redaction.placeholder import PLACEHOLDER, numbered
from anyvcr.core.redaction.tokens import Words, words
from anyvcr.core.redaction.user_cuts import cut, mapped, without
from anyvcr.core.redaction.user_rules import RedactionRules

_SHORT, _SHORTS = 256, 1024
"""Characters of a text, and how many such texts, whose redaction is remembered."""

_ROUNDS = 8
"""Two are the rule: one that changes something, one that does not."""

_WORD = PLACEHOLDER.decode()
_BINARY_MESSAGE = re.compile(rb"^([<>]=(?:@[0-9.]+)? )(.+)$", re.MULTILINE)

_T = TypeVar("_T")
_Message = TypeVar("_Message", Request, Response)
Finder: TypeAlias = Callable[[bytes, Words], list[Hit]]


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
        self._origins: dict[bytes, dict[bytes, int]] = {}
        """For each request without its secrets, which it was in full; digests, in memory only."""

    @property
    def revision(self) -> int:
        """A number that changes when texts may come out otherwise than before."""
        return self._credentials.revision

    @property
    def has_rules(self) -> bool:
        """Whether the user wants more removed than what is known to be secret."""
        rules = self._rules
        return bool(rules.json_paths or rules.headers or rules.patterns)

    def request(self, request: Request) -> Request:
        """`request` without secrets; the same object where it has none.

        Two that differ only by a secret get different placeholders: the second's have a number.
        """
        return _failing_closed("a request", self._told_apart, request)

    def response(self, response: Response) -> Response:
        """`response` without secrets; the same object where it has none."""
        return _failing_closed("a response", self._response, response)

    def text(self, text: str) -> str:
        """A line of a log, a report or an error without secrets."""
        return _failing_closed("a text", partial(self._text, finder=find_in_url), text)

    def _told_apart(self, request: Request) -> Request:
        clean = self._request(request)
        if clean is request:
            return clean
        origins = self._origins.setdefault(_digest(clean), {})
        number = origins.setdefault(_digest(request), len(origins) + 1)
        return clean if number == 1 else numbered(clean, number)

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
            "proto": self._text(message.proto, find),
            "transfer_encoding": tuple(
                self._text(each, find) for each in message.transfer_encoding
            ),
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
        self, named: Headers, finder: Callable[[str, bytes, Words], list[Hit]]
    ) -> Headers:
        cleaned = [
            (
                self._text(name, find),
                tuple(
                    self._text(value, partial(finder, name), (finder, name))
                    for value in values
                ),
            )
            for name, values in named
        ]
        if all(new[0] == old[0] for new, old in zip(cleaned, named, strict=True)):
            return tuple(cleaned)
        # Names that became one are one: a mapping of YAML has each once.
        merged: dict[str, tuple[str, ...]] = {}
        for name, values in cleaned:
            merged[name] = (*merged.get(name, ()), *values)
        return tuple(merged.items())

    def _extra(self, extra: Extra) -> Extra:
        return tuple(
            (self._text(key, find), self._member(key, value)) for key, value in extra
        )

    def _member(self, name: str, value: object) -> object:
        """What stands under `name`, which may make a secret of it."""
        if not isinstance(value, str):
            return self._object(value)
        return self._text(value, partial(find_in_value, name), (find_in_value, name))

    def _object(self, value: object) -> object:
        """A value of YAML or JSON, all its texts redacted, and the names in it too."""
        return mapped(value, partial(self._text, finder=find))

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
        before = utf8.encode(text)
        after = self._clean(before, finder)
        return text if after is before else utf8.decode(after)

    def _body(self, body: bytes, content_type: str) -> bytes:
        if content_type == CONVERSATION:
            body = _BINARY_MESSAGE.sub(self._binary_message, body)
        form = content_type.lower().startswith("application/x-www-form-urlencoded")
        spans = list(multipart.spans(body))
        finder = find_in_form if form else find if len(spans) == 1 else find_in_part
        said_json = is_json_type(content_type)
        cleaned = [
            self._part(body[start:end], finder, said_json=said_json)
            for start, end in spans
        ]
        whole = cleaned[0] if len(cleaned) == 1 else b"".join(cleaned)
        return body if whole == body else whole

    def _binary_message(self, line: re.Match[bytes]) -> bytes:
        """A line of a WebSocket's transcript that holds bytes, without their secrets."""
        try:
            before = base64.b64decode(line[2], validate=True)
        except ValueError:
            return line[0]
        after = self._body(before, "")
        return line[0] if after == before else line[1] + base64.b64encode(after)

    def _part(self, part: bytes, finder: Finder, *, said_json: bool = False) -> bytes:
        """A body, or one part of a multipart body with the lines that say what it is."""
        start = multipart.content_start(part)
        content = part[start:]
        if (inner := decompressed(content)) is not None:
            after = self._part(inner, find)
            content = content if after == inner else compressed(after)
        elif encoding := wide_encoding(content):
            inner = content.decode(encoding).encode("utf-8", "surrogatepass")
            after = self._text_body(inner, find, said_json=said_json)
            if after != inner:
                content = after.decode("utf-8", "surrogatepass").encode(encoding)
        elif is_text(content):
            return self._text_body(part, finder, said_json=said_json)
        else:
            content = binary.overwritten(
                content, self._credentials, self._rules.expressions
            )
        if start:
            return self._text_body(part[:start], find_in_part) + content
        return part if content == part else content

    def _text_body(
        self, body: bytes, finder: Finder, *, said_json: bool = False
    ) -> bytes:
        by_path = self._by_path(body, said_json=said_json)
        cleaned = self._clean(by_path, finder)
        if cleaned is not by_path:
            documents = list(json_documents(by_path))
            whole = documents == [(0, len(by_path))]
            if len(list(json_documents(cleaned))) != len(documents) or (
                whole and not is_json(cleaned)
            ):
                cleaned = self._clean_by_value(by_path, documents, finder)
        return self._clean_deltas(cleaned)

    def _clean_deltas(self, body: bytes) -> bytes:
        """`body` without the secrets that only its events, or the items of a list, hold together."""
        for _ in range(_ROUNDS):
            texts = stream_deltas.joined(body)
            cleaned = ((each, self._text(each.text, find)) for each in texts)
            changed = [(each, after) for each, after in cleaned if after != each.text]
            if not changed:
                break
            body = stream_deltas.rewrite_all(body, changed)
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

    def _by_path(self, body: bytes, *, said_json: bool) -> bytes:
        if not self._rules.paths:
            return body
        out, done, view = [], 0, json_view(body)
        for start, end in json_documents(body):
            old, seen = body[start:end], view[start:end]
            out += [body[done:start], cut(old, seen, self._rules.paths)]
            done = end
        if not out and said_json and body.lstrip()[:1] in (b"{", b"["):
            msg = (
                f"the rule {self._rules.json_paths[0]} cannot be applied: the body is said to be"
                " JSON and is not; record it without the rule, or remove it by regex:PATTERN"
            )
            raise RedactionError(msg)
        after = b"".join((*out, body[done:]))
        return body if after == body else after

    def _clean(self, text: bytes, finder: Finder) -> bytes:
        """`text` after as many rounds as change it; the same object where none does."""
        for _ in range(_ROUNDS):
            before = text
            text = self._by_pattern(text)
            found = words(text)
            replaced = self._credentials.replace(text, found)
            found = found if replaced is text else words(replaced)
            text = splice(replaced, finder(replaced, found))
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
        before = after = utf8.decode(text)
        for pattern in self._rules.expressions:
            after = without(after, pattern)
        return text if after == before else utf8.encode(after)

    # The last method: after it, `bytes` is not the type.
    def bytes(self, data: bytes) -> bytes:
        """A body of any kind without secrets."""
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


def _digest(request: Request) -> bytes:
    text = "\0".join((request.method, request.url, request.host))
    return hashlib.sha256(utf8.encode(text) + b"\0" + request.body).digest()
