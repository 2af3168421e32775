"""What is measured: a program that answers on a port, and what it costs the machine."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyvcr

from benchmarks.exchange import Exchange
from benchmarks.load import Address, Door, WrongAnswerError, ask, connect

FOLDER = Path(__file__).resolve().parent
PYTHON = Path(sys.executable)
ADDON = Path(anyvcr.__file__).parents[1] / "vcr.py"
START = 120.0
"""Seconds within which a program has to answer."""
_POLL = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One program with one cassette; `{port}` in `command` is where it is to listen."""

    name: str
    command: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    """What it can answer."""
    door: Door = Door.PROXY
    prefix: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


@dataclass(slots=True)
class Running:
    """A subject's process."""

    subject: Subject
    process: subprocess.Popen[bytes]
    address: Address
    started: float
    first_answer: float = 0.0
    """Seconds from its start to its first answer, over a connection of its own."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.subject.exchanges

    def memory(self) -> float:
        """Resident bytes of the process and its children."""
        return sum(_resident(pid) for pid in _family(self.process.pid))

    def cpu(self) -> float:
        """Processor seconds of the process and its children so far."""
        return sum(_processor(pid) for pid in _family(self.process.pid))

    def wait(self) -> None:
        """Until it answers; raises WrongAnswerError where it does not."""
        exchange = self.exchanges[0]
        request, marker = self.address.request(exchange), exchange.marker.encode()
        while True:
            try:
                with connect(self.address) as sock:
                    ask(sock, request, marker)
            except (OSError, WrongAnswerError) as error:
                if self.process.poll() is not None:
                    msg = (
                        f"ended with {self.process.returncode} before its first answer"
                    )
                    raise WrongAnswerError(msg) from None
                if time.perf_counter() > self.started + START:
                    raise WrongAnswerError(f"never answered rightly: {error}") from None
                time.sleep(_POLL)
            else:
                self.first_answer = time.perf_counter() - self.started
                return


@contextlib.contextmanager
def running(subject: Subject, work: Path) -> Iterator[Running]:
    """`subject` once it answers; ended with the block."""
    port = free_port()
    address = Address(port=port, door=subject.door, prefix=subject.prefix)
    command = [word.replace("{port}", str(port)) for word in subject.command]
    values = {k: v.replace("{port}", str(port)) for k, v in subject.environment.items()}
    log = work / f"{subject.name.replace('/', '-').replace(' ', '-')}.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=subject.cwd or work,
            env=environment(work, **values),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            found = Running(subject, process, address, started)
            try:
                found.wait()
            except WrongAnswerError as error:
                said = log.read_text(errors="replace")[-300:].strip()
                raise WrongAnswerError(f"{error}; it said: {said!r}") from error
            yield found
        finally:
            _end(process)


def environment(work: Path, **more: str) -> dict[str, str]:
    """A child's environment: this process's, without what would lead it astray."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        # An installed program has its bytecode.
        and not name.startswith(("ANYVCR_", "PYTHONDONTWRITEBYTECODE"))
    }
    return kept | {"HOME": str(work), "ANYVCR_HOME": str(work / "ca"), **more}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def anyvcr_command(
    cassette: Path, exchanges: tuple[Exchange, ...], name: str = "anyvcr serve"
) -> Subject:
    """Our command line."""
    return Subject(
        name=name,
        command=(str(PYTHON), "-m", "anyvcr", "serve", str(cassette))
        + ("--mode", "replay-only", "--repeats", "cycle", "--port", "{port}"),
        exchanges=exchanges,
    )


def anyvcr_addon(cassette: Path, exchanges: tuple[Exchange, ...]) -> Subject:
    """Our addon in mitmdump."""
    options = {"": cassette, "_mode": "replay-only", "_repeats": "cycle"}
    chosen = [f"cassette{name}={value}" for name, value in options.items()]
    script = ("-s", str(ADDON))
    return mitmdump("mitmdump -s anyvcr", exchanges, *script, *_sets(chosen))


def server_replay(flows: Path, exchanges: tuple[Exchange, ...]) -> Subject:
    """mitmproxy's own replay, set so that it answers again and again, and offline."""
    options = ("server_replay_reuse=true", "server_replay_extra=404")
    return mitmdump(
        "mitmdump --server-replay",
        exchanges,
        *("--server-replay", str(flows)),
        *_sets([*options, "connection_strategy=lazy"]),
    )


def constant(exchanges: tuple[Exchange, ...]) -> Subject:
    """A bare mitmdump with a script of one line; it knows one answer."""
    return mitmdump(
        "mitmdump -s constant",
        exchanges[:1],
        *("-s", str(FOLDER / "constant.py")),
        *_sets(["connection_strategy=lazy"]),
        BENCH_ANSWER=exchanges[0].answer.decode(),
    )


def mitmdump(
    name: str, exchanges: tuple[Exchange, ...], *arguments: str, **values: str
) -> Subject:
    """mitmdump as its users start it."""
    return Subject(
        name=name,
        command=(str(PYTHON.with_name("mitmdump")), "--listen-host", "127.0.0.1")
        + ("--listen-port", "{port}", "--set", "confdir=mitmproxy", *arguments),
        exchanges=exchanges,
        environment=values,
    )


def ceiling(exchanges: tuple[Exchange, ...], door: Door) -> Subject:
    """The server that costs nothing: how fast the load itself can be."""
    return Subject(
        name="load generator's ceiling",
        command=(str(PYTHON), str(FOLDER / "api.py"), ".", "{port}", door),
        exchanges=exchanges,
        door=door,
    )


def _sets(options: Sequence[str]) -> Iterator[str]:
    return (word for option in options for word in ("--set", option))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what was started, with all that it started itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants, from Linux's /proc; alone elsewhere."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _resident(pid: int) -> float:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0.0
    return float(pages) * os.sysconf("SC_PAGE_SIZE")


def _processor(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    ticks = stat.rpartition(") ")[2].split()[11:13]
    return sum(map(float, ticks)) / os.sysconf("SC_CLK_TCK")
