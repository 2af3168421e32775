"""Whether a tunnel to another host leads there: in replay, none may lead to an API host.

The name in its CONNECT is what a client says of it. A name in /etc/hosts, `--connect-to` or
a dialer of one's own lead to the API under another one, so what the tunnel begins with is
read as well: the name in its TLS handshake, or the Host of plain HTTP.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from anyvcr.core.hosts import Origin, is_address
from anyvcr.core.replay import client_hello

LONGEST = 1 << 16
"""Bytes of a beginning that are waited for."""

Plays = Callable[[Origin], bool]
"""Whether an origin is an API host's."""
_REQUEST = re.compile(
    rb"[A-Z]{1,16}(?:\Z| [!-~]*(?:\Z| (?:[HTP/1.0]*\r?\Z|HTTP/1\.[01]\r?\n)))"
)
"""A request's first line, or what may become one."""
_HOST = re.compile(rb"(?i)\nHost:([^\r\n]*)")


class Verdict(Enum):
    """The verdict on a tunnel that is not refused."""

    PASS = "it leads where its CONNECT says"
    MORE = "that cannot be told from so few bytes"


@dataclass(frozen=True, slots=True)
class Refused:
    """The tunnel is closed; `why` is a sentence."""

    why: str


def judge(tunnel: Origin, first: bytes, plays: Plays) -> Refused | Verdict:
    """The verdict on a tunnel that begins with the bytes `first`, of which there are some."""
    if first[0] == client_hello.HANDSHAKE:
        return _tls(tunnel, first, plays)
    return _plain(tunnel, first, plays) if _REQUEST.match(first) else Verdict.PASS


def names_api(authority: str, plays: Plays) -> bool:
    """Whether a Host header of plain HTTP names an API host."""
    host, _, port = authority.strip().rpartition(":")
    if not host or not port.isdecimal():
        host, port = authority.strip(), "80"
    return plays(Origin("http", host.strip("[]").lower(), int(port)))


def refusal(where: str, why: str) -> str:
    """The sentence that says why what goes to `where` is refused."""
    return f"{where} was refused: {why}, and in replay nothing leads to the API"


def _tls(tunnel: Origin, first: bytes, plays: Plays) -> Refused | Verdict:
    where = f"a tunnel to {tunnel.authority}"
    try:
        name = client_hello.server_name(first)
    except client_hello.IncompleteError:
        if len(first) < LONGEST:
            return Verdict.MORE
        return Refused(refusal(where, "its TLS handshake does not end"))
    except ValueError:
        name = None
    if name is not None and plays(Origin("https", name, tunnel.port)):
        return Refused(refusal(where, f"its TLS handshake names {name}"))
    if name is None and is_address(tunnel.host):
        why = "it goes to an address, and its TLS handshake names no host"
        hint = "leave it out of the proxy (NO_PROXY), or call it by a name"
        return Refused(f"{refusal(where, why)}; {hint}")
    return Verdict.PASS


def _plain(tunnel: Origin, first: bytes, plays: Plays) -> Refused | Verdict:
    head, end, _ = first.partition(b"\r\n\r\n")
    for value in _HOST.findall(head):
        if names_api(value.decode("latin-1"), plays):
            where = f"a tunnel to {tunnel.authority}"
            return Refused(refusal(where, "a request in it names an API host"))
    return Verdict.PASS if end or len(first) >= LONGEST else Verdict.MORE
