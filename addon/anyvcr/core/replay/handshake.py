"""The answer to a WebSocket's opening handshake (RFC 6455, section 4.2.2)."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def is_upgrade(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers, by lower-case name, asks for a WebSocket."""
    return (
        headers.get("upgrade", "").strip().lower() == "websocket"
        and "sec-websocket-key" in headers
    )


def accept(headers: Mapping[str, str], subprotocol: str = "") -> bytes:
    """The head of the answer that opens the WebSocket, without any extension.

    `subprotocol` is named if the client offers it: a client refuses one that it did not.
    """
    key = headers["sec-websocket-key"].strip().encode("ascii", "replace")
    token = b64encode(sha1(key + _GUID).digest())
    head = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + token + b"\r\n"
    )
    offered = headers.get("sec-websocket-protocol", "").split(",")
    if subprotocol and subprotocol in map(str.strip, offered):
        head += b"Sec-WebSocket-Protocol: " + subprotocol.encode("ascii") + b"\r\n"
    return head + b"\r\n"
