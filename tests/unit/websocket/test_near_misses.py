"""No client message is taken for one that means something else."""

import pytest
from anyvcr.core.websocket.message import Message
from unit.websocket.near_misses import NEAR_MISSES
from unit.websocket.talking import choice, recorded, said, server

PAIRS = [
    pytest.param(*ordered, id=f"{name}{mark}")
    for name, pair in NEAR_MISSES.items()
    for mark, ordered in (("", pair), ("-turned", pair[::-1]))
]


def test_there_are_sixty_pairs() -> None:
    assert len(NEAR_MISSES) >= 60


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_it_is_a_miss(one: Message, other: Message) -> None:
    talk = choice(recorded(one, server(type="answer")))

    heard = talk.hear(other)

    # A piece of audio may be the first of a longer one: then nothing is said to it.
    assert not heard or said(talk) == []
    assert choice(recorded(one)).hear(one)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_each_gets_its_own_answer(one: Message, other: Message) -> None:
    talk = choice(
        recorded(one, server(type="answer", to="one"), id_=0),
        recorded(other, server(type="answer", to="other"), id_=1),
    )

    talk.hear(other)

    assert {"type": "answer", "to": "one"} not in said(talk)
