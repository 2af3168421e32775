"""Secrets that look like nothing, told by the name beside them: `"password": "…"`, `API_KEY=…`.

Also where an escaped line break precedes the name, in a list or an object that the name
holds, in `{"name": "Authorization", "value": "…"}`, in XML, and for `curl -u`. Every step
looks at a bounded stretch, so the cost is linear in the text.
"""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.patterns import Hit, has_entropy
from anyvcr.core.redaction.placeholder import is_placeholder
from anyvcr.core.redaction.secret_names import (
    is_password_name,
    is_sample,
    is_secret_name,
    may_be_secret_name,
)

_STEMS: dict[bytes, bytes] = {
    b"key": rb"(?<=[\w-]key)",
    b"secret": b"",
    b"token": b"",
    b"cookie": b"",
    b"auth": b"(?:orization)?",
    b"pass": b"(?:word|wd|phrase)?",
    b"pwd": b"",
    b"bearer": b"",
    b"credential": b"s?",
    b"secretstring": b"",
    b"connection": b"[_-]?string",
}
"""How the names of secrets end, in lower case (secret_names.py decides on the whole name)."""
_Q = rb"""(?:\\{0,16}["'])"""
_SPACE = rb"(?:\s|\\{1,8}[nrt]){0,32}"
_SCHEME = rb"(?:bearer|basic|token|apikey)(?:[ +]|%20)"
_NO_SECRET = (
    rb"(?>=>|:?=|:)[ \t]?(?!"
    + _SCHEME
    + rb""")[^\s"'\\<>{}()$,;&\[|][^\s"'\\<>{}()$,;&]{0,10}(?:[\s"'<>{}()$,;&]|\Z)"""
    rb"|(?>=>|:?=|:|,)\s{0,4}"
    rb"""(?:"(?!value")(?:[^"\\]{0,7}|redacted)"|'(?!value')(?:[^'\\]{0,7}|redacted)')"""
    rb"|>(?![^<>\s]{8})"
)
"""What follows a name and is too short for a secret, as most is: told without a look at the name."""
_LINKED = (rb"(?=" + _Q + rb"?[ \t]{0,2}(?:=>|:?=|:|,|>))") + (
    rb"(?!" + _Q + rb"?[ \t]{0,2}(?:" + _NO_SECRET + rb"))"
)
_FIELD_ENDS = tuple(
    (stem, re.compile(stem + end + _LINKED)) for stem, end in _STEMS.items()
)

_LINK = re.compile(
    rb"(?P<named>" + _Q + rb")?(?:"
    rb"\s{0,9}(?:=>|:?=|:)"
    + _SPACE
    + rb"(?:[|>]-?(?=[\s\\])"
    + _SPACE
    + rb")?(?P<inner>\["
    + _SPACE
    + rb")?(?P<member>\{[^{}]{0,80}?"
    + _Q
    + rb"(?:value|token|key|secret|bearer)"
    + _Q
    + rb"\s{0,9}:\s{0,9})?"
    rb"|(?P<pair>\s{0,9},"
    + _SPACE
    + rb")(?P<value>"
    + _Q
    + rb"value"
    + _Q
    + rb"\s{0,9}:\s{0,9})?"
    rb"|(?P<tag>>))"
    rb"(?P<quote>" + _Q + rb")?(?P<scheme>(?i:bearer|basic|token|apikey)(?:[ +]|%20)+)?"
)
_LONGEST_NAME = 60
_IN_NAME = bytes(
    code if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_.-") else 32
    for code in range(256)
)
_MOST = 4096
"""Bytes of a value that are looked at; a key is shorter, a longer one goes to its last byte."""
_PLAIN = re.compile(
    rb"""(?>(?:[^\s"'\\<>{}()$,;&]|\\+/|\\+u00[2-7][0-9A-Fa-f]){0,4096})"""
)
_TOKEN = re.compile(rb"[\w.~+/=%-]{20,}")
_OPAQUE = re.compile(rb"[\w.~+/=%@!:-]{16,512}")
_CHOSEN = re.compile(rb"""[^\s"'\\<>,;&`()]{12,64}+(?![(])""")
_IN_TAG = re.compile(rb"([^<>\s]{8,256}+)</")
_TEMPLATE = re.compile(
    rb"""\$\{|\{\{|\$[A-Za-z_]+$|^\{[\w .]+\}$|<[A-Za-z][\w -]*>|^[A-Za-z_.]+[(\[].*[)\]]$|://"""
)
_SENTENCE = re.compile(
    rb"(?i)(?:^|\s)(?:a|an|and|at|be|can|characters?|chars|enter|for|in|is|least|must|not|of|or|the|this|to|user|with|your)(?:\s|$)|[.?]$"
)
_WORDY = re.compile(rb"[A-Za-z]*(?:[_.:/-][A-Za-z]*[0-9]{0,4})*")
_DIGIT_OR_SIGN = re.compile(rb"[0-9!#$%&@*\x80-\xff]")
_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\xff]")
_RESUMES = 4
"""Names within one stretch without an end that are looked at."""
_CURL = re.compile(
    rb"""\s(?:-u|--user|--proxy-user)[ =]{0,3}\\{0,8}["']?[^\s:"'\\]{1,64}:([^\s"'\\]{8,256})"""
)


