"""What the server without mitmproxy does by itself: no mitmproxy, certificates kept, tunnels."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, StandIn
from support.proxies import DEADLINE, SEED, Mitmdump, anyvcr, proxy, serve

URL = "https://api.openai.com/v1/models"


def replaying(**options: object) -> dict[str, object]:
    return {"cassette": SEED, "cassette_mode": "replay-only", **options}


@contextmanager
def without_mitmproxy(home: Path, **options: object) -> Iterator[Mitmdump]:
    """A server in whose process an import of mitmproxy fails, with a CA made before."""
    anyvcr(home, "env", "--port", "1", env={"ANYVCR_HOME": str(home / "mitmproxy")})
    poison = home / "poison" / "mitmproxy"
    poison.mkdir(parents=True)
    (poison / "__init__.py").write_text("raise RuntimeError('mitmproxy is imported')")
    env = {"PYTHONPATH": str(poison.parent)}
    with serve(home, options=replaying(**options), env=env) as running:
        yield running


def test_both_doors_need_no_mitmproxy(home: Path) -> None:
    with without_mitmproxy(home) as server:
        with server.client() as client, server.direct() as direct:
            answers = [client.get(URL), direct.get("/models")]
        code = server.stop()

    assert [answer.status_code for answer in answers] == [418, 418]
    assert "mitmproxy is imported" not in server.log
    assert code == 0


def test_a_tunnel_to_another_host_needs_none(home: Path) -> None:
    with (
        StandIn(lambda _: Answer.of(b"another site", "text/plain")) as site,
        without_mitmproxy(home) as server,
    ):
        context = ssl.create_default_context(cafile=str(site.ca_file))
        with httpx.Client(
            proxy=server.url, verify=context, trust_env=False, timeout=DEADLINE
        ) as client:
            answer = client.get(f"https://localhost:{site.port}/x")

    assert answer.content == b"another site"


def test_offline_needs_none(home: Path) -> None:
    with (
        without_mitmproxy(home, cassette_offline="true") as server,
        httpx.Client(proxy=server.url, trust_env=False) as client,
    ):
        plain = client.get("http://127.0.0.1:9/")
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get("https://localhost:9/")

    assert plain.status_code == 403
    assert "offline" in plain.json()["error"]["message"]


class _Greeting(BaseRequestHandler):
    """A server that speaks first, and then says what it hears."""

    def handle(self) -> None:
        self.request.sendall(b"220 hello\r\n")
        while data := self.request.recv(1000):
            self.request.sendall(data)


def test_a_server_may_speak_first_in_a_tunnel(home: Path) -> None:
    with (
        ThreadingTCPServer(("127.0.0.1", 0), _Greeting) as other,
        without_mitmproxy(home) as server,
    ):
        Thread(target=other.serve_forever, daemon=True).start()
        port = other.server_address[1]
        with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as sock:
            sock.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: a\r\n\r\n" % port)
            stream = sock.makefile("rb")
            assert b" 200 " in stream.readline()
            assert stream.readline() == b"\r\n"
            greeting = stream.readline()
            sock.sendall(b"HELO a\r\n")
            echo = stream.readline()
        other.shutdown()

    assert (greeting, echo) == (b"220 hello\r\n", b"HELO a\r\n")


def test_certificates_are_kept_for_their_owner_alone(home: Path) -> None:
    leaves = home / "mitmproxy" / "leaves"
    seen = []
    for _ in range(2):
        with serve(home, options=replaying()) as server, server.client() as client:
            client.get(URL)
        [leaf] = leaves.rglob("*.pem")
        seen.append(leaf.read_bytes())

    assert leaf.name == "api.openai.com.pem"
    assert leaf.stat().st_mode & 0o077 == leaf.parent.stat().st_mode & 0o077 == 0
    assert seen[0] == seen[1]


def test_a_handshake_that_is_refused_is_counted(home: Path) -> None:
    ask = f"curl -sS {URL} --cacert /etc/hostname -x $HTTPS_PROXY; true"
    done = anyvcr(home, "replay", SEED, "--", "sh", "-c", f"unset NO_PROXY; {ask}")

    assert "does not trust our certificate" in done.stderr


READERS = 20
LARGE = 30_000_000
MEMORY = 150_000
"""Kilobytes over idle."""


def resident(process: int) -> int:
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("memory is read from /proc, which is not there")
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmRSS")]
    return int(line.split()[1])


@pytest.mark.usefixtures("each_shell")
def test_slow_readers_cost_a_block_each(home: Path) -> None:
    request = Request(method="GET", url=URL)
    body = (b"0123456789abcdef" * 4 + b"\n") * (LARGE // 65)
    response = Response(
        code=200, status="200 OK", body=body, content_length=len(body), headers=()
    )
    interaction = Interaction(id=0, request=request, response=response)
    path = home / "c.yaml"
    path.write_bytes(cassette_format.dumps(Cassette(interactions=(interaction,))))
    options = {
        "cassette": path,
        "cassette_mode": "replay-only",
        "cassette_repeats": "sticky",
    }
    with proxy(home, options) as server:
        with server.direct() as client:
            whole = client.get(
                "/models"
            ).content  # what is decoded when it is played is
        idle = resident(server.process.pid)
        socks = []
        for _ in range(READERS):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            sock.settimeout(DEADLINE)
            sock.connect(("127.0.0.1", server.port))
            sock.sendall(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
            socks.append(sock)
        begun = [sock.recv(1000)[:15] for sock in socks]
        with server.direct() as client:
            again = client.get("/models").content
        used = resident(server.process.pid) - idle
        for sock in socks:
            sock.close()

    assert begun == [b"HTTP/1.1 200 OK"] * READERS
    assert whole == again == body
    assert used < MEMORY
