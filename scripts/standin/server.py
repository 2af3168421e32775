"""The stand-in as a server in a thread of its own."""

import asyncio
import contextlib
import socket
import ssl
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from anyvcr.core.cassette.model import Cassette

from standin import http1, http2, websocket
from standin.answer import Answer
from standin.authority import make_certificates
from standin.manners import Manners
from standin.repertoire import Repertoire
from standin.request import Received
from standin.sending import Sent

Answers = Callable[[Received], Answer]
_LOOPBACK = "127.0.0.1"


class StandIn:
    """Listens while its `with` block runs.

    What it counts and logs can be read from any thread; `answers` is called in its own,
    and an exception of it is raised when the block ends.
    """

    def __init__(
        self,
        answers: Answers | Cassette,
        *,
        port: int = 0,
        plain_port: int = 0,
        protocols: tuple[str, ...] = ("h2", "http/1.1"),
        body_limit: int = 16 * 1024 * 1024,
        manners: Manners | None = None,
    ) -> None:
        """`protocols` are ALPN names; of larger bodies than `body_limit` only the start is kept.

        Without `manners` it is as rude as the APIs in the wild.
        """
        self._manners = manners or Manners()
        self._chance = Random(self._manners.seed)
        self._answers = (
            Repertoire(answers, new_ids=self._manners.new_ids)
            if isinstance(answers, Cassette)
            else answers
        )
        self._wanted_ports = port, plain_port
        self._protocols = protocols
        self._body_limit = body_limit
        self._queue: deque[Answer] = deque()
        self._serving: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        self._cleanup = contextlib.ExitStack()
        self.connections = 0
        """TCP connections accepted, whatever came of them."""
        self.requests: list[Received] = []
        self.sent: list[Sent] = []
        """How the answer to the request of the same place in `requests` went out."""
        self.port = 0
        """Of TLS; `plain_port` speaks HTTP/1.1 without."""
        self.plain_port = 0
        self.ca_pem = b""
        """The authority to trust; `ca_file` holds it while the stand-in runs."""
        self.ca_file = Path()

    @property
    def address(self) -> str:
        """Host and port of TLS."""
        return f"{_LOOPBACK}:{self.port}"

    @property
    def plain_address(self) -> str:
        """Host and port of plain HTTP."""
        return f"{_LOOPBACK}:{self.plain_port}"

    @property
    def open_connections(self) -> int:
        """Connections that neither side has closed yet."""
        return len(self._serving)

    def enqueue(self, *answers: Answer) -> None:
        """Gives these to the next requests, one each, whatever they ask."""
        self._queue.extend(answers)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            folder = undo.enter_context(tempfile.TemporaryDirectory())
            tls = self._make_tls(Path(folder))
            port, plain_port = self._wanted_ports
            listeners = {
                undo.enter_context(_listen(port)): tls,
                undo.enter_context(_listen(plain_port)): None,
            }
            self.port, self.plain_port = (s.getsockname()[1] for s in listeners)
            loop = asyncio.new_event_loop()
            undo.callback(loop.close)
            stop = asyncio.Event()
            thread = threading.Thread(
                target=loop.run_until_complete,
                args=(self._run(listeners, stop),),
                daemon=True,
            )
            thread.start()
            undo.callback(thread.join)
            undo.callback(loop.call_soon_threadsafe, stop.set)
            self._cleanup = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()
        if error is None and self._failures:
            raise self._failures[0]

    def _make_tls(self, folder: Path) -> ssl.SSLContext:
        certificates = make_certificates()
        self.ca_pem = certificates.ca
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificates.ca)
        leaf_file = folder / "leaf.pem"
        leaf_file.write_bytes(certificates.leaf)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(leaf_file)
        tls.set_alpn_protocols(list(self._protocols))
        return tls

    async def _run(
        self, listeners: dict[socket.socket, ssl.SSLContext | None], stop: asyncio.Event
    ) -> None:
        accepting = [
            asyncio.create_task(self._accept(listener, tls))
            for listener, tls in listeners.items()
        ]
        await stop.wait()
        running = [*accepting, *self._serving]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _accept(
        self, listener: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        # Not asyncio.start_server: it tells of a TLS connection after its handshake only.
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(listener)
            self.connections += 1
            task = asyncio.create_task(self._serve(sock, tls))
            self._serving.add(task)
            task.add_done_callback(self._close)

    def _close(self, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)

    async def _serve(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        # The other side distrusts us, leaves, resets: all in a stand-in's day.
        with contextlib.suppress(OSError):
            async with _streams(sock, tls) as (reader, writer):
                chosen = writer.get_extra_info("ssl_object")
                protocol = chosen.selected_alpn_protocol() if chosen else None
                if protocol == "h2":
                    await http2.serve(reader, writer, self._respond, self._body_limit)
                elif tls is None or "http/1.1" in self._protocols:
                    await http1.serve(reader, writer, self._respond, self._body_limit)

    def _respond(self, received: Received) -> tuple[Answer, Sent]:
        sent = Sent()
        self.requests.append(received)
        self.sent.append(sent)
        answer = self._answer(received)
        agent = received.header("User-Agent")
        return self._manners.settled(answer, self._chance, agent), sent

    def _answer(self, received: Received) -> Answer:
        if self._queue:
            return self._queue.popleft()
        if websocket.is_upgrade(received):
            return Answer(status=101)
        try:
            return self._answers(received)
        except Exception as error:  # not ours: the client hears of it, and the test
            self._failures.append(error)
            return Answer.error(500, repr(error))


def _listen(port: int) -> socket.socket:
    listener = socket.create_server((_LOOPBACK, port), backlog=1024)
    listener.setblocking(False)
    return listener


@contextlib.asynccontextmanager
async def _streams(
    sock: socket.socket, tls: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    loop = asyncio.get_running_loop()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a chunk waits for none
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol,
        sock,
        ssl=tls,
        ssl_shutdown_timeout=2.0 if tls else None,
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        yield reader, writer
        writer.close()
        await writer.wait_closed()
    finally:
        # Until Python 3.11.4 a transport over TLS that was closed twice cannot be aborted.
        with contextlib.suppress(AttributeError):
            transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
