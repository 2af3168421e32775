"""The load generator: raw requests on blocking sockets, and a clock.

One thread and epoll for connections that are kept, a thread for each client where every
request has a connection of its own. It must be faster than what it measures; the table
says how fast it is against a server that does nothing.
"""

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.exchange import HOST, Exchange

DEADLINE = 30.0
"""Seconds without an answer after which a measurement fails."""


class Door(StrEnum):
    """How a client gets to what is measured."""

    PROXY = "proxy"
    """CONNECT, then TLS."""
    TLS = "tls"
    PLAIN = "plain"
    """HTTP to the base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where requests go, and how."""

    port: int
    door: Door = Door.PROXY
    prefix: str = ""
    """Before the API's path, at a base URL."""

    def request(self, exchange: Exchange, *, close: bool = False) -> bytes:
        plain = self.door is Door.PLAIN
        host = f"127.0.0.1:{self.port}" if plain else HOST
        return exchange.request(host, self.prefix, close=close)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run of the load measured; latencies in seconds."""

    rate: float
    """Answers per second."""
    p50: float
    p99: float
    count: int


class WrongAnswerError(Exception):
    """The server did not say what was recorded, so that its speed says nothing."""


def connect(address: Address) -> socket.socket:
    """A connection on which requests can be written."""
    sock = socket.create_connection(("127.0.0.1", address.port), DEADLINE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if address.door is Door.PROXY:
        sock.sendall(
            f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()
        )
        answer = sock.recv(65536)
        if b" 200 " not in answer.split(b"\r\n")[0]:
            raise WrongAnswerError(f"CONNECT was answered with {answer[:80]!r}")
    if address.door is not Door.PLAIN:
        return _CONTEXT.wrap_socket(sock, server_hostname=HOST)
    return sock


def ask(sock: socket.socket, request: bytes, marker: bytes) -> float:
    """Send one request and read its answer; seconds until it was whole."""
    start = time.perf_counter()
    sock.sendall(request)
    reading = _Reading(marker)
    while not reading.feed(sock.recv(262144)):
        pass
    return time.perf_counter() - start


def once(address: Address, exchanges: Sequence[Exchange]) -> None:
    """Ask for each exchange, on one connection."""
    with connect(address) as sock:
        for each in exchanges:
            ask(sock, address.request(each), each.marker.encode())


def kept(
    address: Address, exchanges: Sequence[Exchange], clients: int, seconds: float
) -> Sample:
    """Load from `clients` connections that are kept."""
    script = [(address.request(each), each.marker.encode()) for each in exchanges]
    socks = [connect(address) for _ in range(clients)]
    try:
        for sock in socks:
            ask(sock, *script[0])
        return _pump(socks, script, seconds)
    finally:
        for sock in socks:
            sock.close()


def fresh(
    address: Address, exchanges: Sequence[Exchange], clients: int, seconds: float
) -> Sample:
    """Load from `clients` that make a connection for every request; its time counts."""
    script = [
        (address.request(each, close=True), each.marker.encode()) for each in exchanges
    ]
    latencies: list[float] = []
    failures: list[Exception] = []
    start = time.perf_counter()

    def run(number: int) -> None:
        try:
            while (begun := time.perf_counter()) < start + seconds:
                number += clients
                with connect(address) as sock:
                    ask(sock, *script[number % len(script)])
                latencies.append(time.perf_counter() - begun)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sample(latencies, time.perf_counter() - start)


def sample(latencies: Sequence[float], seconds: float) -> Sample:
    """Of all latencies of a run that took `seconds`."""
    ordered = sorted(latencies)
    if not ordered:
        raise WrongAnswerError("no answer came in time")
    return Sample(
        rate=len(ordered) / seconds,
        p50=ordered[len(ordered) // 2],
        p99=ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        count=len(ordered),
    )


class _Reading:
    """One answer as it comes; with its length or chunked."""

    def __init__(self, marker: bytes) -> None:
        self._marker = marker
        self._data = b""
        self._end = 0
        """Length of head and body; 0 while it is not known, -1 where the body is chunked."""

    def feed(self, data: bytes) -> bool:
        """Whether the answer is whole."""
        if not data:
            raise WrongAnswerError(f"the connection closed after {self._data[:80]!r}")
        self._data += data
        if not self._end and (head := self._data.find(b"\r\n\r\n")) > 0:
            self._read_head(head)
        whole = self._end and (
            len(self._data) >= self._end
            if self._end > 0
            else self._data.endswith(b"0\r\n\r\n")
        )
        if whole and self._marker not in self._data:
            raise WrongAnswerError(f"expected {self._marker!r} in {self._data[:400]!r}")
        return bool(whole)

    def _read_head(self, head: int) -> None:
        lines = self._data[:head].lower()
        if not lines.startswith((b"http/1.1 200", b"http/1.0 200")):
            raise WrongAnswerError(f"expected 200, found {self._data[:400]!r}")
        at = lines.find(b"\r\ncontent-length:")
        if at < 0:
            self._end = -1
            return
        self._end = head + 4 + int(lines[at + 17 :].split(b"\r\n", 1)[0])


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    next: int
    start: float
    reading: _Reading


def _pump(
    socks: Sequence[socket.socket],
    script: Sequence[tuple[bytes, bytes]],
    seconds: float,
) -> Sample:
    latencies: list[float] = []
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        begun = now = clock()
        for number, sock in enumerate(socks):
            request, marker = script[number % len(script)]
            client = _Client(sock, number, clock(), _Reading(marker))
            selector.register(sock, selectors.EVENT_READ, client)
            sock.sendall(request)
        while now < begun + seconds:
            ready = selector.select(DEADLINE)
            if not ready:
                raise WrongAnswerError(f"no answer came within {DEADLINE:.0f} seconds")
            for selected, _ in ready:
                client = selected.data
                if not _receive(client):
                    continue
                now = clock()
                latencies.append(now - client.start)
                client.next += len(socks)
                request, marker = script[client.next % len(script)]
                client.start, client.reading = now, _Reading(marker)
                client.sock.sendall(request)
        return sample(latencies, now - begun)


def _receive(client: _Client) -> bool:
    """Read what is there; whether the answer is whole."""
    sock = client.sock
    whole = client.reading.feed(sock.recv(262144))
    while not whole and isinstance(sock, ssl.SSLSocket) and sock.pending():
        whole = client.reading.feed(sock.recv(262144))
    return whole


def _trusting() -> ssl.SSLContext:
    # What a client spends on verifying is not what is measured.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


_CONTEXT = _trusting()
