"""The server's name in the first bytes of a TLS connection (RFC 8446, 4.1.2; RFC 6066, 3)."""

HANDSHAKE = 0x16
"""The first byte of a TLS connection: the content type of its first record."""
_CLIENT_HELLO = 1
_SERVER_NAME = 0


class IncompleteError(Exception):
    """The hello is longer than what is here of it."""


def server_name(data: bytes) -> str | None:
    """The name that the ClientHello at the start of `data` asks for; None where it names none.

    Raises IncompleteError, and ValueError for what is no ClientHello.
    """
    hello = _Reader(_handshake(data))
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression
    if not hello.rest:
        return None
    extensions = _Reader(hello.vector(2))
    while extensions.rest:
        kind, body = extensions.number(2), _Reader(extensions.vector(2))
        if kind == _SERVER_NAME:
            names = _Reader(body.vector(2))
            while names.rest:
                is_host, name = names.number(1) == 0, names.vector(2)
                if is_host:
                    return name.decode("ascii").lower()
    return None


def _handshake(data: bytes) -> bytes:
    """The body of the first handshake message, put together from its records."""
    message, at = b"", 0
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        head = data[at : at + 5]
        if head and head[0] != HANDSHAKE:
            raise ValueError("no handshake record")
        if message and message[0] != _CLIENT_HELLO:
            raise ValueError("no ClientHello")
        size = int.from_bytes(head[3:5], "big")
        if len(head) < 5 or len(data) < at + 5 + size:
            raise IncompleteError
        if size == 0:
            raise ValueError("an empty record")
        message += data[at + 5 : at + 5 + size]
        at += 5 + size
    if message[0] != _CLIENT_HELLO:
        raise ValueError("no ClientHello")
    return message[4 : 4 + int.from_bytes(message[1:4], "big")]


class _Reader:
    """Takes fields off the front of a message; raises ValueError where it is too short."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, size: int) -> bytes:
        if len(self.rest) < size:
            raise ValueError("a field is longer than its message")
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Bytes that a length of `size` bytes goes before."""
        return self.take(self.number(size))
