"""The listener's doors: for this machine's programs, not for the network or pages of other sites."""

import contextlib
import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from anyvcr.core.replay.answer import REFUSED
from standin import StandIn
from support.proxies import DEADLINE, SEED, Mitmdump, proxy, serving
from support.toolchain import missing

BOTH = pytest.mark.parametrize("mode", ["record-once", "replay-only"])
"""Under mitmproxy, and in the server without it."""
MODELS = "/v1/models"


@pytest.fixture
def address() -> str:
    """An address of this machine beside loopback: to connect to it stays on the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            missing("this machine has no address beside loopback")
        return str(probe.getsockname()[0])


class _Private(BaseHTTPRequestHandler):
    """A service for this machine's own programs."""

    def do_GET(self) -> None:  # the name is http.server's
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"private")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def private() -> Iterator[int]:
    """Port of a service that listens on loopback alone."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Private) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def _open(home: Path, mode: str, *more: str) -> Iterator[Mitmdump]:
    """A proxy that listens to the network, over a folder of cassettes."""
    (home / "c").mkdir()
    with serving(home, "--host", "0.0.0.0", *more, cassette="c/", mode=mode) as running:
        yield running


def _control(
    running: Mitmdump, host: str, method: str, what: str, **headers: str
) -> int:
    url = f"http://{host}:{running.port}/_anyvcr/{what}"
    with httpx.Client(trust_env=False, timeout=DEADLINE) as client:
        return client.request(method, url, headers=headers).status_code


@BOTH
def test_the_control_api_asks_other_machines_for_the_secret(
    home: Path, address: str, mode: str
) -> None:
    with _open(home, mode) as running:
        secret = running.wait_for(r"ANYVCR_SECRET='?(\w+)").group(1)
        assert _control(running, address, "GET", "health") == 403
        for said in ({"Host": "127.0.0.1"}, {"X-Anyvcr-Secret": "guessed"}):
            assert _control(running, address, "POST", "cassettes/made", **said) == 403
            assert _control(running, address, "POST", "stop", **said) == 403
        assert not list((home / "c").iterdir())
        shown = {"X-Anyvcr-Secret": secret}
        assert _control(running, address, "GET", "health", **shown) == 200
        page = {**shown, "Origin": "http://evil.example"}
        assert _control(running, address, "GET", "health", **page) == 403
        assert _control(running, "127.0.0.1", "GET", "health") == 200


def _by_proxy(host: str, running: Mitmdump, port: int) -> str | None:
    """What the private service says to a plain request that goes through the proxy."""
    proxied = f"http://{host}:{running.port}"
    with httpx.Client(proxy=proxied, trust_env=False, timeout=DEADLINE) as client:
        answer = client.get(f"http://localhost:{port}/")
        return answer.text if answer.status_code == 200 else None


def _by_tunnel(host: str, running: Mitmdump, port: int, name: str) -> bytes:
    """What it says in a tunnel."""
    with socket.create_connection((host, running.port), DEADLINE) as client:
        client.sendall(f"CONNECT {name}:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = client.recv(4096)
        if not re.match(rb"HTTP/1\.[01] 200", head):
            return b""
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(4096), b""))
    return b""


@BOTH
def test_other_machines_do_not_reach_this_ones_loopback(
    home: Path, address: str, private: int, mode: str
) -> None:
    with _open(home, mode) as running:
        assert _by_proxy(address, running, private) is None
        for name in ("127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"):
            assert b"private" not in _by_tunnel(address, running, private, name), name
        assert b"private" in _by_tunnel("127.0.0.1", running, private, "127.0.0.1")


@BOTH
def test_they_do_where_that_is_allowed(
    home: Path, address: str, private: int, mode: str
) -> None:
    with _open(home, mode, "--allow-loopback") as running:
        assert _by_proxy(address, running, private) == "private"
        assert b"private" in _by_tunnel(address, running, private, "127.0.0.1")


PAGES = {
    "of another site": {"Origin": "https://evil.example"},
    "as an image": {"Sec-Fetch-Site": "cross-site"},
    "whose name leads here": {"Host": "evil.example"},
}


def _ask(running: Mitmdump, headers: dict[str, str]) -> httpx.Response:
    with running.direct() as client:
        return client.get("/models", headers=headers)


@pytest.mark.usefixtures("each_shell")
@pytest.mark.parametrize("headers", PAGES.values(), ids=PAGES)
def test_a_page_of_another_site_gets_nothing_recorded(
    home: Path, headers: dict[str, str]
) -> None:
    options = {"cassette": SEED, "cassette_mode": "replay-only"}
    with proxy(home, options) as running:
        answer = _ask(running, headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "foreign_page"
        assert "recorded" not in answer.text
        # A program's own call is answered, be it only by a miss.
        own = _ask(running, {"Origin": "http://localhost:3000"})
        assert own.status_code == REFUSED


@pytest.mark.parametrize("headers", PAGES.values(), ids=PAGES)
def test_a_page_of_another_site_records_nothing(
    home: Path, api: StandIn, headers: dict[str, str]
) -> None:
    with serving(home, api=api, mode="record-once") as running:
        assert _ask(running, headers).status_code == 403
    assert not api.requests


@pytest.mark.usefixtures("each_shell")
def test_a_page_that_is_allowed_may_call(home: Path) -> None:
    options = {
        "cassette": SEED,
        "cassette_mode": "replay-only",
        "cassette_allow_pages": "evil.example",
    }
    with proxy(home, options) as running:
        for headers in (PAGES["of another site"], PAGES["whose name leads here"]):
            assert _ask(running, headers).status_code == REFUSED


@BOTH
def test_a_body_that_is_no_json_object_is_refused_however_deep(
    home: Path, mode: str
) -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    (home / "c").mkdir()
    with serving(home, cassette="c/", mode=mode) as running:
        url = f"{running.url}/_anyvcr/cassettes/a"
        with httpx.Client(trust_env=False, timeout=DEADLINE) as client:
            for body in (deep, b"[1]", b"{"):
                assert client.post(url, content=body).status_code == 400
        assert running.stop() == 0, running.log
