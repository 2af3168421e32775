"""Connections that are not for the API: a tunnel of our own, or a mitmproxy started for them."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from anyvcr.core.callers import is_loopback_peer
from anyvcr.core.go.status import reason
from anyvcr.core.hosts import DEFAULT_PORTS, Origin
from anyvcr.core.replay.action import Send
from anyvcr.core.replay.answer import refused
from anyvcr.core.replay.playback import Playback
from anyvcr.core.replay.tunnel_guard import Refused, Verdict, judge
from anyvcr.decider import Decider
from anyvcr.tally import Tally

OFFLINE = "anyvcr is offline: only the API's hosts are answered, from the cassette"
SERVER_FIRST = 1.0
"""Seconds after which a client that says nothing waits for its server to speak first."""
_BLOCK = 1 << 16

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Elsewhere:
    """Takes each connection that is not for the API, in a task of its own."""

    def __init__(
        self,
        decider: Decider,
        tally: Tally,
        *,
        offline: bool,
        allow_loopback: bool,
        parent: str | None,
        forwarder: Callable[[], Awaitable[Origin]],
    ) -> None:
        """`parent`: the URL of the proxy by which this machine reaches others."""
        self._decider = decider
        self._tally = tally
        self._offline = offline
        self._allow_loopback = allow_loopback
        self._parent = parent
        self._forwarder = forwarder
        self._tasks: set[asyncio.Task[None]] = set()

    def take(
        self, transport: asyncio.Transport, data: bytes, tunnel: Origin | None
    ) -> None:
        """Carry on with `transport`, whose first bytes are `data`."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        task = loop.create_task(self._carry((reader, writer), data, tunnel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all of these connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, client: Streams, data: bytes, tunnel: Origin | None) -> None:
        _, writer = client
        try:
            if self._offline:
                await _refuse(writer, OFFLINE, 403)
            elif tunnel is None:
                origin = await self._forwarder()
                server = await asyncio.open_connection(origin.host, origin.port)
                await _splice(client, server, data)
            else:
                self._tally.other_hosts.add(tunnel.host)
                await self._tunnel(client, tunnel)
        except OSError:
            pass  # one of the two has gone, which the other sees
        except Exception as error:
            self._decider.fault(error)
        finally:
            writer.close()

    async def _tunnel(self, client: Streams, tunnel: Origin) -> None:
        reader, writer = client
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        try:
            first = await self._first_words(reader, tunnel, SERVER_FIRST)
        except TimeoutError:
            first = b""
        if first is None:
            return
        server = await self._open(tunnel)
        if server is None:
            return
        if not self._may_have(writer, server[1]):
            server[1].close()
            return
        if not first:
            await self._server_first(client, server, tunnel)
            return
        await _splice(client, server, first)

    def _may_have(
        self, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> bool:
        """Whether `client` may be led there: a name may turn out to be this machine's loopback."""
        if self._allow_loopback or self._parent is not None:
            return True
        is_local = is_loopback_peer(client.get_extra_info("peername"))
        return is_local or not is_loopback_peer(server.get_extra_info("peername"))

    async def _server_first(
        self, client: Streams, server: Streams, tunnel: Origin
    ) -> None:
        """The server speaks first; what the client then says is looked at as ever."""
        greeting = asyncio.create_task(_pump(server[0], client[1]))
        try:
            first = await self._first_words(client[0], tunnel)
            if first is None:
                return
            server[1].write(first)
            await asyncio.gather(_pump(client[0], server[1]), greeting)
        finally:
            greeting.cancel()
            server[1].close()

    async def _first_words(
        self,
        reader: asyncio.StreamReader,
        tunnel: Origin,
        patience: float | None = None,
    ) -> bytes | None:
        """What a client says until it is clear that it is not for the API.

        None where it is, which is refused, or where the client says no more. Raises
        TimeoutError after `patience` seconds in which it has said nothing.
        """
        first, verdict = b"", Verdict.MORE
        while verdict is Verdict.MORE:
            timeout = None if first else patience
            data = await asyncio.wait_for(reader.read(_BLOCK), timeout)
            if not data:
                return None
            first += data
            found = judge(tunnel, first, self._decider.plays)
            if isinstance(found, Refused):
                self._decider.turn_away(found.why)
                return None
            verdict = found
        return first

    async def _open(self, tunnel: Origin) -> Streams | None:
        """A connection to the other host, by way of the parent proxy if there is one."""
        if self._parent is None:
            return await asyncio.open_connection(tunnel.host, tunnel.port)
        parts = urlsplit(self._parent)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
        host = f"[{tunnel.host}]" if ":" in tunnel.host else tunnel.host
        target = f"{host}:{tunnel.port}"
        head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            head += f"Proxy-Authorization: Basic {base64.b64encode(user.encode()).decode()}\r\n"
        writer.write(f"{head}\r\n".encode())
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            answer = b""
        if answer.split(b" ")[1:2] == [b"200"]:
            return reader, writer
        writer.close()
        return None


async def _splice(client: Streams, server: Streams, first: bytes) -> None:
    """Pass on what each says to the other, until both have ended or one is gone."""
    try:
        server[1].write(first)
        await asyncio.gather(_pump(client[0], server[1]), _pump(server[0], client[1]))
    finally:
        server[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_BLOCK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _refuse(writer: asyncio.StreamWriter, why: str, code: int) -> None:
    answer = replace(refused(why, "offline"), code=code, reason=reason(code))
    playback = Playback(answer, asked=0.0, closes=True)
    while isinstance(step := playback.next(0.0), Send):
        writer.write(step.data)
    await writer.drain()
