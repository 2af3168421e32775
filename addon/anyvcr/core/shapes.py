"""What a secret looks like by itself.

Text is searched as raw bytes, never decoded: a hit is a span, so everything around it keeps
its bytes. Almost every key is one long run of letters, digits and `-_.~+/=`; finding these
runs costs less than parsing the text, and only they meet the rules. Each rule names how
its secrets start, and is tried only where one does.

Rules come from secret-rules.json (gitleaks' set; source and licence inside) and from the
table below: keys of the APIs that this tool sees most, in the forms of 2026.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from typing import NamedTuple

PLACEHOLDER = b"REDACTED"
"""Stands for every secret, whoever's: letters only, so safe in JSON, URLs, XML and headers."""

_KEPT_PREFIXES = (b"ek_", b"org-", b"proj_", b"sess-")
"""Programs look at these before they use a value they were given; the placeholder keeps them."""


class Hit(NamedTuple):
    """One secret in a text: its span in bytes and the rule that knows it."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Secrets that are one run of characters."""

    id: str
    keywords: tuple[bytes, ...]
    """In lower case; any secret of this rule starts with one."""
    marks: tuple[bytes, ...] = ()
    """In lower case; or has one of these inside."""
    pattern: str
    entropy: float = 0
    """Shannon entropy in bits per character that a secret has at least."""


def placeholder(secret: bytes) -> bytes:
    """What stands for `secret`; the same for everybody's secret of that kind."""
    for prefix in _KEPT_PREFIXES:
        if secret.startswith(prefix):
            return prefix + PLACEHOLDER
    return PLACEHOLDER


def is_placeholder(value: bytes) -> bool:
    """Whether `value` is what `placeholder` gives."""
    return placeholder(value) == value


_TAIL = r"(?![0-9A-Za-z])"
_OWN_RULES = (
    Rule(
        id="openai-key",  # platform.openai.com; sk- keys of other vendors too
        keywords=(b"sk-",),
        pattern=r"sk-(?!ant-)(?:(?:proj|svcacct|admin|service|user|None|or-v1|lf)-[0-9A-Za-z_-]{16,}"
        r"|[0-9A-Za-z]{20,}[0-9A-Za-z_-]*"
        r"|(?=[0-9a-z_-]*[A-Z])(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{22,})",
        entropy=3,
    ),
    Rule(
        id="anthropic-key",
        keywords=(b"sk-ant-",),
        pattern=r"sk-ant-[a-z]{2,6}\d\d-[0-9A-Za-z_-]{16,}",
    ),
    Rule(
        id="openai-session",
        keywords=(b"sess-",),
        pattern=r"sess-[0-9A-Za-z]{20,}[0-9A-Za-z_-]*",
        entropy=3,
    ),
    Rule(
        id="openai-ephemeral-key",
        keywords=(b"ek_",),
        pattern=r"ek_[0-9A-Za-z]{16,}[0-9A-Za-z_-]*",
        entropy=2.5,
    ),
    Rule(
        id="openai-organization",
        keywords=(b"org-",),
        pattern=r"org-[0-9A-Za-z]{16,}[0-9A-Za-z_-]*",
        entropy=3,
    ),
    Rule(
        id="openai-project",
        keywords=(b"proj_",),
        pattern=r"proj_[0-9A-Za-z]{16,}[0-9A-Za-z_-]*",
        entropy=3,
    ),
    Rule(
        id="webhook-secret",
        keywords=(b"whsec_",),
        pattern=r"whsec_[0-9A-Za-z+/]{24,}={0,2}",
    ),
    Rule(
        id="azure-key",  # learn.microsoft.com, "identifiable keys": a signature in the middle
        keywords=(),
        marks=(b"jqqj99",),
        pattern=r"[0-9A-Za-z]{52}JQQJ99[0-9A-Za-z]{26}" + _TAIL,
    ),
    Rule(
        id="azure-storage-key",
        keywords=(),
        marks=(b"+ast", b"+abk", b"acdb", b"azfu", b"azse"),
        pattern=r"[0-9A-Za-z+/]{76}(?:\+ASt|\+ABk|ACDb)[0-9A-Za-z+/]{5}[AQgw]=="
        r"|[0-9A-Za-z_-]{42,44}AzFu[0-9A-Za-z_-]{5,8}={0,2}"
        r"|[0-9A-Za-z]{42}AzSe[ABCD][0-9A-Za-z]{5}" + _TAIL,
        entropy=3,
    ),
    Rule(
        id="google-key",
        keywords=(b"aiza",),
        pattern=r"AIza[\w-]{35}" + _TAIL,
        entropy=3,
    ),
    Rule(
        id="google-oauth",
        keywords=(b"ya29.", b"gocspx-"),
        pattern=r"ya29\.[\w-]{20,}|GOCSPX-[\w-]{28}",
    ),
    Rule(
        id="hugging-face-token",
        keywords=(b"hf_",),
        pattern=r"hf_[0-9A-Za-z]{34,}" + _TAIL,
        entropy=2,
    ),
    Rule(
        id="github-token",
        keywords=(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
        pattern=r"gh[pousr]_[0-9A-Za-z]{36,}",
        entropy=2.5,
    ),
    Rule(
        id="jwt",
        keywords=(b"eyj",),
        pattern=r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}(?:\.[\w-]+\.[\w-]+)?",
        entropy=3,
    ),
    Rule(id="groq-key", keywords=(b"gsk_",), pattern=r"gsk_[0-9A-Za-z]{48,}"),
    Rule(id="xai-key", keywords=(b"xai-",), pattern=r"xai-[0-9A-Za-z]{60,}"),
    Rule(id="nvidia-key", keywords=(b"nvapi-",), pattern=r"nvapi-[\w-]{60,}"),
    Rule(
        id="replicate-token", keywords=(b"r8_",), pattern=r"r8_[0-9A-Za-z]{37}" + _TAIL
    ),
    Rule(
        id="langsmith-key",
        keywords=(b"lsv2_",),
        pattern=r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    ),
    Rule(id="vault-token", keywords=(b"hvs.",), pattern=r"hvs\.[\w-]{24,}"),
)

