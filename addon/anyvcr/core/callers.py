"""Who calls the proxy's own port: a program of this machine, one of the network, or a web page.

A page of any site can send requests to loopback from its reader's browser. The browser says so
in Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata); where a site has its own name lead
to loopback (DNS rebinding), only Host tells.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from anyvcr.core.hosts import is_address

_LOCAL = re.compile(
    r"(?:.*\.)?(?:localhost|internal|local|test|home\.arpa)|[a-z0-9_-]*"
)
"""Names that nobody can register: reserved ones (RFC 6761, 6762, 8375; ICANN's `internal`), and
those of one label, as containers have."""


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine's loopback, as resolvers take it.

    The unspecified address counts: to connect to it is to connect to loopback. So does what
    is no plain address and yet reads as one to resolvers, as `127.1`.
    """
    host = host.strip("[]").partition("%")[0].rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return is_address(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def is_loopback_peer(address: object) -> bool:
    """Whether a socket's peer is of this machine's loopback; one that is not known is not."""
    return isinstance(address, tuple) and bool(address) and is_loopback(str(address[0]))


def is_open(host: str) -> bool:
    """Whether other machines reach what listens on `host`."""
    return host in ("", "0.0.0.0", "::") or not is_loopback(host)


def foreign_page(
    headers: Mapping[str, str], is_allowed: Callable[[str], bool]
) -> str | None:
    """Why a base-URL request is a foreign web page's, in words; None where it is none.

    Header names are in lower case. Pages of loopback, of local names and of hosts that
    `is_allowed` names are no foreign ones, nor is what has no http origin, as an extension.
    """
    host = _hostname(headers.get("host", ""))
    if not (is_address(host) or _is_own(host, is_allowed)):
        return f"it was sent to the name {host!r}"
    origin = headers.get("origin")
    if origin is None:
        site = headers.get("sec-fetch-site", "none").lower()
        return "a page of another site sent it" if site == "cross-site" else None
    scheme = origin.partition(":")[0].lower()
    if scheme not in ("http", "https", "null"):
        return None
    name = _hostname(origin.partition("://")[2])
    if scheme != "null" and (
        is_loopback(name) or name == host or _is_own(name, is_allowed)
    ):
        return None
    return f"a page of {origin!r} sent it"


def _is_own(host: str, is_allowed: Callable[[str], bool]) -> bool:
    # By address, the owner of a page cannot be told.
    return (not is_address(host) and _LOCAL.fullmatch(host) is not None) or is_allowed(
        host
    )


def _hostname(authority: str) -> str:
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return authority
