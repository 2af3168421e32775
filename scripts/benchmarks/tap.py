"""A script for mitmdump: streams answers through and keeps what passed, as the least that a
recording can do.

BENCH_UPSTREAM is the port of the server that plays the API.
"""

import os

from mitmproxy import http
from mitmproxy.proxy import server_hooks

KEPT: dict[str, list[bytes]] = {}


def server_connect(data: server_hooks.ServerConnectionHookData) -> None:
    """Go to the server that plays the API."""
    data.server.address = ("127.0.0.1", int(os.environ["BENCH_UPSTREAM"]))


def responseheaders(flow: http.HTTPFlow) -> None:
    """Let the body pass as it comes."""
    assert flow.response
    if flow.response.status_code == 101:
        return
    chunks = KEPT[flow.id] = []

    def keep(data: bytes) -> bytes:
        chunks.append(data)
        return data

    flow.response.stream = keep


def response(flow: http.HTTPFlow) -> None:
    """The exchange is over."""
    KEPT.pop(flow.id, None)
