"""HTTP/1.1 as a server: h11 reads, and the answers are written by hand.

By hand, because h11 rightly refuses to write what a stand-in must be able to: a length that
is not kept, an HTTP/1.1 body that ends with the connection. One h11 connection a request;
what it has read too much is given to the next.
"""

import asyncio
import socket
import struct
from dataclasses import replace

import h11

from standin import websocket
from standin.answer import Answer, BreakOff, Framing, phrase
from standin.request import Pairs, Received, Upload
from standin.sending import Respond, give
from standin.transport import hold, release

_READ_SIZE = 256 * 1024
_HEAD_SIZE = 1024 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)


async def serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    respond: Respond,
    body_limit: int,
) -> None:
    """Answers one request after the other, until either side wants no more."""
    unread = b""
    while True:
        incoming = _Incoming(reader, writer, unread)
        try:
            received = await incoming.receive(body_limit)
        except h11.RemoteProtocolError as error:
            wire = _Outgoing(reader, writer, has_chunked=False)
            await wire.send_head(Answer(status=400, reason=str(error)), ends=True)
            return
        if received is None:
            return
        unread = incoming.unread
        answer, sent = respond(received)
        if answer.status == 101:
            await websocket.echo(reader, writer, received, unread, sent)
            return
        is_modern = received.http_version > "HTTP/1.0"
        if not is_modern:
            answer = replace(answer, interim=())  # it has none (RFC 9110, 15.2)
        if unread:
            answer = replace(answer, closes=False)  # for it will not be idle
        wire = _Outgoing(reader, writer, has_chunked=is_modern)
        await give(answer, wire, sent, head_only=received.method == "HEAD")
        if answer.closes:
            writer.close()
            release(writer)
        if answer.closes or wire.is_last or not _keeps_alive(received):
            return


class _Incoming:
    """One request being read."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, unread: bytes
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_SIZE)
        if unread:
            self._parser.receive_data(unread)

    @property
    def unread(self) -> bytes:
        """What came after the request."""
        return bytes(self._parser.trailing_data[0])

    async def receive(self, body_limit: int) -> Received | None:
        """The request, complete; None where the client has closed."""
        request = await self._next_event()
        if not isinstance(request, h11.Request):
            return None
        headers = _text_pairs(request)
        upload = Upload(
            method=request.method.decode(),
            target=request.target.decode("utf-8", "surrogateescape"),
            host=next((v for k, v in headers if k.lower() == "host"), ""),
            headers=headers,
            http_version=f"HTTP/{request.http_version.decode()}",
            limit=body_limit,
        )
        while isinstance(event := await self._next_event(), h11.Data):
            upload.add(bytes(event.data))
        return upload.received()

    async def _next_event(self) -> object:
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            if self._parser.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(
                    status_code=100, headers=[], reason=b"Continue"
                )
                self._writer.write(self._parser.send(go_on) or b"")
            self._parser.receive_data(await self._reader.read(_READ_SIZE))
        return event


class _Outgoing:
    """One answer being written (a Wire)."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        has_chunked: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._has_chunked = has_chunked
        self._is_chunked = False
        self.is_last = False
        """The connection cannot be used for another request."""

    async def send_interim(self, status: int) -> None:
        await self._write(f"HTTP/1.1 {status} {phrase(status)}\r\n\r\n".encode())

    def hold(self) -> None:
        hold(self._writer)

    async def send_head(self, answer: Answer, *, ends: bool) -> None:
        reason = answer.reason or phrase(answer.status)
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += self._framing_lines(answer)
        self._is_chunked &= not ends
        head = "\r\n".join([*lines, "", ""])
        await self._write(head.encode("utf-8", "surrogateescape"))

    def _framing_lines(self, answer: Answer) -> list[str]:
        self.is_last = any(
            name.lower() == "connection" and value.lower() == "close"
            for name, value in answer.headers
        )
        lines = [f"Content-Encoding: {answer.encoding}"] if answer.encoding else []
        if not answer.has_body:
            return lines
        if (length := answer.length) is not None:
            return [*lines, f"Content-Length: {length}"]
        if answer.framing is Framing.CHUNKED and self._has_chunked:
            self._is_chunked = True
            return [*lines, "Transfer-Encoding: chunked"]
        if self.is_last:
            return lines
        self.is_last = True
        return [*lines, "Connection: close"]

    async def send_data(self, data: bytes) -> None:
        if not data:
            return  # an empty chunk would be the last
        if self._is_chunked:
            await self._write(b"%x\r\n" % len(data), data, b"\r\n")
        else:
            await self._write(data)

    async def send_end(self, trailers: Pairs) -> None:
        if self._is_chunked:
            lines = [f"{name}: {value}\r\n" for name, value in trailers]
            await self._write(f"0\r\n{''.join(lines)}\r\n".encode())

    async def break_off(self, how: BreakOff) -> None:
        self.is_last = True
        match how:
            case BreakOff.CLOSE | BreakOff.SHORT | BreakOff.UNANSWERED:
                pass  # the connection is closed after its last answer
            case BreakOff.RESET:
                sock = self._writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                self._writer.transport.abort()
            case BreakOff.STALL:
                while await self._reader.read(_READ_SIZE):
                    pass

    async def _write(self, *pieces: bytes) -> None:
        self._writer.writelines(pieces)
        await self._writer.drain()


def _keeps_alive(received: Received) -> bool:
    wish = received.header("Connection").lower()
    return wish == "keep-alive" or (
        wish != "close" and received.http_version == "HTTP/1.1"
    )


def _text_pairs(request: h11.Request) -> Pairs:
    return tuple(
        (name.decode(), value.decode("utf-8", "surrogateescape"))
        for name, value in request.headers.raw_items()
    )
