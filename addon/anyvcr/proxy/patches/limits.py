"""mitmproxy's limits on the connections of one client, and of a process with few files, lifted."""

import asyncio
import codecs
import collections

from mitmproxy import ctx
from mitmproxy.connection import Client

CONNECTIONS = 10_000
"""To one server for one client. mitmproxy's 5 make the streams of an HTTP/2 client wait for
each other where the server speaks HTTP/1.1, which takes a connection for each."""

SILENCE = 6 * 3600
"""Seconds without a byte after which a connection is closed. mitmproxy's 10 minutes cut off a
model that thinks for longer."""

_SILENCE_BEFORE = 600


def load_early() -> None:
    """Load what mitmproxy would load with its first request, when there may be no descriptors left."""
    codecs.lookup("idna")


def lift_for(client: Client) -> None:
    """Lift the limits that hold for one client connection."""
    handler = ctx.master.addons.get("proxyserver").connections.get(client.id)
    if handler is None:
        return
    if hasattr(handler, "max_conns"):
        handler.max_conns = collections.defaultdict(
            lambda: asyncio.Semaphore(CONNECTIONS)
        )
    watchdog = getattr(handler, "timeout_watchdog", None)
    # mitmproxy 12 has an option for it: a value that the user chose stays.
    if watchdog is not None and watchdog.timeout == _SILENCE_BEFORE:
        watchdog.timeout = SILENCE
