"""WebSockets at the paths where the API has them; what is no event of its comes back as it was."""

import asyncio
import json
import time
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Request,
    TextMessage,
)

from standin.conversation import Conversation, Json, Realtime, Responses
from standin.request import Received
from standin.sending import Sent

APIS: dict[str, type[Conversation]] = {
    "/v1/realtime": Realtime,
    "/v1/responses": Responses,
}
"""What is spoken, by path."""

_REALTIME = "realtime"
"""The subprotocol that is chosen where it is offered, as the API does for browsers."""


def is_upgrade(received: Received) -> bool:
    """Whether a client wants a WebSocket where there is one."""
    wish = received.header("Upgrade").lower()
    return wish == "websocket" and urlsplit(received.target).path in APIS


async def echo(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    received: Received,
    unread: bytes,
    sent: Sent,
) -> None:
    """Accept, and converse until the client closes; echo what is no JSON object."""
    protocol = WSConnection(ConnectionType.SERVER)
    headers = [
        (name.lower().encode(), value.encode()) for name, value in received.headers
    ]
    protocol.initiate_upgrade_connection(headers, received.target)
    if unread:
        protocol.receive_data(unread)
    socket = _Socket(writer, protocol, sent)
    conversation = APIS[urlsplit(received.target).path](socket.say)
    try:
        while True:
            for event in protocol.events():
                if await socket.take(event, conversation):
                    return
            # wsproto takes None for the end, and tells it as a CloseConnection of its own.
            if not (data := await reader.read(65536)):
                return
            protocol.receive_data(data)
    finally:
        conversation.end()


class _Socket:
    """The server's end of one WebSocket."""

    def __init__(
        self, writer: asyncio.StreamWriter, protocol: WSConnection, sent: Sent
    ) -> None:
        self._writer = writer
        self._protocol = protocol
        self._sent = sent
        self._parts: list[str] = []

    async def say(self, event: Json) -> None:
        await self._send(TextMessage(json.dumps(event)))

    async def take(self, event: Event, conversation: Conversation) -> bool:
        """Do what an event asks for; True where it was the last."""
        match event:
            case Request(subprotocols=offered):
                chosen = _REALTIME if _REALTIME in offered else None
                self._writer.write(
                    self._protocol.send(AcceptConnection(subprotocol=chosen))
                )
                self._sent.head = time.monotonic()
                await conversation.begin()
            case TextMessage(data=text, message_finished=is_last):
                self._parts.append(text)
                if is_last:
                    whole = "".join(self._parts)
                    self._parts.clear()
                    if (said := _event(whole)) is None:
                        await self._send(TextMessage(whole))
                    else:
                        await conversation.hear(said)
            case BytesMessage(data=data, message_finished=is_last):
                await self._send(BytesMessage(data, message_finished=is_last))
            case Ping():
                self._writer.write(self._protocol.send(event.response()))
            case CloseConnection():
                conversation.end()
                self._writer.write(self._protocol.send(event.response()))
                self._sent.end = time.monotonic()
                return True
        return False

    async def _send(self, message: TextMessage | BytesMessage) -> None:
        self._sent.chunks.append(time.monotonic())
        self._writer.write(self._protocol.send(message))
        await self._writer.drain()


def _event(text: str) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
