"""The preload under every Node and every library that people call the API with."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyvcr.clients import trust
from clients.programs import CACHE, NODES, node
from clients.tunnel import TEXT, Connect, Tunnel, running

PRELOAD = Path(trust.__file__).with_name("node-preload.cjs")
PROGRAMS = CACHE / "node"
LIBRARIES = ("axios", "fetch", "https", "node-fetch", "undici")
TOO_OLD = {("undici", 18)}
"""undici 7 does not load there."""
API = Connect("api.openai.com:443", "")


@pytest.fixture
def tunnel(tmp_path: Path) -> Iterator[Tunnel]:
    with running(tmp_path, "api.openai.com") as tunnel:
        yield tunnel


def run(
    tunnel: Tunnel, *command: str | Path, **more: str
) -> subprocess.CompletedProcess[str]:
    variables = {"NODE_USE_ENV_PROXY": "1", "HOME": str(tunnel.ca.parent), **more}
    return subprocess.run(
        command,
        env=tunnel.environment(PRELOAD, variables),
        cwd=PROGRAMS,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("major", NODES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_goes_through_and_nothing_is_said_on_stderr(
    library: str, major: int, tunnel: Tunnel
) -> None:
    if (library, major) in TOO_OLD:
        pytest.skip(f"{library} is not for Node {major}")
    ended = run(tunnel, node(major), "http.mjs", library, "hi")
    assert (ended.stdout, ended.stderr) == (f"JSON {TEXT}\nSSE {TEXT}\n", "")
    assert set(tunnel.connects) == {API}


@pytest.mark.parametrize("major", NODES)
def test_a_websocket_of_ws_goes_through(major: int, tunnel: Tunnel) -> None:
    ended = run(tunnel, node(major), "realtime.mjs")
    assert (ended.stdout, ended.stderr) == ("OPEN\n", "")
    assert tunnel.connects == [API]


JEST = ("node_modules/jest/bin/jest.js", "--rootDir=.", "--testRegex=chat.jest.cjs", "--testEnvironment=node")  # fmt: skip
VITEST = ("node_modules/vitest/vitest.mjs", "run")
RUNNERS = {
    "node --test": ("--test", "chat.test.mjs"),
    "jest": JEST,
    "jest threads": (*JEST, "--workerThreads", "--maxWorkers=2"),
    "vitest forks": (*VITEST, "--pool=forks"),
    "vitest threads": (*VITEST, "--pool=threads"),
}


@pytest.mark.parametrize("major", NODES)
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_test_runner_goes_through_and_ends(
    runner: str, major: int, tunnel: Tunnel
) -> None:
    ended = run(tunnel, node(major), *RUNNERS[runner])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert tunnel.connects == [API]
    assert "did not exit" not in ended.stderr
    assert "UNDICI-EHPA" not in ended.stderr
