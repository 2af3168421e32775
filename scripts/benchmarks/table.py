"""Medians, ratios and their spread, as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured of one subject, a value for each round; rounds are interleaved."""

    section: str
    measure: str
    subject: str
    unit: str
    values: tuple[float, ...]

    def report(self) -> Json:
        return asdict(self) | {"median": median(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What could not be measured."""

    section: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What a subject of ours must be, beside another in the same measure."""

    section: str
    measure: str
    subject: str
    against: str
    at_least: float | None = None
    at_most: float | None = None
    against_measure: str | None = None
    """Where it is another than `measure`."""

    def judge(self, rows: Sequence[Row]) -> "Verdict | None":
        """None where one of the two was not measured."""
        ours = _find(rows, self.section, self.measure, self.subject)
        measure = self.against_measure or self.measure
        theirs = _find(rows, self.section, measure, self.against)
        if ours is None or theirs is None:
            return None
        found = ratio(ours.values, theirs.values)
        low, high = self.at_least, self.at_most
        holds = (low is None or found >= low) and (high is None or found <= high)
        return Verdict(bar=self, ratio=found, holds=holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far a bar is reached."""

    bar: Bar
    ratio: float
    holds: bool

    def line(self) -> str:
        bar = self.bar
        want = (
            f"at least {bar.at_least:g}"
            if bar.at_least is not None
            else f"at most {bar.at_most:g}"
        )
        other = f" ({bar.against_measure})" if bar.against_measure else ""
        return (
            f"{'ok  ' if self.holds else 'MISS'} {bar.section}, {bar.measure}: "
            f"{bar.subject} is {self.ratio:.2f} of {bar.against}{other}, {want}"
        )


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios; what slowed a whole round down falls out."""
    pairs = list(zip(ours, theirs, strict=False))
    return median(a / b for a, b in pairs if b)


def spread(values: Sequence[float]) -> str:
    """Lowest to highest, beside the median."""
    return f"{number(min(values))} to {number(max(values))}"


def number(value: float) -> str:
    """With three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def markdown(rows: Sequence[Row], skipped: Sequence[Skipped] = ()) -> str:
    """A table for each section: ratios are to the first subject of each measure."""
    return "\n".join(_lines(rows, skipped))


def verdicts(bars: Iterable[Bar], rows: Sequence[Row]) -> list[Verdict]:
    """Of the bars whose measures were taken."""
    judged = (bar.judge(rows) for bar in bars)
    return [verdict for verdict in judged if verdict is not None]


def _lines(rows: Sequence[Row], skipped: Sequence[Skipped]) -> Iterator[str]:
    for section in dict.fromkeys(row.section for row in rows):
        yield f"### {section}\n"
        yield "| | | median | spread | unit | ratio |"
        yield "|---|---|--:|--:|---|--:|"
        first: dict[str, Row] = {}
        for row in (row for row in rows if row.section == section):
            base = first.setdefault(row.measure, row)
            label = row.measure if base is row else ""
            times = ratio(row.values, base.values)
            yield (
                f"| {label} | {row.subject} | {number(median(row.values))} | "
                f"{spread(row.values)} | {row.unit} | {number(times)} |"
            )
        yield ""
    for skip in skipped:
        yield f"Not measured: {skip.section}, {skip.subject}: {skip.reason}"


def _find(rows: Sequence[Row], section: str, measure: str, subject: str) -> Row | None:
    for row in rows:
        if (row.section, row.measure, row.subject) == (section, measure, subject):
            return row
    return None
