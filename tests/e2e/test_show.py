"""`anyvcr show`: a cassette as people read it."""

import json
from pathlib import Path

import pytest
from support.proxies import SEED, anyvcr


def test_the_seed_fits_on_one_screen(home: Path) -> None:
    done = anyvcr(home, "show", str(SEED))

    assert done.returncode == 0
    assert "    Oi!\n" in done.stdout
    assert "148 out (128 reasoning)" in done.stdout
    assert done.stdout.count("\n") <= 24
    assert "\x1b" not in done.stdout, "no colours into a pipe"


def test_one_interaction_is_shown_by_its_id(home: Path) -> None:
    done = anyvcr(home, "show", str(SEED), "0")

    assert done.stdout.startswith("#0  POST  /v1/chat/completions  200")


def test_json_for_programs(home: Path) -> None:
    [shown] = json.loads(anyvcr(home, "show", "--json", str(SEED)).stdout)

    assert shown["answered"] == [
        {"role": "assistant", "parts": [{"kind": "text", "text": "Oi!"}]}
    ]
    assert shown["usage"]["reasoning"] == 128


def test_markdown_for_a_pull_request(home: Path) -> None:
    text = anyvcr(home, "show", "--markdown", str(SEED)).stdout

    assert text.startswith("### \\#0  POST  /v1/chat/completions  200")
    assert "**assistant**\n\n```text\nOi!\n```" in text


@pytest.mark.parametrize("number", ["7", "#7", "x", "-1"])
def test_an_unknown_id_is_an_error_that_names_the_known(
    home: Path, number: str
) -> None:
    done = anyvcr(home, "show", str(SEED), "--", number)

    assert done.returncode == 1
    assert "holds #0 to #0" in done.stderr


def test_a_missing_cassette_is_an_error(home: Path) -> None:
    done = anyvcr(home, "show", str(home / "none.yaml"))

    assert done.returncode == 1
    assert "does not exist" in done.stderr
