"""Which hosts are the API: only those are intercepted, everything else is tunnelled.

A pattern is a host name, `*.` and a domain for its sub-domains, or either with `:PORT`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from anyvcr.core.errors import ConfigError

OPENAI = (
    *("api.openai.com", "*.api.openai.com"),
    *("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"),
    *("*.openai.azure.us", "*.cognitiveservices.azure.us", "*.services.ai.azure.us"),
)
"""OpenAI, its regional hosts (`eu.api.openai.com`), and the names of Azure OpenAI resources,
those of the Government cloud included."""

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL (RFC 6454); the host is lower case and without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The value of a Host header for this origin."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = self.port == DEFAULT_PORTS.get(self.scheme)
        return host if default else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str, what: str = "URL") -> "Origin":
        """The origin of an http or https URL; raises ConfigError naming `what` it was meant for."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            msg = f"{what}: expected a URL like https://host:port, found {url!r}"
            raise ConfigError(msg)
        return cls(parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme])


def is_host(host: str) -> bool:
    """Whether `host` is spelt as host names and addresses are: resolvers read more into others.

    A name with letters beyond ASCII comes as its A-labels (`xn--…`); without brackets.
    """
    return _HOST.fullmatch(host) is not None


def is_address(host: str) -> bool:
    """Whether `host` is an IP address, also as resolvers take it (`127.1`, `0x7f000001`).

    As the WHATWG's URL standard, section 3.5, has it: its last part is a number.
    """
    return (
        ":" in host
        or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
    )


OPENAI_API = Origin("https", "api.openai.com", 443)


@dataclass(frozen=True, slots=True)
class _Pattern:
    host: str
    subdomains: bool
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "_Pattern":
        host, colon, port = text.lower().rpartition(":")
        if not colon or port.endswith("]"):
            host, port = text.lower(), ""
        subdomains = host.startswith("*.")
        host = host.removeprefix("*.").strip("[]")
        if not host or any(c in host for c in "/*@ ") or (port and not port.isdigit()):
            msg = (
                f"cassette_hosts: expected a host name, *.domain or host:port, "
                f"found {text!r}"
            )
            raise ConfigError(msg)
        return cls(host, subdomains, int(port) if port else None)

    def matches(self, host: str, port: int) -> bool:
        if self.port is not None and port != self.port:
            return False
        if self.subdomains:
            return host.endswith("." + self.host)
        return host == self.host


class ApiHosts:
    """The hosts whose traffic is recorded and replayed."""

    def __init__(self, extra: tuple[str, ...] = ()) -> None:
        patterns = tuple(_Pattern.parse(p) for p in (*OPENAI, *extra))

        @lru_cache(maxsize=1024)
        def is_api(host: str, port: int) -> bool:
            return any(p.matches(host, port) for p in patterns)

        self._is_api = is_api

    def __contains__(self, address: tuple[str, int]) -> bool:
        return self._is_api(address[0].lower().rstrip("."), address[1])
