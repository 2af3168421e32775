"""Measure streams: passed on live against a bare mitmdump, and played back at their pace.

`python -m benchmarks.micro.live [live] [pace]` prints a table for each; together they take about
two minutes. The stand-in runs here, the clients and the proxies in processes of their own.
All clocks are time.monotonic(), which the processes of one machine share.
"""

import asyncio
import contextlib
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.codec import dumps
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, Chunk, Framing, Received, StandIn
from support.proxies import mitmdump

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"%d"}}]}\n\n'
TAP = """
def responseheaders(flow):
    flow.response.stream = lambda data: data
"""
ROUNDS = 10
PROXIES = 3
"""Of each kind, one after the other: some processes are by chance quicker than others."""
PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""That this process may use, as it was started."""


@dataclass(frozen=True, slots=True)
class Way:
    """How clients reach the API; `proxy` 0 is directly."""

    port: int
    """Of the API."""
    ca: Path
    proxy: int = 0
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Stream:
    """When a request was sent and its chunks came."""

    asked: float
    chunks: tuple[float, ...]


def fetch(way: Way, paths: Sequence[str]) -> list[Stream]:
    """Ask for all of `paths` at once, each on a connection that has served before."""
    done = subprocess.run(
        [sys.executable, __file__, "client", str(way.port), str(way.ca)]
        + [str(way.proxy), way.host, *paths],
        stdout=subprocess.PIPE,
        check=True,
    )
    return [Stream(asked, tuple(chunks)) for asked, *chunks in json.loads(done.stdout)]


async def client(way: Way, paths: Sequence[str]) -> None:
    """The other end of `fetch`: prints for each stream when it was asked, and its chunks."""
    context = ssl.create_default_context(cafile=str(way.ca))
    connections = await asyncio.gather(*(connect(way, context) for _ in paths))
    streams = zip(connections, paths, strict=True)
    found = await asyncio.gather(*(ask(*c, way.host, path) for c, path in streams))
    print(json.dumps(found))


async def connect(
    way: Way, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", way.proxy or way.port, limit=1 << 22
    )
    if way.proxy:
        target = f"{way.host}:{way.port}"
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    await writer.start_tls(context, server_hostname=way.host)
    await ask(reader, writer, way.host, "/v1/warm")
    return reader, writer


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str
) -> list[float]:
    asked = monotonic()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        length = next(
            line for line in head.lower().split(b"\r\n") if b"content-length" in line
        )
        await reader.readexactly(int(length.split(b":")[1]))
        return [asked]
    times = [asked]
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
        times.append(monotonic())
    await reader.readline()
    return times


def chunked(count: int, gap: float) -> Answer:
    """`gap` seconds before each chunk but the first."""
    return Answer(
        headers=(("Content-Type", "text/event-stream"),),
        chunks=tuple(
            Chunk(data=EVENT % n, delay=gap if n else 0.0) for n in range(count)
        ),
        framing=Framing.CHUNKED,
    )


def answers(received: Received) -> Answer:
    """`/v1/COUNT/MILLISECONDS/NAME`."""
    if received.target == "/v1/warm":
        return Answer.of(b"{}", "application/json")
    count, gap = received.target.split("/")[2:4]
    return chunked(int(count), int(gap) / 1000)


class Live:
    """One stand-in and the three ways to it."""

    def __init__(self, api: StandIn, bare: int, ours: int, folder: Path) -> None:
        self._api = api
        self.ways = {
            "direct": Way(api.port, api.ca_file),
            "bare mitmdump": Way(
                api.port, folder / "bare" / "mitmproxy" / "mitmproxy-ca-cert.pem", bare
            ),
            "anyvcr": Way(
                api.port, folder / "ours" / "mitmproxy" / "mitmproxy-ca-cert.pem", ours
            ),
        }
        self._asked = 0

    def run(
        self, way: Way, streams: int, count: int, gap: int
    ) -> tuple[list[float], list[float], float]:
        """Seconds to the first chunk, seconds of each chunk on its way, seconds of it all."""
        paths = []
        for _ in range(streams):
            self._asked += 1
            paths.append(f"/v1/{count}/{gap}/{self._asked}")
        found = fetch(way, paths)
        sent = {
            received.target: log.chunks
            for received, log in zip(self._api.requests, self._api.sent, strict=True)
        }
        first = [stream.chunks[0] - stream.asked for stream in found]
        late = [
            there - here
            for path, stream in zip(paths, found, strict=True)
            for there, here in zip(stream.chunks, sent[path], strict=True)
        ]
        whole = max(s.chunks[-1] for s in found) - min(s.asked for s in found)
        return first, late, whole


@contextlib.contextmanager
def live_ways() -> Iterator[Live]:
    with (
        tempfile.TemporaryDirectory() as name,
        StandIn(answers, protocols=("http/1.1",)) as api,
    ):
        folder = Path(name)
        (folder / "bare").mkdir()
        (folder / "ours").mkdir()
        tap = folder / "tap.py"
        tap.write_text(TAP)
        trust = {"ssl_verify_upstream_trusted_ca": api.ca_file}
        ours = trust | {
            "cassette": folder / "c.yaml",
            "cassette_mode": "record-only",
            "cassette_hosts": api.address,
        }
        with (
            mitmdump(folder / "bare", options=trust, scripts=(tap,)) as bare,
            mitmdump(folder / "ours", options=ours) as anyvcr,
        ):
            _apart(bare.process.pid, anyvcr.process.pid)
            yield Live(api, bare.port, anyvcr.port, folder)


def _apart(*proxies: int) -> None:
    """Give the proxies a processor of their own, where the system lets us.

    On one that they share with client and stand-in, chance decides who waits for whom.
    """
    if len(PROCESSORS) > 1:
        for proxy in proxies:
            os.sched_setaffinity(proxy, PROCESSORS[-1:])
        os.sched_setaffinity(0, PROCESSORS[:-1])


def bench_live() -> dict[str, float]:
    """The figures of `Live`'s bars."""
    figures: dict[str, float] = {}
    firsts: dict[str, list[float]] = defaultdict(list)
    lates: dict[str, list[float]] = defaultdict(list)
    wholes: dict[str, list[float]] = defaultdict(list)
    for _ in range(PROXIES):
        with live_ways() as live:
            for _ in range(ROUNDS):
                for name, way in live.ways.items():
                    first, late, _whole = live.run(way, 1, 60, 5)
                    firsts[name] += first
                    lates[name] += late
            for name, way in live.ways.items():
                wholes[name].append(live.run(way, 50, 100, 20)[2])
    print(f"{'':16}{'first chunk':>14}{'each chunk':>14}{'50 x 100 x 20 ms':>20}")
    for name, first in firsts.items():
        print(
            f"{name:16}{_ms(first)}{_ms(lates[name])}"
            f"{statistics.median(wholes[name]):>18.2f} s"
        )
    for label, found in (("first", firsts), ("chunk", lates)):
        median = {name: statistics.median(found[name]) for name in found}
        added = {name: median[name] - median["direct"] for name in median}
        figures[label] = added["anyvcr"] / added["bare mitmdump"]
    direct = statistics.median(wholes["direct"])
    figures["whole"] = statistics.median(wholes["anyvcr"]) / direct
    print(f"added to the first chunk: {figures['first']:.2f} of mitmdump's (bar 1.2)")
    print(f"added to each chunk:      {figures['chunk']:.2f} of mitmdump's (bar 1.2)")
    print(f"50 streams at once:       {figures['whole']:.2f} of direct (bar 1.15)")
    return figures