# A secret starts after anything but its own alphabet, or after an escape whose last
# character would be taken for it: `\nsk-…` in JSON, `%20sk-…` in a URL.
_START = rb"(?:(?<![0-9A-Za-z_-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))"


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule for a run of characters: ours first, then gitleaks'."""
    text = resources.files(__package__).joinpath("secret-rules.json").read_text("utf-8")
    theirs = (
        Rule(
            id=rule["id"],
            keywords=tuple(word.encode() for word in rule["keywords"]),
            pattern=rule["pattern"],
            entropy=float(rule["entropy"]),
        )
        for rule in json.loads(text)["rules"]
    )
    return (*_OWN_RULES, *theirs)


@cache
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(_START + b"(?:" + pattern.encode() + b")")


_RUN_LENGTH = 19
"""The shortest secret that a rule knows (`ek_` and 16), and longer than most numbers."""
_LONG_RUN = 1024
"""A longer run is data (an image, an embedding): a key can stand at its start, or is plain to see."""
_PLAIN_TO_SEE = (b"sk-proj-", b"sk-svcacct-", b"sk-admin-", b"sk-ant-")
_RUN = b"x" * _RUN_LENGTH
_MASK = bytes(
    ord("x")
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-_.~+/=")
    else ord(" ")
    for code in range(256)
)


def runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Spans of the unbroken runs of characters that secrets are made of."""
    mask = text.translate(_MASK)
    start = mask.find(_RUN)
    while start >= 0:
        end = mask.find(b" ", start)
        end = len(mask) if end < 0 else end
        yield start, end
        start = mask.find(_RUN, end)


def is_run(value: bytes) -> bool:
    """Whether `value` is found, wherever it stands, as part of one run."""
    return len(value) >= _RUN_LENGTH and b" " not in value.translate(_MASK)


class Words(NamedTuple):
    """The runs of a text."""

    joined: bytes
    """All of them, apart by line breaks."""
    heads: set[bytes]
    """Each once and no more than its start."""
    long_runs: list[tuple[int, int]]
    """Spans of those of which there is more."""


_last: tuple[bytes, Words] = (b"", Words(b"", set(), []))
"""Each pass over a text asks for its words."""
_KEPT = 1 << 20
"""Bytes of a text that may stay in memory for it."""


def words(text: bytes) -> Words:
    """The runs of `text`, as they are searched for secrets."""
    global _last  # noqa: PLW0603  # one tuple, so that threads do not see halves
    known, found = _last
    if known is not text:
        found = _dense_words(text) or _words(text)
        if len(text) <= _KEPT:
            _last = (text, found)
    return found


_DENSE = 40
"""Runs in the first SAMPLE bytes from which on it is quicker to split all of a text."""
_SAMPLE = 4096
_IN_NUMBERS = b"0123456789.+-eE"
_RUNS_APART = bytes(
    code if mask == ord("x") else mask for code, mask in enumerate(_MASK)
)


def _dense_words(text: bytes) -> Words | None:
    """The runs of a text that is full of them, as numbers are and ids; None for another."""
    dense = sum(1 for _ in islice(runs(text[:_SAMPLE]), _DENSE)) == _DENSE
    if not dense or b"\\" in text or b"%" in text:
        return None
    apart = text.translate(_RUNS_APART).split()
    found = {word for word in apart if len(word) >= _RUN_LENGTH}
    if any(len(word) > _LONG_RUN for word in found):
        return None
    heads = {word for word in found if word.translate(None, _IN_NUMBERS)}
    return Words(b"\n".join(found), heads, [])


def _words(text: bytes) -> Words:
    found, heads, long_runs = [], set(), []
    for start, end in runs(text):
        if end - start > _LONG_RUN:
            long_runs.append((start, end))
        shown = min(end, start + _LONG_RUN)
        found.append(text[start:end])
        heads.add(text[start:shown])
        if text[start - 1 : start] in (b"\\", b"%"):
            # The run's first characters belong to the escape: `\n`, `%20`, `\u000a`.
            heads.update(text[start + size : shown] for size in (1, 2, 5))
    return Words(b"\n".join(found), heads, long_runs)


def outside(text: bytes, long_runs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of `text` without the long runs, but with their starts."""
    done = 0
    for start, end in long_runs:
        yield done, start + _LONG_RUN
        done = end
    yield done, len(text)


def in_runs(text: bytes, words: set[bytes]) -> Iterator[Hit]:
    joined = b"\n".join(words).lower()
    found = [*_started(joined), *(mark for mark in _marks() if mark in joined)]
    if len(joined) >= _LONG_RUN and b"sk-" in text:
        found += [word for word in _PLAIN_TO_SEE if word in text]
    if not found:
        return
    for start, end in runs(text):
        run = text[start : start + _LONG_RUN].lower()
        for word in found:
            if word in run:
                for rule in _rules_by_word().get(word, ()):
                    yield from _matches(rule, text, start, end)
            if word in _PLAIN_TO_SEE and end - start > _LONG_RUN:
                for rule in _OWN_RULES[:2]:
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


_START_LENGTH = 3
_PARTS = bytes(
    code
    if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-_")
    else ord("\n")
    for code in range(256)
)


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


_AROUND = 160
"""Some rules reach past the run: a webhook's URL has `:` and `@`."""


def _matches(
    rule: Rule, text: bytes, start: int, end: int, *, whole: bool = False
) -> Iterator[Hit]:
    pattern = _compiled(rule.pattern)
    shown = end if whole else min(end, start + _LONG_RUN)
    found = list(pattern.finditer(text, max(0, start - 16), shown + _AROUND))
    if shown < end:
        found += _matches_of_any_length(rule, text, start, end)
    for match in found:
        if entropy(match[0]) >= rule.entropy:
            yield Hit(match.start(), match.end(), rule.id)


def _matches_of_any_length(
    rule: Rule, text: bytes, start: int, end: int
) -> list[re.Match[bytes]]:
    """Matches from the start of a long run on, wherever they end."""
    head, pattern = text[start : start + _LONG_RUN].lower(), _compiled(rule.pattern)
    places = (
        start + at.start()
        for word in rule.keywords
        for at in re.finditer(re.escape(word), head)
    )
    matches = (pattern.match(text, place, end + _AROUND) for place in places)
    return [match for match in matches if match]


def entropy(value: bytes) -> float:
    """Shannon's, in bits per byte of `value`."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


_PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:[0-9A-Za-z+/=:,. -]|\s|\\+[nrt/])*+"
)


def private_keys(text: bytes, lower: bytes, start: int) -> Iterator[Hit]:
    if b"private key" in lower:
        for begin in re.finditer(b"-----begin ", lower):
            match = _PRIVATE_KEY.match(text, start + begin.start())
            if match:
                end = match.start() + len(match[0].rstrip())
                yield Hit(match.start(), end, "private-key")
