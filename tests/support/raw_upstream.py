"""An API that says what it is given, byte for byte, without TLS."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with which a close is a reset."""


@dataclass(slots=True)
class RawUpstream:
    """Answers each request, which has a Content-Length or no body, with the next of `answers`."""

    answers: list[bytes]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    leave: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def raw_upstream(
    *answers: bytes, early: bool = False, reset: bool = False
) -> Iterator[RawUpstream]:
    """Serves on a free port; an empty answer is a close.

    `early`: answers as soon as the head of a request is here. `reset`: breaks each connection
    off when `leave` is set.
    """
    upstream = RawUpstream(list(answers))
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream.port = listener.getsockname()[1]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connections.append(connection)
                    threading.Thread(
                        target=serve, args=(connection,), daemon=True
                    ).start()

        def serve(connection: socket.socket) -> None:
            with connection, connection.makefile("rb") as reader:
                while request := _read(reader, head_only=early):
                    upstream.requests.append(request)
                    if not (answer := upstream.answers.pop(0)):
                        break
                    connection.sendall(answer)
                    if reset:
                        upstream.leave.wait()
                        connection.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE
                        )
                        break
                    if early:
                        connection.shutdown(socket.SHUT_WR)
                        while reader.read(1 << 16):
                            pass

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield upstream
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                connection.close()


def _read(reader: BinaryIO, *, head_only: bool) -> bytes:
    """One request, empty where there is none."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return b""
        head += line
    if head_only:
        return head
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + reader.read(length)
