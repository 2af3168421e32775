"""The server: a port, its connections, and the cassettes that they are answered from."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from anyvcr.authority import NAME
from anyvcr.cassettes.summary import Summary
from anyvcr.core.callers import is_open
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import Origin
from anyvcr.decider import Decider
from anyvcr.server.certificates import Certificates
from anyvcr.server.connection import Connection
from anyvcr.server.elsewhere import Elsewhere
from anyvcr.settings import Settings
from anyvcr.tally import Tally

if TYPE_CHECKING:
    from anyvcr.proxy.master import Proxy

logger = logging.getLogger(__name__)

BACKLOG = 1024
"""Connections that wait to be taken."""
PATIENCE = 5.0
"""Seconds that clients have to take what was sent to them, when the server stops."""


class ReplayServer:
    """A listening server that replays; use as an async context manager, as proxy.master's."""

    def __init__(
        self,
        settings: Settings,
        *,
        ca_folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        upstream_ca: Path | None = None,
        parent: str | None = None,
    ) -> None:
        """`upstream_ca` and `parent` are for hosts other than the API's."""
        self.tally = Tally()
        self.summaries: tuple[Summary, ...] = ()
        self._settings = settings
        self._ca_folder = ca_folder
        self._address = (host, port)
        self._upstream_ca = upstream_ca
        self._parent = parent
        self._told = asyncio.Event()
        self.decider = Decider(self._ca_pem, self._told.set, self.tally)
        self._certificates = Certificates(ca_folder)
        self._elsewhere = Elsewhere(
            self.decider,
            self.tally,
            offline=settings.offline,
            allow_loopback=settings.allow_loopback,
            parent=parent,
            forwarder=self._forward,
        )
        self._connections: set[Connection] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._server: asyncio.Server | None = None
        self._forwarder: Proxy | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> "ReplayServer":
        """Start; raises AnyvcrError where the cassette or the port cannot be had."""
        self.decider.open(self._settings)
        if self._parent is not None:
            self.decider.see((), self._parent)
        host, port = self._address
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                self._connect, host, port, backlog=BACKLOG
            )
        except OSError as error:
            self.summaries = self.decider.close()
            msg = f"cannot listen on {host}:{port}: choose another --port"
            raise AnyvcrError(msg) from error
        logger.info("%s", self.decider.describe())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End all connections; `summaries` say what became of the cassettes."""
        if self._server is not None:
            self._server.close()
            self._server = None
            for connection in list(self._connections):
                connection.close()
            await self._elsewhere.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), PATIENCE)
        if self._forwarder is not None:
            await self._forwarder.stop()
            self._forwarder = None
        if self.decider.is_open:
            self.summaries = self.decider.close()
            for summary in self.summaries:
                logger.info("%s", summary.describe())

    async def ended(self) -> None:
        """Wait until the server was told to stop by its control API."""
        await self._told.wait()

    @property
    def origin(self) -> Origin:
        """Where the server listens."""
        assert self._server is not None
        host, port, *_ = self._server.sockets[0].getsockname()
        return Origin("http", host, port)

    @property
    def may_forward(self) -> bool:
        """Whether any request may reach the API: none may."""
        return False

    def _connect(self) -> Connection:
        connection = Connection(
            self.decider,
            self.tally,
            self._certificates,
            self._elsewhere,
            self._forget,
            allow_loopback=self._settings.allow_loopback,
        )
        self._connections.add(connection)
        self._all_gone.clear()
        return connection

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    async def _forward(self) -> Origin:
        """Where a mitmproxy listens that forwards plain requests to other hosts."""
        async with self._starting:
            if self._forwarder is None:
                from anyvcr.proxy.master import Proxy

                forwarder = Proxy(
                    self._settings,
                    ca_folder=self._ca_folder,
                    upstream_ca=self._upstream_ca,
                    parent=self._parent,
                    decider=self.decider,
                    has_outsiders=is_open(self._address[0]),
                )
                self._forwarder = await forwarder.__aenter__()
        return self._forwarder.origin

    def _ca_pem(self) -> bytes:
        return (self._ca_folder / f"{NAME}-ca-cert.pem").read_bytes()