def may_name(letters: bytes) -> bool:
    """Whether a text, of whose letters in lower case these are all, may have what `named` finds."""
    return any(stem in letters for stem in _STEMS)


def named(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    """Values beside a telling name; `lower` is `text` from `start` on, in lower case."""
    for word, pattern in _FIELD_ENDS:
        if word in lower:
            yield from _beside(text, lower, start, pattern)
    if b"curl" in lower:
        yield from _for_curl(text, start, start + len(lower))


def _beside(
    text: bytes, lower: bytes, start: int, pattern: re.Pattern[bytes]
) -> Iterator[Hit]:
    done, stretch, resumes, next_at = 0, 0, 0, 0
    while match := pattern.search(lower, next_at):
        at, after = start + match.start(), start + match.end()
        if at < done:
            next_at = done - start
            continue
        if at < stretch and resumes >= _RESUMES:
            next_at = stretch - start
            continue
        next_at = match.end()
        name = _name(text, at, after)
        if name is None:
            continue
        hit, end = _value(text, after, name)
        if hit is not None:
            yield hit
            done = hit.end
        else:
            resumes = resumes + 1 if at < stretch else 0
            stretch = max(stretch, end)


def _name(text: bytes, at: int, after: int) -> str | None:
    """The name that ends at `after`, where it may be a secret's."""
    near = text[max(0, at - _LONGEST_NAME) : after][-_LONGEST_NAME:]
    name = near.translate(_IN_NAME).rpartition(b" ")[2].decode()
    if may_be_secret_name(name):
        return name
    start = after - len(name)
    before = text[max(0, start - 1) : start]
    # An escaped line break or tabulator: `\npassword`, `\u000apassword`, `%0Apassword`.
    for sign, sizes in ((b"\\", (1, 5)), (b"%", (2,))):
        if before == sign:
            for size in sizes:
                if may_be_secret_name(name[size:]):
                    return name[size:]
    return None


def _value(text: bytes, after: int, name: str) -> tuple[Hit | None, int]:
    """The secret that follows a name, and the end of what was looked at."""
    link = _LINK.match(text, after)
    if link is None:
        return None, after
    start, quote = link.end(), link["quote"]
    is_sure = is_secret_name(name) and not link["member"]
    is_sure = is_sure and (link["pair"] is None or link["value"] is not None)
    if link["tag"]:
        match = _IN_TAG.match(text, start)
        end = match.end(1) if match else start
        return _hit(text, start, end, bool(match) and _is_chosen(text[start:end])), end
    if quote is None:
        if link["named"] or link["pair"]:
            return None, start  # a number, or the like, of JSON
        return _unquoted(text, start, name, is_sure=is_sure)
    end = _closed(text, start, quote)
    value = text[start:end]
    if link["scheme"] and link["pair"] is not None:
        is_sure = is_secret_name(name)
    if is_sure:
        return _hit(text, start, end, _is_secret(value, name)), max(end, start)
    return _hit(text, start, end, is_opaque(value)), max(end, start)


def _hit(text: bytes, start: int, end: int, is_secret: bool) -> Hit | None:
    found = is_secret and not is_placeholder(text[start:end])
    return Hit(start, end, "named-secret") if found else None


def _closed(text: bytes, start: int, quote: bytes) -> int:
    """Where the text in quotes that starts at `start` ends; -1 where that is far away."""
    sign, depth, limit = quote[-1:], len(quote) - 1, start + _MOST
    end = text.find(sign, start, limit)
    while end >= 0:
        near = text[max(start, end - 17) : end]
        slashes = len(near) - len(near.rstrip(b"\\"))
        if slashes == depth or (not depth and slashes % 2 == 0):
            return end - depth
        end = text.find(sign, end + 1, limit)
    return -1


def _is_secret(value: bytes, name: str) -> bool:
    """Whether a text in quotes beside the sure `name` of a secret is one."""
    if len(value) < 8 or is_sample(value):
        return False
    match = _PLAIN.match(value)
    if match is not None and match.end() == len(value):
        return True
    if _TEMPLATE.search(value) or not (value.strip() and _has_digit_or_sign(value)):
        return is_password_name(name) and value.count(b" ") >= 2 and _is_phrase(value)
    if b" " in value or b"\\n" in value:
        return is_password_name(name) and not _SENTENCE.search(value)
    return True


def _is_phrase(value: bytes) -> bool:
    return not _TEMPLATE.search(value) and not _SENTENCE.search(value)


def _has_digit_or_sign(value: bytes) -> bool:
    return _DIGIT_OR_SIGN.search(value) is not None


def _unquoted(
    text: bytes, start: int, name: str, *, is_sure: bool
) -> tuple[Hit | None, int]:
    match = _PLAIN.match(text, start)
    stretch = match.end() if match else start
    value = text[start:stretch]
    if len(value) < 12 or is_placeholder(value) or is_sample(value[:512]):
        return None, stretch
    if not is_sure:
        opaque = _OPAQUE.match(value)
        if opaque and is_opaque(opaque[0]):
            return Hit(start, start + opaque.end(), "named-secret"), stretch
        return None, stretch
    token = _TOKEN.match(value)
    if token and not token[0].isalpha() and has_entropy(token[0][:512], 3):
        whole = _TOKEN.match(text, start)  # to its end, wherever that is
        assert whole
        return Hit(start, whole.end(), "named-secret"), stretch
    chosen = _CHOSEN.match(text, start)
    if chosen and is_password_name(name) and _is_chosen(chosen[0]):
        return Hit(start, chosen.end(), "named-secret"), stretch
    return None, stretch


def _is_chosen(value: bytes) -> bool:
    """Whether a word without quotes looks like a password rather than like a variable."""
    return (
        _DIGIT.search(value) is not None
        and _LETTER.search(value) is not None
        and _WORDY.fullmatch(value) is None
        and has_entropy(value, 3)
        and not is_sample(value)
        and _TEMPLATE.search(value) is None
    )


def is_opaque(value: bytes) -> bool:
    """Whether all of `value` looks secret by itself, beside a name that other things have, too."""
    return (
        _OPAQUE.fullmatch(value) is not None
        and len(value) - len(value.translate(None, b"0123456789")) >= 2
        and _is_chosen(value)
        and has_entropy(value, 3.3)
    )


def _for_curl(text: bytes, start: int, end: int) -> Iterator[Hit]:
    for match in _CURL.finditer(text, start, end):
        password = match[1]
        if not (
            is_placeholder(password) or is_sample(password) or password[:1] == b"$"
        ):
            yield Hit(match.start(1), match.end(1), "named-secret")
