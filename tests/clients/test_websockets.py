"""A conversation that an SDK had with the API over a WebSocket is had again without the API."""

import os
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec
from anyvcr.core.websocket import transcript
from clients.programs import Program
from standin import Answer, StandIn
from support.proxies import anyvcr

RUNS = int(os.environ.get("ANYVCR_CONVERSATIONS", "1"))
"""Of each replay; 100 is the bar, 1 is for each change."""
KEY = "sk-fake-key-of-the-test"
PROGRAMS = (
    Program(
        "openai-python",
        (
            "{cache}/python/openai3/bin/python",
            "{sources}/python/websocket_openai.py",
        ),
    ),
    Program(
        "openai-node",
        ("{cache}/node/node_modules/node22/bin/node", "{cache}/node/websocket.mjs"),
    ),
    Program("openai-go", ("{cache}/go/websocket",)),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
@pytest.mark.parametrize("spoken", ["responses", "realtime"])
def test_a_conversation_is_had_again_event_by_event(
    program: Program, spoken: str, tmp_path: Path
) -> None:
    command = program.command(spoken)
    with StandIn(lambda _: Answer.error(404)) as api:
        recorded = anyvcr(
            tmp_path,
            *("record", "c.yaml", "--upstream", api.address),
            *("--upstream-ca", str(api.ca_file), "--", *command),
            env={"OPENAI_API_KEY": KEY},
        )
    assert recorded.returncode == 0, recorded.stderr
    (interaction,) = codec.loads((tmp_path / "c.yaml").read_bytes()).interactions
    heard = [
        line
        for line in interaction.response.body.decode().split("\n")
        if line.startswith("< ")
    ]
    assert len(heard) == len(recorded.stdout.splitlines())
    assert transcript.is_whole(interaction.response.body.decode())
    for _ in range(RUNS):
        replayed = anyvcr(tmp_path, "replay", "c.yaml", "--strict", "--", *command)
        assert replayed.returncode == 0, replayed.stderr
        assert replayed.stdout == recorded.stdout
