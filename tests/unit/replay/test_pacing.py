import pytest
from anyvcr.core.cassette.model import Response
from anyvcr.core.errors import ConfigError
from anyvcr.core.replay.pacing import INSTANT, RECORDED, Pace, Piece, Schedule, schedule

EVENTS = (("Content-Type", ("text/event-stream; charset=utf-8",)),)


def response(body: bytes, **more: object) -> Response:
    fields = {"duration": 300_000_000, "headers": EVENTS} | more
    return Response(code=200, status="200 OK", body=body, **fields)  # type: ignore[arg-type]  # fields of Response


@pytest.mark.parametrize(
    ("text", "pace"),
    [
        ("instant", INSTANT),
        ("recorded", RECORDED),
        (" Recorded ", RECORDED),
        ("1x", RECORDED),
        ("2x", Pace(2.0)),
        ("0.5x", Pace(0.5)),
        ("10X", Pace(10.0)),
    ],
)
def test_a_pace_has_a_name_or_a_factor(text: str, pace: Pace) -> None:
    assert Pace.parse(text) == pace


@pytest.mark.parametrize("text", ["", "fast", "2", "0x", "-1x", "nanx", "infx", "x"])
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected instant, recorded, or a factor"):
        Pace.parse(text)


def test_at_once_there_is_no_schedule() -> None:
    assert schedule(response(b"data: 1\n\n"), INSTANT) is None


def test_the_headers_come_after_the_recorded_duration() -> None:
    plain = response(b"{}", headers=())

    assert schedule(plain, RECORDED) == Schedule(0.3, (Piece(0.3, b"{}"),))
    assert schedule(plain, Pace(2.0)) == Schedule(0.15, (Piece(0.15, b"{}"),))
    assert schedule(plain, Pace(0.5)) == Schedule(0.6, (Piece(0.6, b"{}"),))


def test_events_of_unknown_timing_are_spread_and_never_split() -> None:
    found = schedule(response(b"data: 1\ndata: 2\n\ndata: 3\r\n\r\ndata"), RECORDED)

    assert found is not None
    assert [piece.data for piece in found.pieces] == [
        b"data: 1\ndata: 2\n\n",
        b"data: 3\r\n\r\n",
        b"data",
    ]
    assert [piece.due for piece in found.pieces] == pytest.approx([0.3, 0.32, 0.34])


def test_chunks_of_known_timing_come_as_they_came() -> None:
    timed = response(
        b"data: 1\n\ndata: 2\n\n", extra=(("chunk_timing", "4@0 14@90.5"),)
    )

    found = schedule(timed, Pace(2.0))

    assert found is not None
    assert [piece.data for piece in found.pieces] == [b"data", b": 1\n\ndata: 2\n\n"]
    assert [piece.due for piece in found.pieces] == pytest.approx([0.15, 0.19525])


def test_an_empty_body_has_no_pieces() -> None:
    assert schedule(response(b""), RECORDED) == Schedule(0.3, ())
