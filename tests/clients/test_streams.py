"""What a program had of its streams is in the cassette, and comes back, whatever ends late."""

import os
import re
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from clients.programs import OPENAI_PYTHON, Program
from standin import ANY_INTERIM, Manners, StandIn
from support.made_up import answers
from support.proxies import anyvcr

COUNT = os.environ.get("ANYVCR_STREAMS", "5")
"""Of chats, and of responses; 50 is the bar, 5 is for each change."""
VERSIONS = {"http/1.1": "HTTP/1.1", "h2": "HTTP/2"}
"""What is offered by ALPN, and what is spoken then."""


def _python(major: int, alpn: str) -> Program:
    return Program(
        f"openai-python {major}",
        (
            f"{{cache}}/python/openai{major}/bin/python",
            "{sources}/python/streams_openai.py",
            *(("--http2",) if alpn == "h2" else ()),
        ),
    )


GO = Program("openai-go", ("{cache}/go/streams",))
"""Takes HTTP/2 where it is offered."""
ROWS = [
    pytest.param(program, alpn, id=f"{program.name}-{alpn}")
    for alpn in VERSIONS
    for program in (*(_python(major, alpn) for major in OPENAI_PYTHON), GO)
]
ENDS = {
    "default": Manners().late_end,
    **{f"{ms} ms": (ms / 1000, ms / 1000) for ms in (0, 1, 5, 50, 300)},
}
"""Seconds from the last event to the end of its message, least and most."""
QUICK = ("default", "0 ms", "300 ms") if COUNT == "5" else tuple(ENDS)
KEY = "sk-fake-key-of-the-test"

rows = pytest.mark.parametrize(("program", "alpn"), ROWS)


def record_and_replay(
    home: Path,
    command: list[str],
    *,
    alpn: str,
    end: tuple[float, float],
) -> list[str]:
    """What the program printed, the same both times; a line a stream, all of them stored."""
    manners = Manners(late_end=end, interim=0.3, interims=ANY_INTERIM)
    protocols = tuple(dict.fromkeys((alpn, "http/1.1")))
    with StandIn(answers, protocols=protocols, manners=manners) as api:
        recorded = anyvcr(
            home,
            *("record", "c.yaml", "--upstream", api.address),
            "--upstream-ca",
            api.ca_file,
            *("--", *command),
            env={"OPENAI_API_KEY": KEY},
            deadline=300,
        )
        spoken = {received.http_version for received in api.requests}
    assert recorded.returncode == 0, recorded.stderr + recorded.stdout
    assert spoken == {VERSIONS[alpn]}
    lines = recorded.stdout.splitlines()
    stored = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    assert len(stored) == len(lines) == 2 * int(COUNT)
    replayed = anyvcr(home, "replay", "c.yaml", "--", *command, deadline=300)
    assert replayed.returncode == 0, replayed.stderr + replayed.stdout
    assert replayed.stdout == recorded.stdout
    return lines


@rows
@pytest.mark.parametrize("end", QUICK)
def test_every_stream_is_recorded_and_comes_back(
    program: Program, alpn: str, end: str, tmp_path: Path
) -> None:
    command = program.command(COUNT)
    lines = record_and_replay(tmp_path, command, alpn=alpn, end=ENDS[end])
    assert not any(re.match(r"\w+ 3 ", line) for line in lines)


@rows
def test_a_program_that_leaves_after_three_events_does_so_again(
    program: Program, alpn: str, tmp_path: Path
) -> None:
    home = tmp_path / "early"
    home.mkdir()
    command = [*program.command(COUNT), "3"]
    lines = record_and_replay(home, command, alpn=alpn, end=ENDS["default"])
    assert all(re.match(r"\w+ 3 ", line) for line in lines)
