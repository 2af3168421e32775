"""The rules by which a secret is known: how it starts, and what follows.

From secret-rules.json (gitleaks' set; source and licence inside) and from the table below:
keys of the APIs that this tool sees most, in the forms of 2026.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_TAIL = r"(?![0-9A-Za-z])"
# A secret starts after anything but its own alphabet, or after an escape whose last
# character would be taken for it: `\nsk-…` in JSON, `%20sk-…` in a URL.
_START = rb"(?:(?<![0-9A-Za-z_-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))"


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


OWN_RULES = (
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
        id="openai-user",
        keywords=(b"user-",),
        pattern=r"user-(?=[A-Za-z]*[0-9])(?=[0-9a-z]*[A-Z])[0-9A-Za-z]{20,}(?![0-9A-Za-z_-])",
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
    return (*OWN_RULES, *theirs)


@cache
def compiled(pattern: str) -> re.Pattern[bytes]:
    """`pattern` of a rule, where a secret may start."""
    return re.compile(_START + b"(?:" + pattern.encode() + b")")
