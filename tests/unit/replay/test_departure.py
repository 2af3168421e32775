"""A client that left before its answer began, as a recording."""

from dataclasses import replace

import pytest
from anyvcr.core.cassette.model import Response
from anyvcr.core.replay import departure
from anyvcr.core.replay.answer import replayed
from anyvcr.core.replay.pacing import INSTANT, RECORDED, Pace

SECOND = 1_000_000_000


@pytest.mark.parametrize("pace", [INSTANT, RECORDED, Pace(10.0)])
def test_nothing_comes_until_the_client_should_have_left_at_any_pace(
    pace: Pace,
) -> None:
    answer = replayed(departure.recorded(3 * SECOND), pace)

    assert answer.schedule is not None
    assert answer.schedule.head == 3 + departure.PATIENCE
    assert b"".join(piece.data for piece in answer.schedule.pieces) == answer.body


def test_a_client_that_stays_is_told_what_to_do() -> None:
    answer = replayed(departure.recorded(0))

    assert (answer.code, answer.reason) == (499, "Client Closed Request")
    assert b"Remove this interaction from the cassette" in answer.body


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "CANCELLED"}', b'{"error": {}}']
)
def test_an_apis_own_499_is_an_answer_like_others(body: bytes) -> None:
    answer = Response(code=499, status="499 Client Closed Request", body=body)

    assert not departure.is_recorded(answer)
    assert replayed(answer).schedule is None
    assert not departure.is_recorded(replace(departure.recorded(0), code=500))
