"""Secrets told by their own shape: keys by how they start, and private keys in PEM.

Text is searched as raw bytes, never decoded: a hit is a span, so everything around it keeps
its bytes. Only runs (runs.py) meet the rules (secret_rules.py), and a rule only those with
a start that it names.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from anyvcr.core.redaction.builtin_rules import OWN_RULES, Rule, compiled, rules
from anyvcr.core.redaction.tokens import LONG, Words, is_in_base64, runs

_PLAIN_TO_SEE = (b"sk-proj-", b"sk-svcacct-", b"sk-admin-", b"sk-ant-")
"""Starts that no data has by chance, so that they tell a secret in the middle of a long run."""
_START_LENGTH = 3
_PARTS = bytes(
    code
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-_")
    else ord("\n")
    for code in range(256)
)
_AROUND = 160
"""Some rules reach past the run: a webhook's URL has `:` and `@`."""
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?>(?:[0-9A-Za-z+/=:,. -]|\s|\\+[nrt/])*)"
)


class Hit(NamedTuple):
    """One secret in a text: its span in bytes and the rule that knows it."""

    start: int
    end: int
    rule: str


def in_runs(text: bytes, words: Words) -> Iterator[Hit]:
    """Secrets of `text` that are runs; `words` are those of `text`."""
    joined = b"\n".join(words.heads).lower()
    found = [*_started(joined), *[mark for mark in _marks() if mark in joined]]
    if any(text.find(b"-", *span) >= 0 for span in words.long_runs):
        found += [word for word in _PLAIN_TO_SEE if word in text]
    if not found:
        return
    for start, end in runs(text):
        run = text[start : start + LONG].lower()
        for word in found:
            if word in run:
                for rule in _rules_by_word().get(word, ()):
                    yield from _matches(rule, text, start, end)
            if word in _PLAIN_TO_SEE and end - start > LONG:
                for rule in OWN_RULES[:2]:
                    yield from _matches(rule, text, start, end, whole=True)


def _started(joined: bytes) -> list[bytes]:
    """The keywords with which a part of a run may start."""
    starts = {part[:_START_LENGTH] for part in joined.translate(_PARTS).split(b"\n")}
    known = _keywords()
    return [
        word
        for start in starts & known.keys()
        for word in known[start]
        if word in joined
    ]


@cache
def _keywords() -> dict[bytes, tuple[bytes, ...]]:
    """The keywords by their first letters, as far as no other character ends them."""
    known: dict[bytes, tuple[bytes, ...]] = {}
    for word in {word for rule in rules() for word in rule.keywords}:
        start = word.translate(_PARTS).split(b"\n")[0][:_START_LENGTH]
        known[start] = (*known.get(start, ()), word)
    return known


@cache
def _marks() -> tuple[bytes, ...]:
    return tuple(mark for rule in rules() for mark in rule.marks)


@cache
def _rules_by_word() -> dict[bytes, tuple[Rule, ...]]:
    known: dict[bytes, tuple[Rule, ...]] = {}
    for rule in rules():
        for word in (*rule.keywords, *rule.marks):
            known[word] = (*known.get(word, ()), rule)
    return known


def _matches(
    rule: Rule, text: bytes, start: int, end: int, *, whole: bool = False
) -> Iterator[Hit]:
    pattern = compiled(rule.pattern)
    shown = end if whole else min(end, start + LONG)
    found = list(pattern.finditer(text, max(0, start - 16), shown + _AROUND))
    if shown < end:
        found += _matches_of_any_length(rule, text, start, end)
    for match in found:
        if has_entropy(match[0], rule.entropy) and not is_in_base64(
            text, *match.span()
        ):
            yield Hit(match.start(), match.end(), rule.id)


def _matches_of_any_length(
    rule: Rule, text: bytes, start: int, end: int
) -> list[re.Match[bytes]]:
    """Matches from the start of a long run on, wherever they end."""
    head, pattern = text[start : start + LONG].lower(), compiled(rule.pattern)
    places = (
        start + at.start()
        for word in rule.keywords
        for at in re.finditer(re.escape(word), head)
    )
    matches = (pattern.match(text, place, end + _AROUND) for place in places)
    return [match for match in matches if match]


def has_entropy(value: bytes, least: float) -> bool:
    """Whether `value` has at least `least` bits of Shannon entropy per byte."""
    if not least:
        return True
    # How many characters differ decides it for almost all.
    different = len(set(value))
    if different < 2**least:
        return False
    return _least_entropy(len(value), different) >= least or _entropy(value) >= least


@lru_cache(maxsize=4096)
def _least_entropy(size: int, different: int) -> float:
    """Of a text of `size` characters where one stands for all that are not `different`."""
    most = size - different + 1
    return math.log2(size) - most * math.log2(most) / size


def _entropy(value: bytes) -> float:
    """Shannon's entropy of `value`, in bits per byte."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def private_keys(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    """Private keys in PEM; `lower` is `text` from `start` on, in lower case."""
    if b"private key" in lower:
        done = 0
        for begin in re.finditer(b"-----begin ", lower):
            if start + begin.start() < done:
                continue
            match = _PRIVATE_KEY.match(text, start + begin.start())
            if match:
                done = match.end()
                end = match.start() + len(match[0].rstrip())
                yield Hit(match.start(), end, "private-key")
