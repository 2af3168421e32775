"""A WebSocket at the realtime path that sends every message back."""

import asyncio
import time
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    Request,
)

from standin.request import Received
from standin.sending import Sent

PATH = "/v1/realtime"


def is_upgrade(received: Received) -> bool:
    """Whether a client wants a WebSocket where there is one."""
    wish = received.header("Upgrade").lower()
    return wish == "websocket" and urlsplit(received.target).path == PATH


async def echo(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    received: Received,
    unread: bytes,
    sent: Sent,
) -> None:
    """Accepts and echoes until the client closes."""
    connection = WSConnection(ConnectionType.SERVER)
    headers = [
        (name.lower().encode(), value.encode()) for name, value in received.headers
    ]
    connection.initiate_upgrade_connection(headers, received.target)
    if unread:
        connection.receive_data(unread)
    while True:
        for event in connection.events():
            if (reply := _reply(event)) is not None:
                writer.write(connection.send(reply))
                _log(event, sent)
            if isinstance(event, CloseConnection):
                return
        await writer.drain()
        # wsproto takes None for the end, and tells it as a CloseConnection of its own.
        if not (data := await reader.read(65536)):
            return
        connection.receive_data(data)


def _reply(event: Event) -> Event | None:
    match event:
        case Request():
            return AcceptConnection()
        case Message():
            return type(event)(data=event.data, message_finished=event.message_finished)
        case Ping() | CloseConnection():
            return event.response()
        case _:
            return None


def _log(event: Event, sent: Sent) -> None:
    match event:
        case Request():
            sent.head = time.monotonic()
        case Message():
            sent.chunks.append(time.monotonic())
        case CloseConnection():
            sent.end = time.monotonic()
