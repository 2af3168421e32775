"""The plugin in a real pytest: three lines of a user's project, and its tests replay."""

import json
import subprocess
import sys
from pathlib import Path

from anyvcr.core.cassette import codec as cassette_format
from standin import Answer, Received, StandIn
from support.proxies import environment

TESTS = """
import httpx, pytest

client = httpx.Client()  # made when the module is imported, as many are
URL = "https://api.openai.com/v1/chat/completions"


def ask(text):
    answer = client.post(URL, json={"messages": [{"content": text}]})
    answer.raise_for_status()
    return answer.json()["echo"]


@pytest.mark.parametrize("city", ["São Paulo?", "a/b", "::"])
def test_cities(cassette, city):
    assert ask(city) == city


class TestClass:
    def test_twice(self, cassette):
        assert [ask("one"), ask("two")] == ["one", "two"]


def test_apart():
    assert True


def test_without_variables(cassette, monkeypatch):
    monkeypatch.delenv("ANYVCR_PROXY")
    assert ask("bare") == "bare"
"""
OTHER = """
import asyncio
import httpx

def test_cities(cassette):
    async def ask():
        async with httpx.AsyncClient() as client:
            body = {"messages": [{"content": "async"}]}
            return await client.post("https://api.openai.com/v1/chat/completions", json=body)
    assert asyncio.run(ask()).json()["echo"] == "async"
"""


def echo(received: Received) -> Answer:
    said = json.loads(received.body)["messages"][0]["content"]
    return Answer.of(json.dumps({"echo": said}).encode(), "application/json")


def pytest_run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def project(home: Path, api: StandIn) -> None:
    (home / "anyvcr.toml").write_text(
        f'upstream = "{api.address}"\nupstream_ca = "{api.ca_file}"\n'
    )
    (home / "tests").mkdir()
    (home / "tests" / "test_chat.py").write_text(TESTS)
    (home / "tests" / "test_other.py").write_text(OTHER)


def test_tests_are_recorded_and_replayed_each_with_its_cassette(home: Path) -> None:
    with StandIn(echo) as api:
        project(home, api)
        recorded = pytest_run(home, "--anyvcr=record")
        assert recorded.returncode == 0, recorded.stdout + recorded.stderr
        asked = len(api.requests)
    (home / "anyvcr.toml").unlink()
    assert asked == 7
    files = sorted((home / "cassettes").rglob("*.yaml"))
    counts = [len(cassette_format.loads(f.read_bytes()).interactions) for f in files]
    assert sorted(counts) == [1, 1, 1, 1, 1, 2]

    for workers in ((), ("-n", "2")):
        replayed = pytest_run(home, "--anyvcr=replay", *workers)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_a_miss_fails_the_test_with_what_differs_and_what_to_type(home: Path) -> None:
    with StandIn(echo) as api:
        project(home, api)
        assert pytest_run(home, "--anyvcr=record").returncode == 0
    (home / "anyvcr.toml").unlink()
    tests = home / "tests" / "test_chat.py"
    tests.write_text(tests.read_text().replace('ask("two")', 'ask("three")'))
    (home / "tests" / "test_new.py").write_text("def test_new(cassette): pass\n")

    done = pytest_run(home, "--anyvcr=replay")

    assert done.returncode == 1
    assert '$.messages[0].content: recorded "two", sent "three"' in done.stdout
    assert (
        "to record it: pytest --anyvcr=record tests/test_chat.py::TestClass::test_twice"
        in done.stdout
    )
    assert "to record it: pytest --anyvcr=record tests/test_new.py::test_new" in (
        done.stdout
    )
    assert "6 passed" in done.stdout


def test_without_the_option_nothing_is_started(home: Path) -> None:
    (home / "test_own.py").write_text(
        "import os\n"
        "def test_own(cassette):\n"
        "    assert cassette is None and 'ANYVCR_PROXY' not in os.environ\n"
    )

    done = pytest_run(home)

    assert done.returncode == 0, done.stdout
    assert not (home / "cassettes").exists()


def test_a_fault_in_the_options_ends_pytest_with_its_sentence(home: Path) -> None:
    (home / "anyvcr.toml").write_text('pace = "never"\n')

    done = pytest_run(home, "--anyvcr=replay")

    assert done.returncode == 4
    assert "(from pace in " in done.stderr
