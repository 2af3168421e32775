"""Recording: what it adds to a stream on its way, and what an interaction costs.

The API is played by a server that costs nothing (api.py); a client asks it directly,
through a bare mitmdump that keeps what passes (tap.py), and through anyvcr that writes it.
"""

import contextlib
import json
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import frames, load, subject
from benchmarks.exchange import Exchange, small
from benchmarks.load import Address, Door
from benchmarks.plan import Plan
from benchmarks.subject import PYTHON, Running, Subject
from benchmarks.table import Row

SECTION = "Record"
DIRECT = "no proxy"
TAP = "mitmdump -s tap"
OURS = "anyvcr serve"
ADDON = "mitmdump -s anyvcr"
_SLOW = Exchange(marker="[DONE]", question=b'{"slow": true, "number": %d}', answer=b"")


def measure(plan: Plan, work: Path) -> list[Row]:
    """Streams, then short calls, on all subjects in turns; then one long recording of ours."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with _subjects(work) as (api, recorders):
        for _ in range(plan.rounds):
            base = _times(api.address)
            for kind, value in base.items():
                values[kind, DIRECT, "ms"].append(value)
            for each in recorders:
                found = _times(each.address)
                for kind, value in found.items():
                    values[kind, each.subject.name, "ms"].append(value)
                    added = max(value - base[kind], 0.001)
                    values[f"{kind}, added", each.subject.name, "ms"].append(added)
            for each in (api, *recorders):
                _calls(each, plan.seconds, values)
        ours = next(each for each in recorders if each.subject.name == OURS)
        for kind, value in _growth(ours, plan.interactions):
            values[kind, OURS, "ms"].append(value)
    order = list(dict.fromkeys(kind for kind, _, _ in values))
    return [
        Row(section=SECTION, measure=kind, subject=name, unit=unit, values=tuple(found))
        for (kind, name, unit), found in sorted(
            values.items(), key=lambda item: order.index(item[0][0])
        )
    ]


@contextlib.contextmanager
def _subjects(work: Path) -> Iterator[tuple[Running, list[Running]]]:
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(
            subject.running(
                replace(subject.ceiling(small(10), Door.TLS), name=DIRECT), work
            )
        )
        recorders = [
            stack.enter_context(subject.running(each, work))
            for each in _recorders(api.address.port, work)
        ]
        yield api, recorders


def _recorders(port: int, work: Path) -> Iterator[Subject]:
    ca = work / "api-ca.pem"
    exchanges = small(10)
    trust = ("--set", f"ssl_verify_upstream_trusted_ca={ca}")
    yield subject.mitmdump(
        TAP,
        exchanges,
        *("-s", str(subject.FOLDER / "tap.py"), *trust),
        BENCH_UPSTREAM=str(port),
    )
    yield Subject(
        name=OURS,
        command=(str(PYTHON), "-m", "anyvcr", "serve", str(work / "recorded.yaml"))
        + ("--mode", "record-only", "--port", "{port}")
        + ("--upstream", f"127.0.0.1:{port}", "--upstream-ca", str(ca)),
        exchanges=exchanges,
    )
    yield subject.mitmdump(
        ADDON,
        exchanges,
        *("-s", str(subject.ADDON), *trust),
        *("--set", f"cassette={work / 'recorded-by-addon.yaml'}"),
        *("--set", "cassette_mode=record-only"),
        *("--set", f"cassette_upstream=127.0.0.1:{port}"),
    )


def _times(address: Address) -> dict[str, float]:
    """Medians of five streams and five WebSockets, in milliseconds."""
    found = _medians([_stream(address) for _ in range(5)])
    late = [each for _ in range(5) for each in frames.lateness(address)]
    return {**found, "lateness of a frame": median(late) * 1e3}


def _stream(address: Address) -> tuple[float, list[float]]:
    """Seconds to the first byte of one slow stream, and how late each of its events came."""
    with load.connect(address) as sock:
        load.ask(sock, address.request(small(1)[0]), b"answer-")
        start = time.perf_counter()
        sock.sendall(address.request(_SLOW))
        data = sock.recv(65536)
        first = time.perf_counter() - start
        return first, list(_lateness(sock, data))


def _lateness(sock: socket.socket, data: bytes) -> Iterator[float]:
    """Of each event: its `sent` is of the clock that all processes share."""
    while True:
        now = time.monotonic_ns()
        *events, data = data.split(b"\n\n")
        for event in events:
            _, _, text = event.rpartition(b"data: ")
            if text == b"[DONE]":
                return
            yield (now - json.loads(text)["sent"]) / 1e9
        data += sock.recv(65536)


def _medians(streams: list[tuple[float, list[float]]]) -> dict[str, float]:
    """Milliseconds."""
    late = [each for _, events in streams for each in events[1:]]
    return {
        "time to first byte": median(first for first, _ in streams) * 1e3,
        "lateness of a chunk": median(late) * 1e3,
    }


def _calls(
    running: Running,
    seconds: float,
    values: dict[tuple[str, str, str], list[float]],
) -> None:
    before = running.cpu()
    found = load.kept(running.address, running.exchanges, 1, seconds)
    spent = (running.cpu() - before) / found.count
    name = running.subject.name
    values["short calls, 1 client", name, "1/s"].append(found.rate)
    values["short calls, 1 client: p50", name, "ms"].append(found.p50 * 1e3)
    values["processor for one interaction", name, "ms"].append(spent * 1e3)


def _growth(running: Running, interactions: int) -> Iterator[tuple[str, float]]:
    """Processor time of one interaction at the beginning and at the end of a long recording."""
    request = running.address.request(running.exchanges[0])
    part = max(interactions // 10, 1)
    with load.connect(running.address) as sock:
        for begin in range(0, interactions, part):
            before = running.cpu()
            for _ in range(part):
                load.ask(sock, request, b"answer-")
            if begin in (0, interactions - part):
                spent = (running.cpu() - before) / part * 1e3
                first = begin + 1
                yield (
                    f"processor each, interactions {first:,} to {begin + part:,}",
                    spent,
                )
