"""A likely cause for the runtimes that people use, and silence for the others."""

import pytest
from anyvcr.clients.remedies import remedy


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (["python3.13", "-m", "pytest"], "trust_env"),
        (["/usr/bin/node", "x.js"], "NODE_OPTIONS"),
        (["go", "test", "./..."], "http.Transport"),
        (["./gradlew", "test"], "daemon"),
        (["dotnet", "test"], "store"),
        (["docker", "run"], "container"),
    ],
)
def test_a_known_runtime_has_a_likely_cause(command: list[str], word: str) -> None:
    assert word in (remedy(command) or "")


@pytest.mark.parametrize("command", [["./my-program"], ["true"], []])
def test_an_unknown_one_has_none(command: list[str]) -> None:
    assert remedy(command) is None
