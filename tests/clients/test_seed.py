"""The official SDK, with its defaults, plays the seed."""

import json
from pathlib import Path

import pytest
from clients.programs import CACHE, OPENAI_PYTHON, SOURCES
from support.proxies import SEED, anyvcr
from support.toolchain import missing


@pytest.fixture(params=OPENAI_PYTHON)
def sdk(request: pytest.FixtureRequest) -> list[str]:
    python = CACHE / f"python/openai{request.param}/bin/python"
    if not python.exists():
        missing(f"{python} is not there: run tests/clients/install python")
    return [str(python), str(SOURCES / "python" / "chat_seed.py")]


@pytest.mark.parametrize("door", [(), ("--base-url",)], ids=["proxy", "base-url"])
def test_the_sdk_gets_the_text_and_the_usage(
    sdk: list[str], door: tuple[str, ...], tmp_path: Path
) -> None:
    done = anyvcr(tmp_path, "replay", SEED, *door, "--", *sdk, "o4-mini")

    assert (done.returncode, done.stdout) == (0, "Oi! 148\n"), done.stderr


def test_the_sdk_raises_a_miss_with_its_reason_and_does_not_retry(
    sdk: list[str], tmp_path: Path
) -> None:
    options = ("--report", "report.json")
    done = anyvcr(tmp_path, "replay", SEED, *options, "--", *sdk, "gpt-4o")

    assert done.returncode == 9
    assert done.stdout.startswith("APIStatusError: ")
    assert '$.model: recorded "o4-mini", sent "gpt-4o"' in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["cassettes"][0]["misses"]) == 1
