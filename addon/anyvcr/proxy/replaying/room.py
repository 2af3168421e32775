"""Waiting until a client has taken what was sent, which mitmproxy's layers do not.

Its layers hand bytes to a buffer without end; a slow reader would have a whole body in it,
for each of its connections. A blocking hook holds a layer until its addon is done.
"""

from dataclasses import dataclass

from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.proxy import commands


@dataclass
class RoomHook(commands.StartHook):
    """Go on once the buffer towards `client` has room."""

    name = "anyvcr_room"
    client: Client


async def wait(client: Client) -> None:
    """Wait until there is room, or the client has gone."""
    handler = ctx.master.addons.get("proxyserver").connections.get(client.id)
    transport = handler.transports.get(client) if handler is not None else None
    if transport is None or transport.writer is None:
        return
    try:
        await transport.writer.drain()
    except OSError:
        return  # gone: the connection's end is told in its own way
