"""The whole benchmark from the command line: `scripts/bench [--quick] [--output FILE]`."""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

if not __package__:  # run as a folder, which is then first on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import frames, peers, record, replay, startup, subject, suite, table
from benchmarks.exchange import cassette, small, streams
from benchmarks.load import Door
from benchmarks.plan import Plan
from benchmarks.subject import Subject
from benchmarks.table import Bar, Row, Skipped

PROJECT = Path(__file__).resolve().parents[2]
OURS, ADDON = "anyvcr serve", "mitmdump -s anyvcr"
THEIRS, CONSTANT = "mitmdump --server-replay", "mitmdump -s constant"
_KEPT_ONE, _KEPT_MANY = "small JSON, kept, 1 client", "small JSON, kept, 16 clients"
_TEN, _TEN_THOUSAND = (f"anyvcr serve, {n} interactions" for n in ("10", "10,000"))
_FIRST_BYTE = "time to first byte, added"
_FRAME = "lateness of a frame, added"

BARS = (
    *(
        bar
        for ours in (OURS, ADDON)
        for bar in (
            Bar(replay.SECTION, f"{_KEPT_ONE}: answers", ours, THEIRS, at_least=4),
            Bar(replay.SECTION, f"{_KEPT_ONE}: p50", ours, THEIRS, at_most=0.3),
            Bar(replay.SECTION, f"{_KEPT_MANY}: answers", ours, THEIRS, at_least=4),
            Bar(startup.START, "10 interactions", ours, CONSTANT, at_most=1.15),
            Bar(startup.START, "10,000 interactions", ours, THEIRS, at_most=0.5),
            Bar(record.SECTION, _FIRST_BYTE, ours, record.TAP, at_most=1.2),
            Bar(record.SECTION, _FRAME, ours, record.TAP, at_most=1.2),
        )
    ),
    Bar(replay.SECTION, frames.PACE, OURS, frames.ALLOWED, at_most=1),
    Bar(
        replay.SECTION,
        "growth, kept, 1 client: answers",
        _TEN_THOUSAND,
        _TEN,
        at_least=0.9,
    ),
)
"""What must hold, whatever the machine."""


QUICK = Plan(
    rounds=3,
    seconds=0.4,
    warm_up=0.3,
    starts=3,
    long_starts=1,
    interactions=500,
    is_full=False,
)
FULL = Plan(
    rounds=5,
    seconds=0.8,
    warm_up=2.0,
    starts=5,
    long_starts=3,
    interactions=10_000,
    is_full=True,
)
TOPIC = 300
"""Seconds for the benchmark of one part."""
Found = tuple[list[Row], list[Skipped]]


def main() -> int:
    """Print the table and the bars; 1 where one is missed."""
    options = _parser().parse_args()
    plan = QUICK if options.quick else FULL
    rows: list[Row] = []
    skipped: list[Skipped] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anyvcr-bench-") as folder:
        for new, without in _measure(plan, Path(folder)):
            rows += new
            skipped += without
            print(table.markdown(new, without), flush=True)
    verdicts = table.verdicts(BARS, rows)
    topics = _topics() if plan.is_full else {}
    about = _about(plan.is_full) | {"seconds": round(time.monotonic() - began)}
    print("\n".join(verdict.line() for verdict in verdicts))
    print("\n".join(f"{key}: {value}" for key, value in about.items()))
    report = {
        "about": about,
        "rows": [row.report() for row in rows],
        "skipped": [asdict(skip) for skip in skipped],
        "bars": [asdict(verdict) for verdict in verdicts],
        "topics": topics,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return int(not all(verdict.holds for verdict in verdicts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures anyvcr beside mitmproxy's own replay and the peers.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="under two minutes, without the peers")
    add(
        "--output",
        type=Path,
        default=PROJECT / "build" / "bench.json",
        metavar="FILE",
        help="write all values there, as JSON (default: build/bench.json)",
    )
    return parser


def _measure(plan: Plan, work: Path) -> Iterator[Found]:
    scenarios = replay.SCENARIOS if plan.is_full else replay.SCENARIOS[:3]
    for name, exchanges in (("small JSON", small(10)), ("stream", streams(10))):
        subjects = replay.over_tls(name.replace(" ", "-"), exchanges, work)
        chosen = scenarios if plan.is_full or name == "small JSON" else scenarios[:1]
        yield replay.measure(name, subjects, chosen, plan, work)
    yield frames.pace(plan, work), []
    yield startup.growth(plan, work)
    yield startup.measure(10, plan.starts, work)
    if plan.is_full:
        yield startup.measure(1_000, plan.starts, work)
    yield startup.measure(10_000, plan.long_starts, work)
    yield record.measure(plan, work), []
    if plan.is_full:
        yield from _peers(plan, work)
        yield suite.measure(plan.rounds, work)


def _peers(plan: Plan, work: Path) -> Iterator[Found]:
    for name, exchanges in (("small JSON", small(10)), ("stream", streams(10))):
        with subject.running(subject.ceiling(exchanges, Door.PLAIN), work) as api:
            bench = peers.Bench(exchanges=exchanges, api=api.address.port, work=work)
            found = list(peers.prepared(bench))
        ours = subject.anyvcr_command(
            cassette(exchanges, work / "peers.yaml"), exchanges
        )
        by_tls = [ours, *_through(found, Door.PROXY)]
        at_base_url = [replace(ours, door=Door.PLAIN), *_through(found, Door.PLAIN)]
        skipped = [each for each in found if isinstance(each, Skipped)]
        for door, subjects in (("TLS", by_tls), ("base URL", at_base_url)):
            rows, more = replay.measure(
                f"{name}, {door}", subjects, replay.SCENARIOS[:2], plan, work
            )
            yield [replace(row, section=peers.SECTION) for row in rows], skipped + more
            skipped = []


def _through(found: list[Subject | Skipped], door: Door) -> list[Subject]:
    return [each for each in found if isinstance(each, Subject) and each.door is door]


def _topics() -> dict[str, dict[str, object]]:
    """What the benchmarks of single parts say."""
    said: dict[str, dict[str, object]] = {}
    paths = (str(PROJECT / "scripts"), str(PROJECT / "tests"))
    for topic in sorted((PROJECT / "scripts/benchmarks/micro").glob("[!_]*.py")):
        name = topic.stem
        try:
            done = subprocess.run(
                [sys.executable, "-m", f"benchmarks.micro.{name}"],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                capture_output=True,
                text=True,
                timeout=TOPIC,
                check=False,
            )
        except subprocess.TimeoutExpired:
            said[name] = {"code": None, "output": f"not done in {TOPIC} seconds"}
        else:
            output = f"{done.stdout}{done.stderr}"
            said[name] = {"code": done.returncode, "output": output}
        print(f"### {name}\n\n{said[name]['output']}", flush=True)
    return said


def _about(is_full: bool) -> dict[str, str]:
    """What was measured on what."""
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": str(os.cpu_count()),
        "processor": _processor(),
        "anyvcr": version("anyvcr"),
        "mitmproxy": version("mitmproxy"),
        "date": time.strftime("%Y-%m-%d"),
    }
    return found | (peers.versions() if is_full else {})


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    sys.exit(main())
