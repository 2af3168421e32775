"""`anyvcr doctor` on this machine's runtimes, and on commands with each kind of trouble."""

import os
import sys
from pathlib import Path

import pytest
from standin import Answer, StandIn
from support.proxies import DEADLINE, anyvcr

PYTHON = sys.executable
ALLOWED = set() if os.environ.get("CI") else {"n/a "}
"""Findings that are no failure: a newcomer's Perl may lack LWP::Protocol::https, CI's does not."""
ASK = "import urllib.request as u, sys\ntry: u.urlopen({url!r})\nexcept Exception as e: print(e)\n"


def test_the_runtimes_of_this_machine_go_through_the_proxy(home: Path) -> None:
    done = anyvcr(home, "doctor", deadline=5 * DEADLINE)  # go compiles its library

    rows = {line[6:].split("  ")[0]: line[:4] for line in done.stdout.splitlines()}
    assert rows["Python, urllib"] == "ok  "
    assert set(rows.values()) <= {"ok  "} | ALLOWED, done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("said", "row", "code"),
    [
        pytest.param(
            "501 Protocol scheme https is not supported (LWP::Protocol::https not installed)",
            "n/a   Perl, LWP  cannot speak HTTPS here: LWP::Protocol::https is not installed",
            0,
            id="no-tls-library",
        ),
        pytest.param(
            "Cannot connect to api.openai.com:443",
            "FAIL  Perl, LWP  use --base-url; it said: Cannot connect to api.openai.com:443",
            1,
            id="ignores-the-proxy",
        ),
    ],
)
def test_a_runtime_without_its_tls_library_is_told_from_one_that_ignores_the_proxy(
    home: Path, said: str, row: str, code: int
) -> None:
    """By a `perl` that says so, the only runtime on the path."""
    perl = home / "bin" / "perl"
    perl.parent.mkdir()
    perl.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    perl.chmod(0o755)

    done = anyvcr(home, "doctor", env={"PATH": str(perl.parent)})

    assert done.stdout.splitlines() == [row], done.stderr
    assert done.returncode == code


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param(
            ASK.format(url="https://api.openai.com/v1/models"),
            "1 calls to the API came through the proxy",
            id="fine",
        ),
        pytest.param("pass", "no connection came to the proxy", id="no-call"),
        pytest.param(
            "import ssl, urllib.request as u, os\n"
            "c = ssl.create_default_context(cafile=os.environ['OTHER'])\n"
            "try: u.build_opener(u.HTTPSHandler(context=c)).open('https://api.openai.com/')\n"
            "except Exception as e: print(e)\n",
            "refuses our certificate: use --base-url",
            id="distrust",
        ),
    ],
)
def test_a_commands_trouble_is_named(home: Path, program: str, said: str) -> None:
    with StandIn(lambda _: pytest.fail("no request was due")) as other:
        variables = {"OTHER": str(other.ca_file)}
        done = anyvcr(home, "doctor", "--", PYTHON, "-c", program, env=variables)

    assert said in done.stdout
    assert done.returncode == (0 if "calls to the API" in said else 1)


def test_a_host_that_is_not_on_the_list_is_named(home: Path) -> None:
    with StandIn(lambda _: Answer.of(b"x", "text/plain")) as site:
        program = (
            "import urllib.request as u, os\n"
            f"p = u.ProxyHandler({{'https': os.environ['HTTPS_PROXY']}})\n"
            f"os.environ['NO_PROXY'] = os.environ['no_proxy'] = ''\n"
            f"try: u.build_opener(p).open('https://localhost:{site.port}/')\n"
            "except Exception as e: print(e)\n"
        )
        done = anyvcr(home, "doctor", "--", PYTHON, "-c", program)

    assert (
        "calls other hosts only (localhost): name the API's with --api-host"
        in done.stdout
    )
