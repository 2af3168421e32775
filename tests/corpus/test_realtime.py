"""Real sessions of the Realtime API become conversations and are had again, frame by frame."""

import json
import secrets

import pytest
import yaml
from anyvcr.core.matching.rules import Rules
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.conversation import Conversation, Script
from anyvcr.core.websocket.message import Side, Text
from support.toolchain import require_shared


@pytest.mark.parametrize(
    "name", ["test_text_in_audio_out_turn", "test_tool_call_round"]
)
def test_a_real_session_is_had_again(name: str) -> None:
    path = require_shared(f"corpus/realtime/{name}.yaml")
    frames = [
        Text(
            Side.SERVER if frame["direction"] == "received" else Side.CLIENT,
            json.dumps(frame["data"], ensure_ascii=False),
        )
        for frame in yaml.safe_load(path.read_text("utf-8"))["interactions"]
        if frame["kind"] == "message"
    ]
    body = "".join(map(transcript.write, frames))
    choice = Choice([Conversation(0, Script(transcript.read(body)), Rules())], set())

    had = list(choice.due())
    for frame in frames:
        if frame.side is Side.CLIENT:
            event = json.loads(frame.text)
            live = json.dumps(event | {"event_id": f"event_{secrets.token_hex(8)}"})
            assert choice.hear(Text(Side.CLIENT, live))
            had += choice.due()

    assert had == [frame for frame in frames if frame.side is Side.SERVER]
