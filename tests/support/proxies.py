"""Proxies under test, as a user starts them: a real mitmdump with the addon, a real `anyvcr`."""

import contextlib
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import httpx
from standin import StandIn

PROJECT = Path(__file__).resolve().parents[2]
ADDON = PROJECT / "addon" / "vcr.py"
SEED = PROJECT / "cassettes" / "simple_streaming.yaml"
DEADLINE = 60.0
"""Seconds after which a process that should have ended or spoken is a failure."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """A child's environment that says nothing of proxies, CAs or the API but `more`."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


@dataclass
class Mitmdump:
    """`mitmdump -s addon/vcr.py` on a free port."""

    process: subprocess.Popen[str]
    confdir: Path
    port: int = 0
    output: list[str] = field(default_factory=list)
    _spoke: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def ca(self) -> Path:
        return self.confdir / "mitmproxy-ca-cert.pem"

    @property
    def log(self) -> str:
        return "".join(self.output)

    def client(self, **options: object) -> httpx.Client:
        """An httpx client that goes through the proxy and trusts it."""
        context = ssl.create_default_context(cafile=str(self.ca))
        return httpx.Client(
            proxy=self.url,
            verify=context,
            trust_env=False,
            timeout=DEADLINE,
            **options,  # type: ignore[arg-type]  # passed on as they come
        )

    def direct(self, **options: object) -> httpx.Client:
        """An httpx client for the base URL, without proxy or CA."""
        return httpx.Client(
            base_url=self.base_url,
            trust_env=False,
            timeout=DEADLINE,
            **options,  # type: ignore[arg-type]  # passed on as they come
        )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line of the log that `pattern` is in, once it is there."""
        with self._spoke:
            found: list[re.Match[str]] = []

            def look() -> bool:
                match = re.search(pattern, self.log)
                found[:] = [match] if match else []
                return bool(match) or self._ended

            if not self._spoke.wait_for(look, DEADLINE) or not found:
                raise AssertionError(f"mitmdump never said {pattern!r}:\n{self.log}")
            return found[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it with a signal; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._spoke:
                self.output.append(line)
                self._spoke.notify_all()
        with self._spoke:
            self._ended = True
            self._spoke.notify_all()

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()


@contextlib.contextmanager
def mitmdump(
    home: Path,
    *arguments: str,
    options: Mapping[str, object] | None = None,
    scripts: Sequence[Path] = (ADDON,),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    program: str = "mitmdump",
) -> Iterator[Mitmdump]:
    """A running proxy, `options` given with --set; stopped at the end of the block."""
    confdir = home / "mitmproxy"
    command = [
        *prefix,
        str(Path(sys.executable).with_name(program)),
        *(word for script in scripts for word in ("-s", str(script))),
        *("--listen-host", "127.0.0.1", "--listen-port", "0"),
        *("--set", f"confdir={confdir}"),
        *(w for k, v in (options or {}).items() for w in ("--set", f"{k}={v}")),
        *arguments,
    ]
    environ = environment(home, **(env or {}))
    with _running(command, confdir, cwd or home, environ, _LISTENING) as running:
        yield running


_LISTENING = r"listening at \S*?:(\d+)"


@contextlib.contextmanager
def _running(
    command: Sequence[str],
    confdir: Path,
    cwd: Path,
    environ: Mapping[str, str],
    pattern: str,
) -> Iterator[Mitmdump]:
    """A proxy that says its port where `pattern` is found; killed at the end of the block."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Mitmdump(process, confdir)
    try:
        running.port = int(running.wait_for(pattern).group(1))
        yield running
    finally:
        running.stop(signal.SIGKILL)
        assert process.stdout
        process.stdout.close()


@contextlib.contextmanager
def serving(
    home: Path,
    *arguments: str | Path,
    cassette: str | Path = "c.yaml",
    mode: str = "record-only",
    api: StandIn | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Mitmdump]:
    """`anyvcr serve`, for clients of its base URL."""
    command = [sys.executable, "-m", "anyvcr", "serve", str(cassette), "--mode", mode]
    if api is not None:
        command += ["--upstream", api.address, "--upstream-ca", str(api.ca_file)]
    command += map(str, arguments)
    environ = environment(home, **(env or {}))
    with _running(command, home, home, environ, r"ANYVCR_PROXY='?\S+:(\d+)") as running:
        yield running


def recording(
    home: Path, api: StandIn, **options: object
) -> AbstractContextManager[Mitmdump]:
    """A proxy that records from `api` into `home/c.yaml`, unless `options` say otherwise."""
    return mitmdump(
        home,
        options={
            "cassette": home / "c.yaml",
            "cassette_upstream": api.address,
            "ssl_verify_upstream_trusted_ca": api.ca_file,
            **options,
        },
    )


def mitmdump_to_its_end(
    home: Path, options: Mapping[str, object]
) -> subprocess.CompletedProcess[str]:
    """A mitmdump that is expected to end by itself; stdout and stderr are in `stdout`."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("mitmdump")), "-s", str(ADDON)]
        + ["--listen-host", "127.0.0.1", "--listen-port", "0"]
        + [w for k, v in options.items() for w in ("--set", f"{k}={v}")]
        + ["--set", f"confdir={home}/mitmproxy"],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def anyvcr(
    home: Path,
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    deadline: float = DEADLINE,
) -> subprocess.CompletedProcess[str]:
    """Run `anyvcr` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "anyvcr", *map(str, arguments)],
        cwd=cwd or home,
        env=environment(home, **(env or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )


class Shell(Enum):
    """The programs that replay: both carry the same connection to the same decider."""

    MITMDUMP = "mitmdump -s"
    SERVE = "anyvcr serve"


SHELL: ContextVar[Shell] = ContextVar("shell", default=Shell.MITMDUMP)
"""Which of them `proxy` starts; a fixture in conftest.py sets each in turn."""


def proxy(
    home: Path, options: Mapping[str, object]
) -> AbstractContextManager[Mitmdump]:
    """A proxy with these options of mitmdump's, in the shell that is tested."""
    start = serve if SHELL.get() is Shell.SERVE else mitmdump
    return start(home, options=options)


@contextlib.contextmanager
def serve(
    home: Path,
    *,
    options: Mapping[str, object],
    env: Mapping[str, str] | None = None,
) -> Iterator[Mitmdump]:
    """A running `anyvcr serve` with mitmdump's `options`, most of them by variable."""
    confdir = home / "mitmproxy"
    given = dict(options)
    command = [sys.executable, "-m", "anyvcr", "serve", str(given.pop("cassette"))]
    command += ["--mode", str(given.pop("cassette_mode", "record-once")), "-v"]
    if ca := given.pop("ssl_verify_upstream_trusted_ca", None):
        command += ["--upstream-ca", str(ca)]
    variables = {
        f"ANYVCR_{name.removeprefix('cassette_').upper()}": str(value)
        for name, value in given.items()
    }
    process = subprocess.Popen(
        command,
        cwd=home,
        env=environment(home, ANYVCR_HOME=str(confdir), **variables, **(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Mitmdump(process, confdir)
    try:
        listening = running.wait_for(r"ANYVCR_PROXY=\S*?:(\d+)\b")
        running.port = int(listening.group(1))
        yield running
    finally:
        running.stop(signal.SIGKILL)
        assert process.stdout
        process.stdout.close()