def bench_pace() -> dict[str, float]:
    """The figures of the pace's bars."""
    gaps = (5, 20, 100)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cassette = folder / "c.yaml"
        cassette.write_bytes(dumps(paced(gaps)))
        options = {
            "cassette": cassette,
            "cassette_mode": "replay-only",
            "cassette_pace": "recorded",
            "cassette_repeats": "cycle",
        }
        with mitmdump(folder, options=options) as proxy:
            way = Way(443, proxy.ca, proxy.port, "api.openai.com")
            figures = {}
            for gap in gaps:
                errors, drift = [], 0.0
                for _ in range(3):
                    [stream] = fetch(way, [f"/v1/{gap}"])
                    errors += gap_errors(stream, gap)
                    drift = max(drift, abs(end_drift(stream, gap)))
                middle = statistics.median(errors)
                figures[f"{gap} ms p50"] = middle
                figures[f"{gap} ms drift"] = drift
                print(
                    f"{gap:>4} ms gaps over 2 s: error p50 {middle * 1e3:.2f} ms (bar 1), "
                    f"drift {drift * 1e3:.2f} ms (bar 5)"
                )
            many = fetch(way, ["/v1/20"] * 50)
            errors = sorted(e for stream in many for e in gap_errors(stream, 20))
            figures["50 p99"] = errors[int(len(errors) * 0.99)]
            print(
                f"50 streams at once, 20 ms gaps: error p50 {statistics.median(errors) * 1e3:.2f} ms, "
                f"p99 {figures['50 p99'] * 1e3:.2f} ms (bar 25)"
            )
    return figures


