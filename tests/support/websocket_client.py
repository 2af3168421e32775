"""A client that talks to the API over a WebSocket, event by event."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.websocket_peer import DEADLINE, HOST, Peer, tunnel
from wsproto import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Request, TextMessage
from wsproto.frame_protocol import CloseReason


class Client(Peer):
    """A WebSocket, if the upgrade was answered so: `opened` is that answer."""

    def __init__(self, sock: socket.socket, request: Request) -> None:
        super().__init__(sock, ConnectionType.CLIENT)
        self.send(request)
        self.opened = self.receive()

    def say(self, **event: object) -> None:
        """Send an event of the API; `type_` is its type."""
        named = {name.rstrip("_"): value for name, value in event.items()}
        self.send(TextMessage(json.dumps(named, separators=(",", ":"))))

    def hear(self) -> object:
        """The next message: an event as an object, bytes, the code of a close; None at the end."""
        parts: list[str | bytes] = []
        while True:
            match self.receive():
                case TextMessage(data=text, message_finished=is_last):
                    parts.append(text)
                    if is_last:
                        return json.loads("".join(map(str, parts)))
                case BytesMessage(data=data, message_finished=is_last):
                    parts.append(bytes(data))
                    if is_last:
                        return b"".join(p for p in parts if isinstance(p, bytes))
                case CloseConnection(code=code):
                    return None if code == CloseReason.ABNORMAL_CLOSURE else int(code)


@contextmanager
def at_base_url(port: int, path: str = "/v1/realtime") -> Iterator[Client]:
    """A WebSocket to the proxy itself, as a base URL makes it."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        yield Client(sock, Request(host="localhost", target=path))


@contextmanager
def through_proxy(
    port: int, ca: Path, subprotocols: Sequence[str] = (), path: str = "/v1/realtime"
) -> Iterator[Client]:
    """A WebSocket to the API through the proxy, whose certificate authority is in the file `ca`."""
    with tunnel(port, ca) as tls:
        offered = list(subprotocols)
        yield Client(tls, Request(host=HOST, target=path, subprotocols=offered))
