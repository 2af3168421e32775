"""Replay: how many answers a second, and how soon each."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import load, subject
from benchmarks.exchange import Exchange, cassette, flows
from benchmarks.load import Address, Door, Sample, WrongAnswerError
from benchmarks.plan import Plan
from benchmarks.subject import Running, Subject
from benchmarks.table import Row, Skipped

SECTION = "Replay"
Run = Callable[[Address, Sequence[Exchange], int, float], Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of load."""

    name: str
    run: Run
    clients: int


SCENARIOS = tuple(
    Scenario(
        name=f"{kind}, {clients} client{'s' * (clients > 1)}", run=run, clients=clients
    )
    for kind, run in (("kept", load.kept), ("new connections", load.fresh))
    for clients in (1, 16)
)


def over_tls(
    name: str, exchanges: tuple[Exchange, ...], work: Path
) -> tuple[Subject, ...]:
    """What can intercept TLS, the same calls for each; ours is first, mitmproxy's own next."""
    file = cassette(exchanges, work / f"{name}.yaml")
    recorded = flows(exchanges, work / f"{name}.flows")
    subjects = [
        subject.anyvcr_command(file, exchanges),
        subject.anyvcr_addon(file, exchanges),
        subject.server_replay(recorded, exchanges),
    ]
    if not exchanges[0].is_stream:
        subjects.append(subject.constant(exchanges))
    return (*subjects, subject.ceiling(exchanges, Door.TLS))


def measure(
    what: str,
    subjects: Iterable[Subject],
    scenarios: Iterable[Scenario],
    plan: Plan,
    work: Path,
    *,
    play_all: bool = False,
) -> tuple[list[Row], list[Skipped]]:
    """All scenarios on all subjects, one after the other in each round.

    With `play_all` each exchange is asked for once beforehand: the rate is then that of a
    cassette in use, not of its first reading.
    """
    skipped: list[Skipped] = []
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with contextlib.ExitStack() as stack:
        started: list[Running] = []
        for each in subjects:
            try:
                running = stack.enter_context(subject.running(each, work))
                load.kept(running.address, running.exchanges, 1, plan.warm_up)
                if play_all:
                    load.once(running.address, running.exchanges)
                started.append(running)
            except (OSError, WrongAnswerError) as error:
                skipped.append(
                    Skipped(section=SECTION, subject=each.name, reason=str(error))
                )
        for scenario in scenarios:
            place = f"{what}, {scenario.name}"
            for _ in range(plan.rounds):
                for running in started:
                    _once(running, scenario, plan.seconds, place, values)
    units = {"answers": "1/s", "p50": "ms", "p99": "ms", "processor": "µs each"}
    rows = [
        Row(
            section=SECTION,
            measure=f"{place}: {kind}",
            subject=name,
            unit=units[kind],
            values=tuple(found),
        )
        for (place, kind, name), found in sorted(values.items(), key=_order(values))
    ]
    return rows, skipped


def _order(
    values: dict[tuple[str, str, str], list[float]],
) -> Callable[[tuple[tuple[str, str, str], list[float]]], tuple[int, int]]:
    """By place, then by kind; subjects as they came."""
    places = list(dict.fromkeys(place for place, _, _ in values))
    kinds = ["answers", "p50", "p99", "processor"]
    return lambda item: (places.index(item[0][0]), kinds.index(item[0][1]))


def _once(
    running: Running,
    scenario: Scenario,
    seconds: float,
    place: str,
    values: dict[tuple[str, str, str], list[float]],
) -> None:
    before = running.cpu()
    found = scenario.run(running.address, running.exchanges, scenario.clients, seconds)
    name = running.subject.name
    values[place, "answers", name].append(found.rate)
    values[place, "p50", name].append(found.p50 * 1e3)
    values[place, "p99", name].append(found.p99 * 1e3)
    values[place, "processor", name].append(
        (running.cpu() - before) / found.count * 1e6
    )
