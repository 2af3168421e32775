"""Answers as bytes, against a real writer; and that nothing in one ends a line."""

from dataclasses import replace

import h11
import pytest
from anyvcr.core.replay.action import Send, WaitUntil
from anyvcr.core.replay.answer import Answer, refused
from anyvcr.core.replay.pacing import Piece, Schedule
from anyvcr.core.replay.playback import BLOCK, Playback
from anyvcr.core.replay.response_head import UnplayableError

ANSWER = Answer(
    code=200,
    reason="OK",
    headers=(("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b c")),
    body=b'{"a": 1}',
)


def played(answer: Answer, **more: bool) -> bytes:
    playback = Playback(answer, asked=0.0, **more)
    parts = []
    while (step := playback.next(0.0)) is not None:
        assert isinstance(step, Send)
        parts.append(step.data)
    return b"".join(parts)


def written_by_h11(answer: Answer) -> bytes:
    writer = h11.Connection(h11.SERVER)
    writer.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while not isinstance(writer.next_event(), h11.EndOfMessage):
        pass
    framing = (
        ("Transfer-Encoding", "chunked")
        if answer.length is None
        else ("Content-Length", str(answer.length))
    )
    head = h11.Response(
        status_code=answer.code,
        reason=answer.reason.encode(),
        headers=[*answer.headers, framing],
    )
    events = (head, h11.Data(data=answer.body), h11.EndOfMessage())
    return b"".join(writer.send(event) or b"" for event in events)


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        replace(ANSWER, streamed=True),
        replace(ANSWER, streamed=True, body=b""),
        replace(ANSWER, body=b"", reason=""),
        refused("nothing like it", "no_matching_interaction"),
    ],
)
def test_an_answer_is_written_as_h11_writes_it(answer: Answer) -> None:
    assert played(answer) == written_by_h11(answer)


def test_a_large_body_goes_out_in_blocks() -> None:
    playback = Playback(replace(ANSWER, body=b"x" * (3 * BLOCK)), asked=0.0)
    sizes = []
    while (step := playback.next(0.0)) is not None:
        assert isinstance(step, Send)
        sizes.append(len(step.data))

    assert len(sizes) == 3
    assert max(sizes) < BLOCK + 1000


def test_a_client_of_http_1_0_gets_a_stream_that_ends_with_the_connection() -> None:
    streamed = replace(ANSWER, streamed=True)
    playback = Playback(streamed, asked=0.0, closes=True, chunks=False)
    step = playback.next(0.0)

    assert isinstance(step, Send)
    assert b"Transfer-Encoding" not in step.data
    assert step.data.endswith(b"\r\n\r\n" + ANSWER.body)
    assert playback.is_last


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [(1488324, b"Content-Length: 1488324"), (-1, None), (0, b"Content-Length: 0")],
)
def test_head_tells_the_recorded_length_and_sends_no_body(
    recorded: int, expected: bytes | None
) -> None:
    answer = replace(ANSWER, body=b"", streamed=recorded < 0, recorded_length=recorded)
    head = played(answer, head_only=True)

    framing = [
        line for line in head.split(b"\r\n") if b"Length" in line or b"Enc" in line
    ]
    assert framing == ([expected] if expected else [])
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("code", "recorded", "told"),
    [(304, 100, True), (304, 0, False), (304, -1, False), (204, 100, False)],
)
def test_an_answer_without_a_body_tells_a_length_where_it_may(
    code: int, recorded: int, told: bool
) -> None:
    written = played(replace(ANSWER, code=code, recorded_length=recorded))

    assert (b"Content-Length: 100" in written) is told
    assert written.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        replace(ANSWER, headers=(("X", "a\r\nSet-Cookie: b"),)),
        replace(ANSWER, headers=(("X", "a\nb"),)),
        replace(ANSWER, headers=(("X", "a\0b"),)),
        replace(ANSWER, headers=(("X\r\nY", "a"),)),
        replace(ANSWER, headers=(("X:", "a"),)),
        replace(ANSWER, headers=(("", "a"),)),
        replace(ANSWER, headers=(("X-é", "a"),)),
        replace(ANSWER, reason="OK\r\nX: y"),
        replace(ANSWER, code=103),
        replace(ANSWER, code=0),
        replace(ANSWER, code=1000),
    ],
)
def test_nothing_in_an_answer_ends_a_line(answer: Answer) -> None:
    with pytest.raises(UnplayableError, match="HTTP cannot carry"):
        Playback(answer, asked=0.0)


def test_bytes_of_any_other_kind_go_out_as_they_are() -> None:
    odd = replace(ANSWER, reason="Non-Autoris\udce9", headers=(("X", "é\x01\udcff"),))

    assert b"200 Non-Autoris\xe9\r\nX: \xc3\xa9\x01\xff\r\n" in played(odd)


def test_a_late_answer_keeps_its_gaps() -> None:
    pieces = (Piece(0.1, b"a"), Piece(0.3, b"b"))
    paced = replace(ANSWER, streamed=True, schedule=Schedule(0.1, pieces))
    playback = Playback(paced, asked=5.0)

    assert playback.next(5.0) == WaitUntil(5.0)  # to be told how late it is by now
    assert isinstance(playback.next(5.5), Send)
    assert playback.next(5.5) == WaitUntil(5.4 + 0.3)
    assert isinstance(playback.next(5.7), Send)
    assert playback.next(5.7) is None