def paced(gaps: Sequence[int]) -> Cassette:
    """One interaction for each gap, of two seconds; and the one that warms connections up."""
    warm = Interaction(
        id=0,
        request=Request(method="GET", url="https://api.openai.com/v1/warm"),
        response=Response(code=200, status="200 OK", body=b"{}", content_length=2),
    )
    return Cassette(interactions=(warm, *map(paced_one, gaps)))


def paced_one(gap: int) -> Interaction:
    events = [EVENT % n for n in range(2000 // gap + 1)]
    chunks = tuple(
        extensions.Chunk(len(event), n * gap * 1_000_000)
        for n, event in enumerate(events)
    )
    return Interaction(
        id=gap,
        request=Request(method="GET", url=f"https://api.openai.com/v1/{gap}"),
        response=Response(
            code=200,
            status="200 OK",
            headers=(("Content-Type", ("text/event-stream",)),),
            body=b"".join(events),
            duration=50_000_000,
            extra=((extensions.KEY, extensions.format(chunks)),),
        ),
    )


def gap_errors(stream: Stream, gap: int) -> list[float]:
    pairs = zip(stream.chunks, stream.chunks[1:], strict=False)
    return [abs(there - here - gap / 1000) for here, there in pairs]


def end_drift(stream: Stream, gap: int) -> float:
    """Seconds by which the last chunk came too late, by the first one."""
    due = (len(stream.chunks) - 1) * gap / 1000
    return stream.chunks[-1] - stream.chunks[0] - due


def _ms(values: Sequence[float]) -> str:
    return f"{statistics.median(values) * 1e3:>11.2f} ms"


def main() -> int:
    """Exit code 1 where a bar is missed."""
    match sys.argv[1:]:
        case ["client", port, ca, proxy, host, *paths]:
            asyncio.run(client(Way(int(port), Path(ca), int(proxy), host), paths))
            return 0
        case wanted:
            missed = False
            if not wanted or "live" in wanted:
                live = bench_live()
                missed |= live["first"] > 1.2 or live["chunk"] > 1.2
                missed |= live["whole"] > 1.15
            if not wanted or "pace" in wanted:
                pace = bench_pace()
                missed |= any(v > 0.001 for k, v in pace.items() if k.endswith("p50"))
                missed |= any(v > 0.005 for k, v in pace.items() if k.endswith("drift"))
                missed |= pace["50 p99"] > 0.025
            return int(missed)


if __name__ == "__main__":
    sys.exit(main())
