"""An API that costs nothing: the fastest server that asyncio can be, over TLS and plain HTTP.

    python scripts/benchmarks/api.py FOLDER PORT {tls,plain}

It answers like the exchanges, as the request's `stream` asks; a stream's events come GAP
seconds apart where the question asks for "slow", and each says when it was sent. So do the
messages of a WebSocket, at whatever path. The message of a slow stream, by which recording is
measured, ends late, as in the wild. Its authority is written to FOLDER/api-ca.pem.
"""

import asyncio
import random
import re
import ssl
import sys
import time
from collections.abc import Coroutine
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import frames
from benchmarks.exchange import small, streams

GAP = 0.005
EVENTS = 20
LATE_END = (0.0, 0.05)
"""Seconds from a slow stream's last event to the end of its message, least and most."""
_CHANCE = random.Random(0)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_NUMBER = re.compile(rb"Question number (\d+)")
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n"


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._data = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (head := self._data.find(b"\r\n\r\n")) >= 0:
            if frames.is_upgrade(self._data[: head + 4]):
                self._data = b""
                self._begin(self._talk())
                return
            length = _LENGTH.search(self._data, 0, head + 2)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._data) < end:
                return
            question, self._data = self._data[head + 4 : end], self._data[end:]
            self._answer(question)

    def _answer(self, question: bytes) -> None:
        if b"slow" in question:
            self._begin(self._slowly())
        elif b'"stream": true' in question or b'"stream":true' in question:
            self._transport.write(_marked(STREAM, question))
        else:
            self._transport.write(_marked(JSON, question))

    def _begin(self, answer: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self) -> None:
        self._transport.write(frames.SWITCH)
        due = time.monotonic()
        for _ in range(EVENTS):
            due += GAP
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            message = b'{"sent":%d}' % time.monotonic_ns()
            self._transport.write(frames.frame(message))
        self._transport.write(frames.CLOSE)

    async def _slowly(self) -> None:
        self._transport.write(
            _HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked")
        )
        due = time.monotonic()
        for _ in range(EVENTS):
            event = b'data: {"sent":%d}\n\n' % time.monotonic_ns()
            self._transport.write(_chunk(event))
            due += GAP
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        self._transport.write(_chunk(b"data: [DONE]\n\n"))
        await asyncio.sleep(_CHANCE.uniform(*LATE_END))
        self._transport.write(b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _whole(body: bytes, content_type: bytes) -> bytes:
    return _HEAD % (content_type, b"Content-Length: %d" % len(body)) + body


def _chunked(body: bytes) -> bytes:
    events = [event + b"\n\n" for event in body.split(b"\n\n")[:-1]]
    chunks = b"".join(map(_chunk, events)) + b"0\r\n\r\n"
    return _HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked") + chunks


def _marked(answer: bytes, question: bytes) -> bytes:
    number = _NUMBER.search(question)
    marker = b"answer-%06d." % int(number[1] if number else 0)
    return answer.replace(b"answer-000000.", marker)


JSON = _whole(small(1)[0].answer, b"application/json")
STREAM = _chunked(streams(1)[0].answer)


async def serve(folder: Path, port: int, *, secure: bool) -> None:
    """Until the process is told to end."""
    loop = asyncio.get_running_loop()
    tls = _tls(folder) if secure else None
    server = await loop.create_server(Server, "127.0.0.1", port, ssl=tls, backlog=1024)
    await server.serve_forever()


def _tls(folder: Path) -> ssl.SSLContext:
    from standin.authority import make_certificates

    certificates = make_certificates()
    leaf = folder / "api-leaf.pem"
    leaf.write_bytes(certificates.leaf)
    (folder / "api-ca.pem").write_bytes(certificates.ca)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf)
    tls.set_alpn_protocols(["http/1.1"])
    return tls


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), secure=sys.argv[3] == "tls"))
