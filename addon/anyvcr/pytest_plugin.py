"""A cassette for each pytest test that asks for the fixture `cassette`.

`pytest --anyvcr=record` calls the API and writes cassettes, `--anyvcr=replay` answers from
them without network or key. Each worker of pytest-xdist has a proxy of its own. The options
of the proxy stand in the project's file, `anyvcr.toml`.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import pytest

OFF = "off"
_MODES = {"record": "record-only", "replay": "replay-only"}
_FOLDER = "anyvcr_folder"


@dataclass(frozen=True, slots=True)
class Cassette:
    """The cassette of a test."""

    name: str
    """As the proxy knows it."""
    path: Path


def _log_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


@dataclass(slots=True)
class Proxy:
    """`anyvcr serve` for a folder of cassettes, in a process of its own."""

    folder: Path
    mode: str
    _process: "subprocess.Popen[str] | None" = None
    _url: str = ""
    """Not looked up later: a test may change the variables."""
    _log: IO[str] = field(default_factory=_log_file)
    _before: dict[str, str | None] = field(default_factory=dict)

    def start(self) -> None:
        """Start it, and set the variables that send this process's clients to it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "anyvcr", "serve", "--mode", self.mode]
        self._process = subprocess.Popen(
            [*command, "--shell", "json", f"{self.folder}/"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl-C is for pytest, which then ends us in order
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise pytest.UsageError(f"anyvcr did not start:\n{self.said()}")
        told = json.loads(line)
        for name in told["unset"]:
            self._before[name] = os.environ.pop(name, None)
        for name, value in told["set"].items():
            self._before.setdefault(name, os.environ.get(name))
            os.environ[name] = value
        self._url = told["set"]["ANYVCR_PROXY"]

    def stop(self) -> int:
        """End it in order, and put the variables back; its exit code."""
        if self._process is None:
            return 0
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate()
        return self._process.returncode

    def said(self) -> str:
        """What it wrote to stderr so far."""
        self._log.seek(0)
        return self._log.read()

    def ask(self, method: str, cassette: str) -> dict[str, Any]:
        """Open (POST) or close (DELETE) a cassette; what the control API tells of it."""
        place = urlsplit(self._url)
        assert place.hostname is not None
        connection = HTTPConnection(place.hostname, place.port)
        connection.request(method, f"/_anyvcr/cassettes/{quote(cassette, safe='')}")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found


_PROXY = pytest.StashKey[Proxy]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--anyvcr`, and where the cassettes are."""
    group = parser.getgroup("anyvcr", "anyvcr: recorded calls of the OpenAI API")
    group.addoption(
        "--anyvcr",
        choices=(*_MODES, OFF),
        default=OFF,
        help="Record the calls of tests with the fixture `cassette`, replay them, or "
        "(the default) leave the tests alone.",
    )
    parser.addini(_FOLDER, "Folder of the cassettes.", default="cassettes")


def pytest_configure(config: pytest.Config) -> None:
    """Start the proxy before the tests are imported: a module may make its client at once."""
    is_distributor = config.getoption("numprocesses", None) and not hasattr(
        config, "workerinput"
    )
    mode = config.getoption("--anyvcr")
    if mode == OFF or is_distributor:
        return
    proxy = Proxy(config.rootpath / str(config.getini(_FOLDER)), _MODES[mode])
    proxy.start()
    config.stash[_PROXY] = proxy


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the proxy; what it has to say of a fault is printed."""
    proxy = config.stash.get(_PROXY, None)
    if proxy is not None and proxy.stop() not in (0, 3):
        sys.stderr.write(proxy.said())


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[Cassette | None]:
    """The cassette of this test, opened for its calls; None with `--anyvcr=off`.

    The test fails if a call of it was refused, or could not be recorded.
    """
    proxy = request.config.stash.get(_PROXY, None)
    if proxy is None:
        yield None
        return
    path, _, test = request.node.nodeid.partition("::")
    name = f"{path.removesuffix('.py')}/{test.replace('::', '/')}"
    opened = proxy.ask("POST", name)
    again = f"to record it: pytest --anyvcr=record {shlex.quote(request.node.nodeid)}"
    if "error" in opened:
        pytest.fail(f"{opened['error']}; {again}", pytrace=False)
    yield Cassette(name, Path(opened["cassette"]))
    account = proxy.ask("DELETE", name)
    reasons = [
        *(f"{miss['message']}; {again}" for miss in account["misses"]),
        *(f"not recorded: {why}" for why in account["dropped"]),
    ]
    if account["failure"]:
        reasons.append(account["failure"])
    if reasons:
        pytest.fail("\n".join(reasons), pytrace=False)
