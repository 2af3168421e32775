"""The proxy inside our own process, for the command line.

mitmdump brings some forty addons; a recorder needs six, and each request costs a walk over
all of them. What is not documented mitmproxy API (Master, the addons' classes) is used here
and nowhere else.
"""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mitmproxy import options

from anyvcr.cassettes.summary import Summary
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import Origin
from anyvcr.decider import Decider
from anyvcr.proxy import lazy_addons
from anyvcr.proxy.addon import Anyvcr
from anyvcr.settings import Settings
from anyvcr.tally import Tally

with lazy_addons.addons():
    from mitmproxy.addons import (
        core,
        disable_h2c,
        next_layer,
        proxyserver,
        tlsconfig,
        upstream_auth,
    )
    from mitmproxy.master import Master


class _Started:
    """Last in the chain: all addons are running once it is told so."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        self.event.set()


class Proxy:
    """A listening proxy with our addon; use as an async context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        ca_folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        upstream_ca: Path | None = None,
        parent: str | None = None,
        decider: Decider | None = None,
        has_outsiders: bool = False,
    ) -> None:
        """`parent` is the URL of the proxy by which this machine reaches the API.

        `decider` is one that another server has opened: then this proxy opens none.
        `has_outsiders`: by way of that server come clients of other machines.
        """
        self.addon = Anyvcr(settings, decider, has_outsiders=has_outsiders)
        self._address = (host, port)
        self._upstream_ca = upstream_ca
        self._parent = parent
        self._ca_folder = ca_folder
        self._master: Master | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Proxy":
        """Start; raises AnyvcrError where the cassette or the port cannot be had."""
        self.addon.open()
        try:
            started = _Started()
            self._master = self._make_master(started)
            self._task = asyncio.create_task(self._master.run())
            waiting = asyncio.create_task(started.event.wait())
            await asyncio.wait({self._task, waiting}, return_when="FIRST_COMPLETED")
            waiting.cancel()
            if not self._listening():
                host, port = self._address
                msg = f"cannot listen on {host}:{port}: choose another --port"
                raise AnyvcrError(msg)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the proxy and the recordings in order; the addon's summaries say what became of them."""
        if self._master is not None and self._task is not None:
            self._master.shutdown()
            await self._task  # the addon ends in it, if it had begun
        self.addon.close()
        self._master = self._task = None

    async def ended(self) -> None:
        """Wait until the proxy was told to stop by its control API."""
        if self._task is not None:
            await asyncio.wait({self._task})

    @property
    def decider(self) -> Decider:
        """What decides on requests."""
        return self.addon.decider

    @property
    def tally(self) -> Tally:
        """What came of the connections and requests."""
        return self.addon.tally

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What became of the cassettes, once it has stopped."""
        return self.addon.summaries

    @property
    def may_forward(self) -> bool:
        """Whether any request may reach the API."""
        return self.addon.decider.may_forward

    @property
    def origin(self) -> Origin:
        """Where the proxy listens."""
        host, port = self._listening()[0]
        return Origin("http", host, port)

    def _make_master(self, started: _Started) -> Master:
        opts = options.Options()
        master = Master(opts)
        legacy = getattr(master, "_legacy_log_events", None)
        if legacy is not None:
            # It wakes the event loop for each line of the log, for a hook that nobody has.
            legacy.uninstall()
        master.addons.add(
            core.Core(),
            disable_h2c.DisableH2C(),
            proxyserver.Proxyserver(),
            # Before NextLayer, as scripts are in mitmdump: it keeps what we have chosen.
            self.addon,
            next_layer.NextLayer(),
            tlsconfig.TlsConfig(),
            upstream_auth.UpstreamAuth(),
            started,
        )
        host, port = self._address
        opts.update(confdir=str(self._ca_folder), listen_host=host, listen_port=port)
        if self._upstream_ca is not None:
            opts.update(ssl_verify_upstream_trusted_ca=str(self._upstream_ca))
        if self._parent is not None:
            self.addon.decider.see((), self._parent)
            parts = urlsplit(self._parent)
            address = parts.netloc.rpartition("@")[2]
            opts.update(mode=[f"upstream:{parts.scheme}://{address}"])
            if parts.username is not None:
                user, password = unquote(parts.username), unquote(parts.password or "")
                opts.update(upstream_auth=f"{user}:{password}")
        return master

    def _listening(self) -> list[tuple[str, int]]:
        if self._master is None:
            return []
        server = self._master.addons.get("proxyserver")
        return [(address[0], address[1]) for address in server.listen_addrs()]
