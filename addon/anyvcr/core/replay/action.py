"""What a connection asks of the program that carries it: the shell."""

from dataclasses import dataclass
from typing import TypeAlias

from anyvcr.core.hosts import Origin


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes; ask for the next action once the client has room for more."""

    data: bytes


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing is due before this time, unless the client sends something."""

    time: float


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection once what was sent is out; no action follows."""


@dataclass(frozen=True, slots=True)
class OpenTunnel:
    """What follows is inside a tunnel to `origin`, an API host; no action follows.

    `rest` are bytes of it that have come already. `user` is that of the proxy URL.
    """

    origin: Origin
    user: str | None
    rest: bytes


@dataclass(frozen=True, slots=True)
class HandOver:
    """The connection is not for the API: here are its bytes, unanswered; no action follows.

    `tunnel` is where a CONNECT wants to go, and None for any other request.
    """

    data: bytes
    tunnel: Origin | None = None


Action: TypeAlias = Send | WaitUntil | Close | OpenTunnel | HandOver
