"""The environment that sends a child's API calls to the proxy, whatever its language.

One table of variables, per runtime; what the parent had set is kept, and extended. It
was measured as a whole: leave one out, and some runtime goes past the proxy or refuses
its certificate.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from anyvcr.clients import exemptions, jks
from anyvcr.clients.trust import TrustFiles

ACTIVE = "ANYVCR_ACTIVE"
PROXY = "ANYVCR_PROXY"
CA = "ANYVCR_CA"
HOSTS = "ANYVCR_HOSTS"
"""Marks by which a child, or a nested run, sees where it is."""

REPLAY_KEY = "sk-anyvcr-replay"
"""SDKs refuse to start without a key; in replay nobody looks at it."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_ALL_PROXIES = ("ALL_PROXY", "all_proxy")
_BUNDLES = (
    "SSL_CERT_FILE",  # OpenSSL, Go, Ruby, Rust, httpx, aiohttp, .NET on Linux
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PERL_LWP_SSL_CA_FILE",
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the child reaches the proxy."""

    host: str
    """A name or an address, without brackets."""
    port: int

    @property
    def proxy_url(self) -> str:
        """`http://host:port`."""
        return f"http://{self._authority}"

    @property
    def base_url(self) -> str:
        """The API's base URL, for clients that take no proxy or no CA."""
        return f"http://{self._authority}/v1"

    def named(self, cassette: str) -> str:
        """The proxy's URL with a cassette as its user name."""
        return f"http://{quote(cassette, safe='')}:x@{self._authority}"

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def child_environment(
    parent: Mapping[str, str],
    endpoint: Endpoint,
    trust: TrustFiles,
    *,
    api_hosts: tuple[str, ...],
    replay: bool,
    base_url: bool = False,
    cassette: str | None = None,
) -> dict[str, str]:
    """The whole environment of the child.

    `api_hosts` are patterns of core/hosts.py. With `base_url` the SDKs are sent to the
    proxy as if it were the API, and the parent's proxies and roots stay. `cassette`
    names the cassette that the proxy uses for this child.
    """
    env = dict(parent)
    env[ACTIVE] = "1"
    env[PROXY] = endpoint.proxy_url
    env[CA] = str(trust.ca)
    env[HOSTS] = ",".join(api_hosts)
    if replay and not env.get("OPENAI_API_KEY"):
        env["OPENAI_API_KEY"] = REPLAY_KEY
    if base_url:
        return env | _base_url(parent, endpoint)
    for name in _ALL_PROXIES:
        env.pop(name, None)
    proxy = endpoint.named(cassette) if cassette else endpoint.proxy_url
    env |= dict.fromkeys(_PROXIES, proxy)
    no_proxy = exemptions.rebuilt(parent, api_hosts)
    env |= {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    env |= dict.fromkeys(_BUNDLES, str(trust.bundle))
    env |= _node(parent, trust)
    env["JAVA_TOOL_OPTIONS"] = _java(parent, trust, endpoint, api_hosts)
    return env | _others(parent, trust)


def changes(
    parent: Mapping[str, str], child: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What to set and what to unset to get from one environment to the other, by name."""
    values = {k: v for k, v in sorted(child.items()) if parent.get(k) != v}
    return values, tuple(sorted(parent.keys() - child.keys()))


def _base_url(parent: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    env = dict.fromkeys(("OPENAI_BASE_URL", "OPENAI_API_BASE"), endpoint.base_url)
    if any(parent.get(name) for name in (*_PROXIES, *_ALL_PROXIES)):
        # Else the parent's own proxy would be asked for our loopback address.
        entries = (
            *exemptions.inherited(parent),
            *exemptions.LOOPBACK,
            endpoint.host,
        )
        env |= dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(dict.fromkeys(entries)))
    return env


def _node(parent: Mapping[str, str], trust: TrustFiles) -> dict[str, str]:
    """Node, Bun and Deno."""
    preload = f"--require {_node_quoted(str(trust.node_preload))}"
    return {
        "NODE_EXTRA_CA_CERTS": str(trust.extra),
        "DENO_CERT": str(trust.extra),
        # Bun's and Deno's node:https; Node has the preload, and takes this one back.
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": _joined(parent.get("NODE_OPTIONS"), preload),
    }


def _node_quoted(path: str) -> str:
    """A word of NODE_OPTIONS: within double quotes a backslash escapes (node_options.cc)."""
    path = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{path}"' if re.search(r'[\s"\\]', path) else path


def _java(
    parent: Mapping[str, str],
    trust: TrustFiles,
    endpoint: Endpoint,
    api_hosts: tuple[str, ...],
) -> str:
    """JAVA_TOOL_OPTIONS: the JVM reads no proxy variable; of two properties the last wins."""
    before = parent.get("JAVA_TOOL_OPTIONS", "")
    properties = {
        "http.proxyHost": endpoint.host,
        "http.proxyPort": str(endpoint.port),
        "https.proxyHost": endpoint.host,
        "https.proxyPort": str(endpoint.port),
        "javax.net.ssl.trustStore": str(trust.jks),
        "javax.net.ssl.trustStoreType": "JKS",
        # Not needed, but a password of the parent's own would be tried on our file.
        "javax.net.ssl.trustStorePassword": jks.PASSWORD,
    }
    if exempt := re.search(r"-Dhttp\.nonProxyHosts=([^\s\"']*)", before):
        kept = exemptions.harmless(exempt[1].split("|"), api_hosts)
        loopback = ("localhost", "127.*", "[::1]")
        properties["http.nonProxyHosts"] = "|".join(dict.fromkeys((*loopback, *kept)))
    ours = " ".join(_java_quoted(f"-D{k}={v}") for k, v in properties.items())
    return _joined(before, ours)


def _java_quoted(option: str) -> str:
    """A word of JAVA_TOOL_OPTIONS: quotes of either kind group, nothing escapes."""
    if not re.search(r"[\s\"']", option):
        return option
    mark = "'" if '"' in option else '"'
    return f"{mark}{option}{mark}"


def _others(parent: Mapping[str, str], trust: TrustFiles) -> dict[str, str]:
    """PHP, wget, Perl's LWP and Dart, which know no variable for a CA."""
    roots = f"--root-certs-file={trust.bundle}"
    return {
        "PHP_INI_SCAN_DIR": _php_scan_dir(parent, trust),
        "WGETRC": str(trust.wgetrc),
        "PERL_LWP_ENV_PROXY": "1",
        "DART_VM_OPTIONS": _joined(parent.get("DART_VM_OPTIONS"), roots, ","),
    }


def _php_scan_dir(parent: Mapping[str, str], trust: TrustFiles) -> str:
    """An empty element means the folder compiled into PHP; a variable set to nothing means none."""
    before = parent.get("PHP_INI_SCAN_DIR")
    if before == "":
        return str(trust.php_dir)
    return f"{before or ''}{os.pathsep}{trust.php_dir}"


def _joined(before: str | None, ours: str, separator: str = " ") -> str:
    return f"{before}{separator}{ours}" if before else ours
