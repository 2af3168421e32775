"""In replay nothing leads to the API: not by another name, another address, another Host."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from standin import Answer, Received, StandIn
from support.proxies import DEADLINE, SEED, Mitmdump
from support.proxies import proxy as proxy_of_shell

pytestmark = pytest.mark.usefixtures("each_shell")


def live(_: Received) -> Answer:
    return Answer.of(b"LIVE", "text/plain")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(live) as running:
        yield running


@contextmanager
def replaying(home: Path) -> Iterator[Mitmdump]:
    options = {"cassette": SEED, "cassette_mode": "replay-only"}
    with proxy_of_shell(home, options=options) as proxy:
        yield proxy


@contextmanager
def tunnel(
    proxy: Mitmdump, authority: str, expected: bytes = b"200"
) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as sock:
        line = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"
        sock.sendall(line.encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and (data := sock.recv(1)):
            head += data
        assert head.split()[1] == expected
        yield sock


def ask_through(sock: socket.socket, api: StandIn, name: str | None) -> bytes:
    """The answer to a request over TLS that names `name`; b"" where there is none."""
    context = ssl.create_default_context(cafile=str(api.ca_file))
    context.check_hostname = False
    try:
        with context.wrap_socket(sock, server_hostname=name) as inside:
            inside.sendall(b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
            return inside.recv(1000)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "api.openai.com"),
        ("localhost", "me.openai.azure.com"),
        ("127.0.0.1", "api.openai.com"),
        ("127.1", "api.openai.com"),
        ("127.0.0.1", None),
        ("127.1", None),
    ],
)
def test_a_tunnel_under_another_name_is_closed(
    home: Path, api: StandIn, host: str, name: str | None
) -> None:
    with replaying(home) as proxy, tunnel(proxy, f"{host}:{api.port}") as sock:
        answer = ask_through(sock, api, name)

    assert b"LIVE" not in answer
    assert api.requests == []


def test_a_refused_tunnel_is_said(home: Path, api: StandIn) -> None:
    with replaying(home) as proxy:
        with tunnel(proxy, f"localhost:{api.port}") as sock:
            ask_through(sock, api, "api.openai.com")
        proxy.wait_for("its TLS handshake names api.openai.com, and in replay nothing")


def test_plain_http_that_names_the_api_is_refused(home: Path, api: StandIn) -> None:
    host, _, port = api.plain_address.rpartition(":")
    request = b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"
    with replaying(home) as proxy:
        with tunnel(proxy, f"{host}:{port}") as sock:
            sock.sendall(request)
            in_tunnel = sock.recv(1000)
        with httpx.Client(proxy=proxy.url, trust_env=False, timeout=DEADLINE) as client:
            url = f"http://{api.plain_address}/v1/models"
            named = client.get(url, headers={"Host": "api.openai.com"})
            other = client.get(url)
            named_later = client.get(url, headers={"Host": "api.openai.com"})

    assert in_tunnel == b""
    assert named.status_code == named_later.status_code == 418
    assert "nothing leads to the API" in named.json()["error"]["message"]
    assert other.content == b"LIVE"
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "authority",
    [
        "api%2eopenai.com:443",
        "u@localhost:443",
        "api.openai.com",
        "api.openai.com:443/",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_none(
    home: Path, authority: str
) -> None:
    with replaying(home) as proxy, tunnel(proxy, authority, b"400"):
        pass


@pytest.mark.parametrize(
    "host",
    [
        *("api.openai.com", "API.OpenAI.com.", "eu.api.openai.com"),
        *("me.openai.azure.com", "me.cognitiveservices.azure.com"),
        *("me.services.ai.azure.com", "me.openai.azure.us"),
    ],
)
def test_every_name_of_the_api_is_answered_from_the_cassette(
    home: Path, host: str
) -> None:
    with replaying(home) as proxy, proxy.client() as client:
        answer = client.get(f"https://{host}/v1/nothing")

    assert answer.status_code == 418
