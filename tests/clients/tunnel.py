"""A proxy that leads every CONNECT to one TLS server, which answers as the API does.

Both are threads of the test's own, on loopback: what a client did is read from the lists.
"""

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import trustme

TEXT = "naïve ✓"
_WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


@dataclass(frozen=True, slots=True)
class Connect:
    """What a client asked of the proxy."""

    target: str
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """Addresses, and what has come in so far."""

    port: int
    server_port: int
    ca: Path
    connects: list[Connect] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """`METHOD path` of each, by whatever way it reached the TLS server."""

    def environment(
        self, preload: Path, more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """What makes a Node of any version use it."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "NODE_OPTIONS": f'--require "{preload}"',
            "OPENAI_API_KEY": "sk-fake",
            "PATH": "/usr/bin:/bin",
        } | dict(more or {})


@contextlib.contextmanager
def running(folder: Path, *hosts: str) -> Iterator[Tunnel]:
    """Both servers; the certificate is for `hosts` and loopback, its CA in `folder`."""
    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert(*hosts, "localhost", "127.0.0.1")
    certificate.configure_cert(context)
    with _Server(_Api) as api, _Server(_Proxy) as proxy:
        tunnel = Tunnel(port=proxy.port, server_port=api.port, ca=ca)
        api.context, api.tunnel, proxy.tunnel = context, tunnel, tunnel
        yield tunnel


class _Server(ThreadingTCPServer):
    daemon_threads = True
    tunnel: Tunnel
    context: ssl.SSLContext

    def __init__(self, handler: type[BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> "_Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no news."""


class _Proxy(BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := self.request.recv(1)):
                return
            head += byte
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in map(_parted, lines)}
        target = first.split(" ")[1]
        tunnel = self.server.tunnel
        tunnel.connects.append(Connect(target, fields.get("proxy-authorization", "")))
        if target.startswith("refused."):
            self.request.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", tunnel.server_port)) as upstream:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(upstream, self.request))
            back.start()
            _copy(self.request, upstream)
            back.join()


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(": ")


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        # Here and not on the listening socket: a handshake must not hold up the others.
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def log_message(self, *_: object) -> None:
        """Not on the test's stderr."""

    def do_POST(self) -> None:
        """A chat completion, or what was sent where it is no JSON."""
        self.server.tunnel.requests.append(f"{self.command} {self.path}")
        body = self._body()
        try:
            streams = json.loads(body).get("stream")
        except ValueError:
            digest = hashlib.sha256(body).hexdigest().encode()
            return self._answer("text/plain", digest + b" " + body)
        if streams:
            return self._answer("text/event-stream", _events().encode())
        message = {"role": "assistant", "content": TEXT}
        completion = {"choices": [{"index": 0, "message": message}]}
        return self._answer("application/json", json.dumps(completion).encode())

    def do_GET(self) -> None:
        """The handshake of a WebSocket, and its end."""
        self.server.tunnel.requests.append(f"{self.command} {self.path}")
        key = self.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + _WEBSOCKET_GUID).digest())
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            b"\x88\x02\x03\xe8"  # close, code 1000
        )
        self.close_connection = True

    def _body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _events() -> str:
    deltas = [{"choices": [{"index": 0, "delta": {"content": c}}]} for c in TEXT]
    lines = (json.dumps(delta, ensure_ascii=False) for delta in deltas)
    return "".join(f"data: {line}\n\n" for line in lines) + "data: [DONE]\n\n"
