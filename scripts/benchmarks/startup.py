"""From the start of a program to its first answer, and the memory it then takes."""

from collections import defaultdict
from pathlib import Path

from benchmarks import load, replay, subject
from benchmarks.exchange import cassette, flows, medium
from benchmarks.load import WrongAnswerError
from benchmarks.plan import Plan
from benchmarks.subject import Subject
from benchmarks.table import Row, Skipped

START = "Start to first answer"
MEMORY = "Memory after 100 answers"


def subjects(count: int, work: Path) -> list[Subject]:
    """All that serve the same `count` interactions; the constant answer only where they are few."""
    exchanges = medium(count)
    file = cassette(exchanges, work / f"medium-{count}.yaml")
    recorded = flows(exchanges, work / f"medium-{count}.flows")
    found = [
        subject.anyvcr_command(file, exchanges),
        subject.anyvcr_addon(file, exchanges),
        subject.server_replay(recorded, exchanges),
    ]
    return found + [subject.constant(exchanges)] * (count <= 10)


def measure(count: int, rounds: int, work: Path) -> tuple[list[Row], list[Skipped]]:
    """Each is started `rounds` times, in turns."""
    chosen = subjects(count, work)
    starts: dict[str, list[float]] = defaultdict(list)
    sizes: dict[str, list[float]] = defaultdict(list)
    skipped: dict[str, Skipped] = {}
    if not (work / "mitmproxy").exists():
        with subject.running(chosen[0], work), subject.running(chosen[-1], work):
            pass  # the first start of all makes a certificate authority
    for _ in range(rounds):
        for each in chosen:
            try:
                with subject.running(each, work) as running:
                    starts[each.name].append(running.first_answer * 1e3)
                    load.kept(running.address, each.exchanges[:100], 1, 0.2)
                    sizes[each.name].append(running.memory() / 1e6)
            except (OSError, WrongAnswerError) as error:
                skipped[each.name] = Skipped(
                    section=START, subject=each.name, reason=str(error)
                )
    measure = f"{count:,} interaction{'s' * (count > 1)}"
    rows = [
        Row(
            section=section,
            measure=measure,
            subject=name,
            unit=unit,
            values=tuple(found),
        )
        for section, unit, values in ((START, "ms", starts), (MEMORY, "MB", sizes))
        for name, found in values.items()
    ]
    return rows, list(skipped.values())


def growth(plan: Plan, work: Path) -> tuple[list[Row], list[Skipped]]:
    """The rate with 10 interactions and with 10,000, all of one URL, each played before."""
    found = [
        subject.anyvcr_command(
            cassette(medium(count), work / f"medium-{count}.yaml"),
            medium(count),
            f"anyvcr serve, {count:,} interactions",
        )
        for count in (10, 10_000)
    ]
    return replay.measure(
        "growth", found, replay.SCENARIOS[:1], plan, work, play_all=True
    )
