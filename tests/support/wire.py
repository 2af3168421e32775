"""Ask the stand-in directly: by httpx, by curl, by a bare socket."""

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from standin import StandIn
from support.toolchain import require_tool

versions = pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])


def client(api: StandIn, version: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"https://{api.address}",
        http1=version == "HTTP/1.1",
        http2=version == "HTTP/2",
        verify=ssl.create_default_context(cafile=api.ca_file),
        trust_env=False,
    )


def curl(api: StandIn, path: str, *options: str) -> bytes:
    tool = require_tool("curl")
    command = [tool, "-sS", "--cacert", str(api.ca_file), "--noproxy", "*", *options]
    done = subprocess.run(
        [*command, f"https://{api.address}{path}"], check=True, capture_output=True
    )
    return done.stdout


@contextlib.contextmanager
def plain_socket(api: StandIn) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", api.plain_port), timeout=10) as sock:
        yield sock


def read_until(sock: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        piece = sock.recv(65536)
        assert piece, f"closed after {data!r}"
        data += piece
    return data


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))
