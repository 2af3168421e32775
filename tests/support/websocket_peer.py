"""Either end of a WebSocket on a blocking socket, down to the bytes that break it off."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request
from wsproto.extensions import PerMessageDeflate

DEADLINE = 30.0
HOST = "api.openai.com"


class Peer:
    """One end of a connection that is open when it is made."""

    def __init__(self, sock: socket.socket, kind: ConnectionType) -> None:
        self.sock = sock
        self.protocol = WSConnection(kind)
        self._events: Iterator[Event] = iter(())

    def send(self, event: Event) -> None:
        self.sock.sendall(self.protocol.send(event))

    def receive(self) -> Event:
        """What comes next; the end without a close frame is a close of 1006."""
        while (event := next(self._events, None)) is None:
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            self.protocol.receive_data(data or None)
            self._events = self.protocol.events()
        return event

    def leave(self) -> None:
        """End the TCP connection, and say nothing."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """The same by a RST."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.sock.close()


@contextlib.contextmanager
def at_base_url(port: int, **request: object) -> Iterator[Peer]:
    """A client of the proxy's base URL."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        yield _opened(sock, request)


@contextlib.contextmanager
def through_tunnel(port: int, ca: Path, **request: object) -> Iterator[Peer]:
    """A client that asks the proxy for a CONNECT to the API."""
    with tunnel(port, ca) as tls:
        yield _opened(tls, request)


@contextlib.contextmanager
def tunnel(port: int, ca: Path) -> Iterator[ssl.SSLSocket]:
    """TLS with the API, as the proxy on `port` plays it, whose authority is in the file `ca`."""
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        sock.sendall(
            f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert head.startswith(b"HTTP/1.1 200 ")
        with context.wrap_socket(sock, server_hostname=HOST) as tls:
            yield tls


def _opened(sock: socket.socket, request: dict[str, object]) -> Peer:
    peer = Peer(sock, ConnectionType.CLIENT)
    target = "/v1/realtime?model=m"
    peer.send(Request(**{"host": HOST, "target": target, **request}))  # type: ignore[arg-type]  # as they come
    assert isinstance(peer.receive(), AcceptConnection)
    return peer


@dataclass(slots=True)
class Upstream:
    """An API without TLS that talks by a script, once for each connection."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def upstream(
    script: Callable[[Peer], object], *, deflate: bool = False, subprotocol: str = ""
) -> Iterator[Upstream]:
    """Accepts WebSockets, each in a thread of its own, and follows `script`."""
    api = Upstream()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(DEADLINE)
            peer = Peer(connection, ConnectionType.SERVER)
            try:
                request = peer.receive()
                assert isinstance(request, Request)
                api.requests.append(request)
                accept = AcceptConnection(
                    subprotocol=subprotocol or None,
                    extensions=[PerMessageDeflate()] if deflate else [],
                )
                peer.send(accept)
                script(peer)
            except BaseException as error:
                api.errors.append(error)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        api.port = listener.getsockname()[1]
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield api
            for thread in threads:
                thread.join(DEADLINE)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    assert api.errors == []
