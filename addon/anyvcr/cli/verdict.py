"""What a run comes to: the report, the reasons for a failure, and the exit code."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyvcr.cassettes.summary import Summary
from anyvcr.cli import console
from anyvcr.clients.remedies import remedy
from anyvcr.core.errors import ConfigError
from anyvcr.core.modes import Mode
from anyvcr.settings import Values
from anyvcr.tally import Tally

EXIT_FAILED = 1
EXIT_MISSED = 3
"""The command succeeded, but not with what the cassettes hold."""

_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What is asked of a run beyond the command's own success."""

    strict: bool = False
    """Fail on interactions that nobody asked for."""
    max_age: float | None = None
    """Seconds; fail on cassettes that are older."""
    report: Path | None = None
    """Where to write the account of the run as JSON."""

    @classmethod
    def parse(cls, values: Values) -> "Demands":
        """As the command line has them; raises ConfigError."""
        return cls(
            strict=values.flag("strict"),
            max_age=values.get("max_age", parse_age),
            report=values.get("report", Path),
        )


def parse_age(text: str) -> float:
    """`30d`, `12h` or `2w` in seconds; raises ConfigError."""
    match = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if not match:
        msg = f"--max-age: expected a number of hours, days or weeks such as 30d, found {text!r}"
        raise ConfigError(msg)
    return int(match[1]) * _UNITS[match[2]]


def exit_code(
    tally: Tally,
    summaries: Sequence[Summary],
    demands: Demands,
    command: Sequence[str],
    code: int,
) -> int:
    """The exit code of the run, whose reasons are said; a failed command keeps its own."""
    if demands.report is not None:
        _write_report(demands.report, summaries, code)
    if tally.calls == 0 and not all(s.mode is Mode.PASSTHROUGH for s in summaries):
        _explain_silence(tally, summaries)
        if cause := remedy(command):
            console.say(f"with {Path(command[0]).name}: {cause}")
    if code:
        return code
    if tally.failed or any(summary.failure for summary in summaries):
        return EXIT_FAILED
    reasons = [reason for s in summaries for reason in _reasons(s, demands)]
    if tally.refused:
        reasons.append(
            f"{tally.refused} of its calls had no cassette to be answered from"
        )
    if tally.turned_away:
        reasons.append(
            f"{tally.turned_away} of its connections would have led to the API by another way"
        )
    for reason in reasons:
        console.say(f"the command succeeded, but {reason}")
    return EXIT_MISSED if reasons else 0


def _reasons(summary: Summary, demands: Demands) -> Iterator[str]:
    if summary.misses:
        yield f"{len(summary.misses)} of its calls were refused: {summary.cassette} does not hold them"
    if demands.strict and summary.unused:
        ids = ", ".join(f"#{number}" for number in summary.unused[:10])
        yield f"nobody asked for {len(summary.unused)} interactions of {summary.cassette}: {ids}"
    if demands.max_age is not None and summary.cassette.exists():
        age = time.time() - _recorded_at(summary.cassette)
        if age > demands.max_age:
            yield f"{summary.cassette} was recorded {age / 86400:.0f} days ago: record it again"


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


def _write_report(place: Path, summaries: Sequence[Summary], code: int) -> None:
    report = {
        "command": {"exit_code": code},
        "cassettes": [summary.report() for summary in summaries],
    }
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    try:
        place.write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        msg = f"--report {place}: {error.strerror}"
        raise ConfigError(msg) from error


def _explain_silence(tally: Tally, summaries: Sequence[Summary]) -> None:
    recording = any(summary.mode is Mode.RECORD_ONLY for summary in summaries)
    what = "recorded" if recording else "played back"
    if tally.refused_handshakes:
        console.say(
            f"nothing was {what}: {tally.refused_handshakes} connections to the API came, but the "
            "program does not trust our certificate; --base-url does without one"
        )
        return
    console.say(
        f"nothing was {what}: no call to the API came through the proxy. Either the command made "
        "none, or its HTTP library does not read HTTPS_PROXY (then try --base-url), or it calls "
        "a host that is not OpenAI's (then name it with --api-host)"
    )
