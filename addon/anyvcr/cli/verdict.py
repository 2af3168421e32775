"""The outcome of a run: the report, the reasons for a failure, and the exit code."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyvcr.cassettes import regular_file
from anyvcr.cassettes.summary import Summary
from anyvcr.cli import console
from anyvcr.clients.remedies import remedy
from anyvcr.core import utf8
from anyvcr.core.errors import ConfigError
from anyvcr.core.modes import Mode
from anyvcr.settings import Values
from anyvcr.tally import Tally

EXIT_FAILED = 1
"""Something of ours failed, or a cassette could not be written."""
EXIT_MISSED = 3
"""The command succeeded, but not with what the cassettes hold."""
EXIT_NOT_RECORDED = 4
"""The command succeeded, but what it was to record is not in the cassettes."""

_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """What a run must also meet for exit code 0, beyond the command's own success."""

    strict: bool = False
    """Fail on interactions that nobody asked for."""
    max_age: float | None = None
    """Seconds; fail on cassettes that are older."""
    allow_no_calls: bool = False
    """Do not fail where the command called no API, and so recorded or played nothing."""
    allow_dropped: bool = False
    """Do not fail on exchanges that could not be recorded."""
    report: Path | None = None
    """Where to write the account of the run as JSON."""

    @classmethod
    def parse(cls, values: Values) -> "ExitRules":
        """The rules that the command line gives; raises ConfigError."""
        return cls(
            strict=values.flag("strict"),
            max_age=values.get("max_age", parse_age),
            allow_no_calls=values.flag("allow_no_calls"),
            allow_dropped=values.flag("allow_dropped"),
            report=values.get("report", Path),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run with a command came to."""

    command: Sequence[str]
    code: int
    """The exit code of the command."""
    tally: Tally
    summaries: Sequence[Summary]
    """Of the cassettes that were opened."""
    cassette: Path
    """The file or folder of cassettes."""
    mode: Mode
    """As it was asked for."""

    @property
    def records(self) -> bool:
        """Whether it was to record: none of its cassettes was there already in record-once."""
        if not self.summaries:
            return self.mode is not Mode.REPLAY_ONLY
        return any(summary.records for summary in self.summaries)

    @property
    def is_silent(self) -> bool:
        """Whether it recorded nothing, or played nothing of what it could, without a word on why."""
        if self.records:
            used = any(summary.played or summary.recorded for summary in self.summaries)
            return not self.tally.calls and not self.tally.unreachable and not used
        used = any(summary.played or summary.misses for summary in self.summaries)
        return self.holds_something and not used and not self.tally.refused

    @property
    def holds_something(self) -> bool:
        """Whether there was anything to play back."""
        if self.summaries:
            return any(summary.played or summary.unused for summary in self.summaries)
        return self.cassette.is_dir() and any(self.cassette.rglob("*.yaml"))


def parse_age(text: str) -> float:
    """`30d`, `12h` or `2w` in seconds; raises ConfigError."""
    match = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if not match:
        msg = f"--max-age: expected a number of hours, days or weeks such as 30d, found {text!r}"
        raise ConfigError(msg)
    return int(match[1]) * _UNITS[match[2]]


def exit_code(run: Run, rules: ExitRules) -> int:
    """The exit code of `run`, whose reasons are said; a failed command keeps its own."""
    if rules.report is not None:
        _write_report(rules.report, run)
    silence = _silence(run) if run.is_silent and not rules.allow_no_calls else None
    if run.code:
        if silence:
            console.say(silence)
        return run.code
    if run.tally.failed or any(summary.failure for summary in run.summaries):
        return EXIT_FAILED
    missed, lost = list(_missed(run, rules)), list(_not_recorded(run, rules))
    if silence:
        (lost if run.records else missed).append(silence)
    for reason in missed + lost:
        console.say(f"the command succeeded, but {reason}")
    if lost:
        return EXIT_NOT_RECORDED
    return EXIT_MISSED if missed else 0


def serving_exit_code(tally: Tally, summaries: Sequence[Summary]) -> int:
    """The exit code of a proxy without a command."""
    failed = tally.failed or any(summary.failure for summary in summaries)
    return EXIT_FAILED if failed else 0


def _missed(run: Run, rules: ExitRules) -> Iterator[str]:
    """Why a run did not play back what it should have."""
    for summary in run.summaries:
        if summary.misses:
            yield f"{len(summary.misses)} of its calls were refused: {summary.cassette} does not hold them"
        if rules.strict and summary.unused:
            ids = ", ".join(f"#{number}" for number in summary.unused[:10])
            yield f"nobody asked for {len(summary.unused)} interactions of {summary.cassette}: {ids}"
        if rules.max_age is not None and summary.cassette.exists():
            age = time.time() - _recorded_at(summary.cassette)
            if age > rules.max_age:
                yield f"{summary.cassette} was recorded {age / 86400:.0f} days ago: record it again"
    if run.tally.refused and not run.records:
        yield f"{run.tally.refused} of its calls had no cassette to be answered from"
    if run.tally.turned_away:
        yield f"{run.tally.turned_away} of its connections would have led to the API by another way"


def _not_recorded(run: Run, rules: ExitRules) -> Iterator[str]:
    """Why a run did not record what it should have."""
    if rules.allow_dropped or not run.records:
        return
    for summary in run.summaries:
        for why, number in summary.dropped.items():
            yield f"{number} of its calls are not in {summary.cassette}: {why}"
    if run.tally.refused:
        yield f"{run.tally.refused} of its calls had no cassette to be recorded in"
    if run.tally.unreachable:
        yield f"{run.tally.unreachable} connections to the API could not be made"
    if run.tally.too_large:
        yield f"{run.tally.too_large} of its requests were refused: they are larger than --upload-limit"


def _silence(run: Run) -> str:
    """Why nothing was recorded or played back, as far as it shows."""
    tally = run.tally
    what = "recorded" if run.records else "played back"
    if tally.calls:
        cause = f"none of its {tally.calls} calls could be answered from the cassette"
    elif tally.refused_handshakes:
        cause = (
            f"{tally.refused_handshakes} connections to the API came, but the program does not "
            "trust our certificate; --base-url does without one"
        )
    else:
        cause = where_calls_went(tally) or (
            "no call to the API came through the proxy. Either the command made none (then say "
            "--allow-no-calls), or its HTTP library does not read HTTPS_PROXY (then try "
            "--base-url), or it calls a host that is not OpenAI's (then name it with --api-host)"
        )
    if advice := remedy(run.command):
        cause += f". With {Path(run.command[0]).name}: {advice}"
    return f"nothing was {what}: {cause}"


def where_calls_went(tally: Tally) -> str | None:
    """What became of the calls of a command that sent the proxy no request, as far as it shows."""
    if tally.handshakes:
        return (
            "it spoke TLS with the proxy but sent no request: it refuses our certificate after "
            "the handshake, as GnuTLS does; --base-url does without one"
        )
    if tally.other_hosts:
        hosts = ", ".join(sorted(tally.other_hosts)[:5])
        return f"it calls other hosts only ({hosts}): name the API's with --api-host"
    return None


def _recorded_at(cassette: Path) -> float:
    """When the file was last committed, since a checkout gives it a new time; else that time."""
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct", "--", cassette.name],
            cwd=cassette.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return cassette.stat().st_mtime
    committed = done.stdout.strip()
    return float(committed) if committed else cassette.stat().st_mtime


def _write_report(place: Path, run: Run) -> None:
    report = {
        "command": {"exit_code": run.code},
        "cassettes": [summary.report() for summary in run.summaries],
    }
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    try:
        regular_file.replace(place, utf8.encode(text))
    except OSError as error:
        msg = f"--report {place}: {error.strerror}"
        raise ConfigError(msg) from error
