"""NO_PROXY: which hosts a client reaches without the proxy.

Every client reads the list a little differently; plain names separated by commas, and
nothing else, mean the same to all of them.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Go, Java and .NET leave these alone by themselves; Node, Python, curl, Bun and Deno do not."""


def inherited(parent: Mapping[str, str]) -> tuple[str, ...]:
    """What the parent exempts, in both spellings of the variable, each entry once."""
    text = f"{parent.get('NO_PROXY', '')} {parent.get('no_proxy', '')}"
    return tuple(dict.fromkeys(re.findall(r"[^\s,]+", text)))


def rebuilt(parent: Mapping[str, str], api_hosts: Iterable[str]) -> str:
    """Loopback and what the parent exempts, without the entries that would hide the API from us."""
    kept = harmless(inherited(parent), api_hosts)
    return ",".join(dict.fromkeys((*LOOPBACK, *kept)))


def harmless(entries: Iterable[str], api_hosts: Iterable[str]) -> tuple[str, ...]:
    """The entries that exempt no part of the API."""
    hosts = tuple(api_hosts)
    return tuple(e for e in entries if not any(_overlap(e, host) for host in hosts))


def covers(entries: Iterable[str], api_host: str) -> bool:
    """Whether one of the entries exempts this host."""
    return any(_exempts(entry, _name(api_host)) for entry in entries)


def _overlap(entry: str, api_host: str) -> bool:
    # One Azure resource, exempt, is part of `*.openai.azure.com`.
    wildcard = api_host.startswith("*.")
    name = _name(api_host)
    return _exempts(entry, name) or (wildcard and _name(entry).endswith(f".{name}"))


def _exempts(entry: str, name: str) -> bool:
    suffix = _name(entry)
    # `openai.com` exempts its sub-domains too: so do curl, Go, Python and wget.
    if name == suffix or name.endswith(f".{suffix}"):
        return True
    return "*" in suffix and fnmatchcase(name, suffix)


def _name(entry: str) -> str:
    """The host of `*.host`, `.host` or `host:port`."""
    host = re.sub(r":\d+$", "", entry.lower()) if entry.count(":") == 1 else entry
    return host.lower().removeprefix("*.").lstrip(".")
