"""The program of this folder as a test builds and runs it."""

import fcntl
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyvcr.core.cassette.style import Style
from standin import StandIn
from support.proxies import DEADLINE, anyvcr, environment
from support.toolchain import require_tool

FOLDER = Path(__file__).parent
KEPT = (
    *("Accept", "Content-Disposition", "Content-Range", "Content-Type", "Location"),
    *("Openai-Poll-After-Ms", "Operation-Location", "Retry-After", "Retry-After-Ms"),
    *("User-Agent", "X-Should-Retry"),
)
"""Headers that anyvcr stores unasked."""
MORE = ("X-Other-9", "X-Other-10", "X-Repeated", "X-Request-Id")
"""Headers that it stores when asked to."""
CALLS = (
    *("json", "gzip", "events", "gzip-events", "speech", "transcription", "upload"),
    *("list", "not-found", "delete", "no-content"),
    *("not-modified", "empty", "empty-stream", "empty-gzip", "closed", "head"),
    *("head-stream", "head-gzip", "latin-1", "control", "unknown-status", "teapot"),
    *("unprocessable", "own-reason", "patch-form", "post-form", "get-with-form"),
    *("no-trailers", "query", "escaped-path", "unknown-length", "repeated"),
    "no-accept",
)
"""Calls of calls_test.go of which x/vcr stores what anyvcr does."""
MORE_CALLS = (
    *(*CALLS, "attachment", "too-many", "too-many-for-good"),
    *("net-http", "net-http-upload"),
)
"""With those in which it differs: by a header that it drops, by the host that it keeps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call gave the program; `error` is empty where it succeeded."""

    call: str
    got: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """The two cassettes of one run."""

    ours: Path
    gos: Path
    outcomes: tuple[Outcome, ...]


Programs = Mapping[Style, Path]
"""The same program with the versions that x/vcr asks for, and with go-vcr's latest."""

_MODULES = {Style.X_VCR: "go.mod", Style.GO_VCR: "go-vcr.mod"}


def build(root: Path) -> Programs:
    """The programs, built once for all that share the folder `root`."""
    go = require_tool("go", "it runs go-vcr itself")
    programs = {style: root / f"{style}.test" for style in _MODULES}
    with (root / "twin.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for style, program in programs.items():
            if not program.exists():
                command = [go, "test", "-c", "-modfile", _MODULES[style]]
                command += ["-ldflags", "-s -w", "-o", str(program)]
                subprocess.run(command, cwd=FOLDER, check=True)
    return programs


def record(
    programs: Programs, home: Path, api: StandIn, style: Style, calls: tuple[str, ...]
) -> Twins:
    """Make `calls` with a recorder in the program, and another on its way to `api`."""
    arguments = ["--upstream", api.address, "--upstream-ca", str(api.ca_file)]
    arguments += ["--style", style]
    if style is Style.GO_VCR:
        arguments += [word for name in MORE for word in ("--keep-header", name)]
    ours = home / "ours.yaml"
    command = ["record", str(ours), *arguments, "--", *_command(programs[style])]
    variables = _variables(style, "record", calls) | {"OPENAI_API_KEY": "none"}
    done = anyvcr(home, *command, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return Twins(
        ours=ours,
        gos=home / "testdata" / "TestCalls.yaml",
        outcomes=_outcomes(done.stdout),
    )


def replay_by_go(
    programs: Programs, home: Path, cassette: Path, style: Style, calls: tuple[str, ...]
) -> tuple[Outcome, ...]:
    """Make `calls` with go-vcr answering from `cassette`, and no way out."""
    place = home / "testdata" / "TestCalls.yaml"
    place.parent.mkdir(parents=True)
    place.write_bytes(cassette.read_bytes())
    variables = _variables(style, "replay", calls)
    variables |= {"OPENAI_API_KEY": "none", "HTTPS_PROXY": "http://127.0.0.1:1"}
    return _run(programs[style], home, variables)


def replay_by_anyvcr(
    program: Path, home: Path, cassette: Path, calls: tuple[str, ...]
) -> tuple[Outcome, ...]:
    """Make `calls` with `anyvcr replay` answering from `cassette`."""
    variables = {"TWIN_CALLS": ",".join(calls)}
    done = anyvcr(home, "replay", cassette, "--", *_command(program), env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return _outcomes(done.stdout)


def status_texts(programs: Programs, home: Path) -> tuple[str, ...]:
    """Go's reason phrases for the codes from 100 on."""
    variables = {"TWIN_CALLS": "status-texts", "OPENAI_API_KEY": "none"}
    (outcome,) = _run(programs[Style.GO_VCR], home, variables)
    return tuple(outcome.got.split("\n"))


def _run(
    program: Path, home: Path, variables: Mapping[str, str]
) -> tuple[Outcome, ...]:
    done = subprocess.run(
        _command(program),
        cwd=home,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return _outcomes(done.stdout)


def _command(program: Path) -> list[str]:
    return [str(program), "-test.run=^TestCalls$"]


def _variables(style: Style, mode: str, calls: tuple[str, ...]) -> dict[str, str]:
    return {
        "TWIN_RECORDER": style,
        "TWIN_MODE": mode,
        "TWIN_CALLS": ",".join(calls),
        "TWIN_HEADERS": ",".join((*KEPT, *(MORE if style is Style.GO_VCR else ()))),
    }


def _outcomes(output: str) -> tuple[Outcome, ...]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return tuple(Outcome(line["Call"], line["Got"], line["Error"]) for line in lines)
