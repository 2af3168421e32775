"""A WebSocket client on a blocking socket, straight or through a proxy's CONNECT."""

import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason

DEADLINE = 30
HOST = "api.openai.com"


class Client:
    """An open WebSocket."""

    def __init__(self, sock: socket.socket, request: Request) -> None:
        self._sock = sock
        self._peer = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        sock.sendall(self._peer.send(request))
        self.opened = self._next()

    def say(self, **event: object) -> None:
        """Send an event of the API; `type_` is its type."""
        named = {name.rstrip("_"): value for name, value in event.items()}
        self.send(TextMessage(json.dumps(named, separators=(",", ":"))))

    def send(self, event: Event) -> None:
        self._sock.sendall(self._peer.send(event))

    def hear(self) -> object:
        """The next message: an event as an object, bytes, the code of a close; None at the end."""
        parts: list[str | bytes] = []
        while (event := self._next()) is not None:
            match event:
                case TextMessage() | BytesMessage():
                    parts.append(
                        bytes(event.data)
                        if isinstance(event, BytesMessage)
                        else event.data
                    )
                    if event.message_finished:
                        return _joined(parts)
                case CloseConnection(code=code):
                    return None if code == CloseReason.ABNORMAL_CLOSURE else int(code)
        return None

    def _next(self) -> Event | None:
        while not self._events:
            data = self._sock.recv(65536)
            self._peer.receive_data(data or None)
            self._events += self._peer.events()
            if not data:
                break
        return self._events.pop(0) if self._events else None


def _joined(parts: list[str | bytes]) -> object:
    if isinstance(parts[0], bytes):
        return b"".join(part for part in parts if isinstance(part, bytes))
    return json.loads("".join(part for part in parts if isinstance(part, str)))


@contextmanager
def at_base_url(port: int, path: str = "/v1/realtime") -> Iterator[Client]:
    """A WebSocket to the proxy itself, as a base URL makes it."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        yield Client(sock, Request(host="localhost", target=path))


@contextmanager
def through_proxy(
    port: int, ca: str, subprotocols: Sequence[str] = (), path: str = "/v1/realtime"
) -> Iterator[Client]:
    """A WebSocket to the API through the proxy, whose certificate authority is in the file `ca`."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        sock.sendall(
            f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert b" 200 " in head.partition(b"\r\n")[0], head
        context = ssl.create_default_context(cafile=ca)
        with context.wrap_socket(sock, server_hostname=HOST) as tls:
            offered = list(subprotocols)
            yield Client(tls, Request(host=HOST, target=path, subprotocols=offered))
