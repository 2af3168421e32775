"""What a program had of its streams is in the cassette, and comes back, whatever ends late."""

import os
import re
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from clients.programs import OPENAI_PYTHON, Program
from standin import Manners, StandIn
from support.made_up import answers
from support.proxies import anyvcr

COUNT = os.environ.get("ANYVCR_STREAMS", "5")
"""Of chats, and of responses; 50 is the bar, 5 is for each change."""
PROGRAMS = (
    *(
        Program(
            f"openai-python {major}",
            (
                f"{{cache}}/python/openai{major}/bin/python",
                "{sources}/python/streams_openai.py",
            ),
        )
        for major in OPENAI_PYTHON
    ),
    Program("openai-go", ("{cache}/go/streams",)),
)
ENDS = {
    "default": Manners().late_end,
    **{f"{ms} ms": (ms / 1000, ms / 1000) for ms in (0, 1, 5, 50, 300)},
}
"""Seconds from the last event to the end of its message, least and most."""
QUICK = ("default", "0 ms", "300 ms") if COUNT == "5" else tuple(ENDS)
KEY = "sk-fake-key-of-the-test"

programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
protocols = pytest.mark.parametrize(
    "protocols", [("http/1.1",), ("h2", "http/1.1")], ids=["http/1.1", "h2"]
)
"""What the API offers; openai-go takes HTTP/2 where it can, openai-python HTTP/1.1."""


def record_and_replay(
    home: Path,
    command: list[str],
    *,
    protocols: tuple[str, ...],
    end: tuple[float, float],
) -> list[str]:
    """What the program printed, the same both times; a line a stream, all of them stored."""
    manners = Manners(late_end=end)
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
    assert recorded.returncode == 0, recorded.stderr + recorded.stdout
    lines = recorded.stdout.splitlines()
    stored = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    assert len(stored) == len(lines) == 2 * int(COUNT)
    replayed = anyvcr(home, "replay", "c.yaml", "--", *command, deadline=300)
    assert replayed.returncode == 0, replayed.stderr + replayed.stdout
    assert replayed.stdout == recorded.stdout
    return lines


@programs
@protocols
@pytest.mark.parametrize("end", QUICK)
def test_every_stream_is_recorded_and_comes_back(
    program: Program, protocols: tuple[str, ...], end: str, tmp_path: Path
) -> None:
    command = program.command(COUNT)
    lines = record_and_replay(tmp_path, command, protocols=protocols, end=ENDS[end])
    assert not any(re.match(r"\w+ 3 ", line) for line in lines)


@programs
@protocols
def test_a_program_that_leaves_after_three_events_does_so_again(
    program: Program, protocols: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "early"
    home.mkdir()
    command = [*program.command(COUNT), "3"]
    lines = record_and_replay(home, command, protocols=protocols, end=ENDS["default"])
    assert all(re.match(r"\w+ 3 ", line) for line in lines)
