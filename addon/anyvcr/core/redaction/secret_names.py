"""Names of fields, variables, parameters and headers whose value is a secret."""

import re
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET = re.compile(
    r"(?:^|[_.-])"
    r"(?:(?:api|access|account|private|secret|signing|subscription|encryption|functions|openai|azure)[_-]?key"
    r"|(?:(?:client|signing|webhook|shared|app)[_-]?)?secret"
    r"|secret[_-]access[_-]key"
    r"|(?:access|refresh|id|auth|bearer|session|security|api|oauth)[_-]?token"
    r"|(?:proxy-)?authorization|(?:set-)?cookie|(?:pg)?password|passwd|passphrase)$"
)
"""The value is a secret whatever it looks like."""
_PASSWORD = re.compile(r"(?:password|passwd|passphrase|pwd|pass)$")
_MAY_BE = re.compile(
    r"(?:^|[_.-])"
    r"(?:(?:app|application|license|service|role|master|session|auth|anon|virtual|shared|deploy)[_-]?key"
    r"|(?<!page[_-])(?<!next[_-])(?<!sync[_-])(?<!continuation[_-])(?<!pagination[_-])(?<!cursor[_-])token"
    r"|auth|bearer|credentials?|jwt|(?<!ice[_-])pwd|pass|secret[_-]?string|connection[_-]?string)$"
)
"""The value is one where it looks like one."""

_SAMPLE = re.compile(
    rb"(?i)(?:^|[^0-9A-Za-z])(?:your|redacted|scrubbed|filtered|masked|removed|hidden|omitted|x{4,})(?![0-9a-z])"
    rb"|\*{3}|\.{3}|[_-](?:abc)?123$|\$\{?[A-Za-z_]+\}?$|^<[^<>]*>$|\{\{[^{}]*\}\}"
    rb"|^%3c[^%<>]*%3e$"
    rb"|^(?:(?:test|fake|dummy|mock|example|sample|my|some)[_-])+(?:(?:api|access|secret|client|auth|id)[_-]?)*(?:key|token|secret|password)s?$"
)
SIGNATURES = (
    *("sig", "signature", "policy", "googleaccessid", "awsaccesskeyid", "key-pair-id"),
    *("x-amz-signature", "x-amz-credential", "x-amz-security-token"),
    *("x-goog-signature", "x-goog-credential"),
)
"""Parameters by which a URL proves itself."""
_QUERY_NAMES = frozenset((*SIGNATURES, "key", "token", "auth", "jwt", "pwd", "hmac"))
_SAS_NAMES = frozenset(("se", "st", "ske", "skt", "skoid", "sktid"))
"""Azure's signed URLs: who signed and until when, of no use beside a signature that is gone."""
_HEADER_NAMES = frozenset(
    ("openai-organization", "openai-project", "chatgpt-account-id")
)
_HEADER = re.compile(
    r"(?:^|-)(?:token|secret|signature|password|api-?key|auth|(?:virtual|auth)-key)$"
)
_LATENCY = re.compile(
    r"(?:time|latency|speed|duration|ms|seconds|per|to-first|last)-token$"
)
"""How long tokens took, as `Fireworks-Server-Time-To-First-Token`."""


def is_sample(value: bytes) -> bool:
    """Whether `value` is a documentation's, a variable, or what a tool put for a secret."""
    return _SAMPLE.search(value) is not None


def _words(name: str) -> str:
    return _CAMEL.sub("_", name).lower()


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a field, variable or parameter of this name holds a secret."""
    return _SECRET.search(_words(name)) is not None


@lru_cache(maxsize=1024)
def may_be_secret_name(name: str) -> bool:
    """Whether it holds one, or does where its value looks like one: `token`, `MYSQL_PWD`."""
    return is_secret_name(name) or _MAY_BE.search(_words(name)) is not None


@lru_cache(maxsize=1024)
def is_password_name(name: str) -> bool:
    """Whether what people choose themselves stands under this name."""
    return _PASSWORD.search(_words(name)) is not None


def is_secret_parameter(name: str, *, signed: bool = False) -> bool:
    """Whether a URL's or form's parameter `name` is a secret; `signed`: beside a `sig`."""
    lower = name.lower()
    return (
        lower in _QUERY_NAMES
        or (signed and lower in _SAS_NAMES)
        or is_secret_name(name)
    )


@lru_cache(maxsize=1024)
def is_secret_header(name: str) -> bool:
    """Whether all of this header's value is a secret."""
    lower = name.lower()
    if _LATENCY.search(lower):
        return False
    return (
        lower in _HEADER_NAMES
        or _HEADER.search(lower) is not None
        or is_secret_name(lower)
    )
