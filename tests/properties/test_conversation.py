"""Streams on one socket, in any interleaving: each gets its own bytes and no other's."""

import json
import random

from anyvcr.core.matching.rules import Rules
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.conversation import Conversation, Script
from anyvcr.core.websocket.message import Message, Side, Text
from hypothesis import given, settings
from hypothesis import strategies as st

STREAMS, TURNS, DELTAS = 8, 3, 4


def _event(side: Side, **event: object) -> Text:
    return Text(side, json.dumps(event))


def _turn(stream: int, turn: int, name: str) -> list[Message]:
    question = {"type": "response.create", "stream_id": name}
    events: list[Message] = [_event(Side.CLIENT, **question, input=f"{stream}.{turn}")]
    events += [
        _event(Side.SERVER, type="delta", stream_id=name, delta=f"{stream}.{turn}.{n}")
        for n in range(DELTAS)
    ]
    return events


def _interleaved(parts: list[list[Message]], chance: random.Random) -> list[Message]:
    parts = [list(part) for part in parts]
    merged = []
    while any(parts):
        merged.append(chance.choice([part for part in parts if part]).pop(0))
    return merged


@settings(max_examples=1000)
@given(st.integers())
def test_each_stream_gets_its_own(seed: int) -> None:
    chance = random.Random(seed)
    recorded = [
        [m for turn in range(TURNS) for m in _turn(stream, turn, f"recorded-{stream}")]
        for stream in range(STREAMS)
    ]
    talk = Conversation(0, Script(_interleaved(recorded, chance)), Rules())
    choice = Choice([talk], set())
    live = [
        [_turn(stream, turn, f"live-{stream}")[0] for turn in range(TURNS)]
        for stream in range(STREAMS)
    ]

    got: dict[str, list[str]] = {}
    for message in _interleaved(live, chance):
        assert choice.hear(message)
        for answer in choice.due():
            assert isinstance(answer, Text)
            event = json.loads(answer.text)
            got.setdefault(event["stream_id"], []).append(event["delta"])

    assert got == {
        f"live-{stream}": [
            f"{stream}.{turn}.{n}" for turn in range(TURNS) for n in range(DELTAS)
        ]
        for stream in range(STREAMS)
    }
