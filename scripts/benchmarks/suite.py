"""A suite of 200 calls, from nothing running to its end: the wall time that a user waits.

With anyvcr as a command around it, with a peer that is started for it, with a library inside
it, and with the server that costs nothing, which is the suite's own time.
"""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import install, peers, subject
from benchmarks.exchange import Exchange, cassette, flows, small
from benchmarks.install import MissingError
from benchmarks.load import Door, WrongAnswerError
from benchmarks.subject import PYTHON, Running, Subject
from benchmarks.table import Row, Skipped

CALLS = 200
SECTION = f"A suite of {CALLS} calls"
SUITES = Path(__file__).resolve().parent / "suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to run a suite."""

    language: str
    name: str
    command: tuple[str, ...]
    server: Subject | None = None
    """Started for the suite, and part of its time."""
    variables: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[Running], Mapping[str, str]] | None = None
    """The further variables that send the suite to `server`."""


def measure(rounds: int, work: Path) -> tuple[list[Row], list[Skipped]]:
    """All ways in turns."""
    exchanges = small(CALLS)
    file = cassette(exchanges, work / "suite.yaml")
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    skipped: list[Skipped] = []
    api = subject.ceiling(exchanges, Door.PLAIN)
    with subject.running(api, work) as running:
        ways: list[Way] = []
        for make in (_python, _go, _node):
            for way in make(exchanges, file, running, work):
                ways.append(way) if isinstance(way, Way) else skipped.append(way)
        for number in range(rounds + 1):
            for way in list(ways):
                try:
                    seconds = _run(way, work)
                except (OSError, WrongAnswerError) as error:
                    ways.remove(way)
                    skipped.append(_skip(f"{way.language}, {way.name}", error))
                    continue
                if number:  # the first warms caches up
                    values[way.language, way.name].append(seconds * 1e3)
    rows = [
        Row(section=SECTION, measure=language, subject=name, unit="ms", values=tuple(v))
        for (language, name), v in values.items()
    ]
    return rows, skipped


def _python(
    exchanges: tuple[Exchange, ...], file: Path, api: Running, work: Path
) -> Iterator[Way | Skipped]:
    try:
        environment = install.python("suite")
    except MissingError as error:
        yield _skip("Python", error)
        return
    python = (environment.program("python"), "-I")
    program = (*python, str(SUITES / "calls.py"), str(CALLS))
    tape = work / "vcrpy.yaml"
    within = (*program, "vcrpy", str(tape))
    # vcrpy plays back what it recorded, of the server that goes on running.
    base = {"OPENAI_BASE_URL": f"http://127.0.0.1:{api.address.port}/v1"}
    _call(within, base, work)
    yield _ours("Python", file, program)
    yield Way(
        language="Python",
        name=f"vcrpy {environment.version('vcrpy')}, in the process",
        command=within,
        variables=base,
    )
    yield Way(
        language="Python",
        name="mitmdump --server-replay",
        command=program,
        server=subject.server_replay(flows(exchanges, work / "suite.flows"), exchanges),
        tell=lambda running: _through(running, work),
    )
    yield _nothing("Python", program, base)


def _go(
    exchanges: tuple[Exchange, ...], file: Path, api: Running, work: Path
) -> Iterator[Way | Skipped]:
    try:
        program = (str(install.go(SUITES / "go", "calls")), str(CALLS))
    except MissingError as error:
        yield _skip("Go", error)
        return
    yield _ours("Go", file, program)
    yield Way(
        language="Go",
        name="go-vcr 4.0.7, in the process",
        command=(*program, str(file)),
    )
    yield Way(
        language="Go",
        name="mitmdump --server-replay",
        command=program,
        server=subject.server_replay(flows(exchanges, work / "suite.flows"), exchanges),
        tell=lambda running: _through(running, work),
    )
    base = {"OPENAI_BASE_URL": f"http://127.0.0.1:{api.address.port}/v1"}
    yield _nothing("Go", program, base)


def _node(
    exchanges: tuple[Exchange, ...], file: Path, api: Running, work: Path
) -> Iterator[Way | Skipped]:
    try:
        program = (install.program("node"), str(SUITES / "calls.mjs"), str(CALLS))
    except MissingError as error:
        yield _skip("Node", error)
        return
    yield _ours("Node", file, program)
    bench = peers.Bench(exchanges=exchanges, api=api.address.port, work=work)
    for peer in peers.prepared(bench, "talkback"):
        if isinstance(peer, Skipped):
            yield _skip("Node", peer.reason)
            continue
        yield Way(
            language="Node",
            name=f"{peer.name}, at the base URL",
            command=program,
            server=peer,
            tell=lambda running: _base_url(running.address.port),
        )
    yield _nothing("Node", program, _base_url(api.address.port))


def _base_url(port: int) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}


def _through(running: Running, work: Path) -> dict[str, str]:
    proxy = f"http://127.0.0.1:{running.address.port}"
    authority = str(work / "mitmproxy" / "mitmproxy-ca-cert.pem")
    return {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": authority}


def _ours(language: str, file: Path, program: tuple[str, ...]) -> Way:
    command = (str(PYTHON), "-m", "anyvcr", "replay", str(file), "--quiet", "--")
    return Way(language=language, name="anyvcr replay", command=(*command, *program))


def _nothing(language: str, program: tuple[str, ...], base: Mapping[str, str]) -> Way:
    return Way(
        language=language,
        name="a server that costs nothing",
        command=program,
        variables=base,
    )


def _run(way: Way, work: Path) -> float:
    """Seconds."""
    start = time.perf_counter()
    if way.server is None:
        _call(way.command, way.variables, work)
        return time.perf_counter() - start
    with subject.running(way.server, work) as running:
        told = way.tell(running) if way.tell else {}
        _call(way.command, {**way.variables, **told}, work)
        return time.perf_counter() - start


def _call(command: tuple[str, ...], values: Mapping[str, str], work: Path) -> None:
    done = subprocess.run(
        command,
        env=subject.environment(work, **values),
        cwd=work,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise WrongAnswerError(f"ended with {done.returncode}: {done.stderr[-300:]}")


def _skip(name: str, reason: object) -> Skipped:
    return Skipped(section=SECTION, subject=name, reason=str(reason))
