"""The last packets of a connection: an answer's end and the connection's, in one.

A client that gets both at once knows that the connection is gone before it can ask again.
"""

import asyncio
import socket

_CORK = getattr(socket, "TCP_CORK", None)
"""Linux has it. Elsewhere the two come in two packets, one right after the other."""


def hold(writer: asyncio.StreamWriter) -> None:
    """Keeps back what is written from now on, 200 ms at most."""
    _cork(writer, 1)


def release(writer: asyncio.StreamWriter) -> None:
    """Sends what was kept back, with what TLS says at its end if the writer was closed.

    A bare TCP socket that was closed sends both by itself, when the loop has closed it.
    """
    if writer.get_extra_info("ssl_object") is not None or not writer.is_closing():
        _cork(writer, 0)


def _cork(writer: asyncio.StreamWriter, value: int) -> None:
    if _CORK is not None:
        sock = writer.get_extra_info("socket")
        if sock is not None:  # else the client is gone
            sock.setsockopt(socket.IPPROTO_TCP, _CORK, value)
