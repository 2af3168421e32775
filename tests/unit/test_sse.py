import pytest
from anyvcr.core.sse import is_stream, split


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        pytest.param(b"", (), id="empty"),
        pytest.param(b"data: 1\n\n", (b"data: 1\n\n",), id="one"),
        pytest.param(
            b"data: 1\n\ndata: 2\n\n", (b"data: 1\n\n", b"data: 2\n\n"), id="two"
        ),
        pytest.param(
            b"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n",
            (b"event: a\r\ndata: 1\r\n\r\n", b"data: 2\r\n\r\n"),
            id="crlf",
        ),
        pytest.param(
            b"data: 1\r\rdata: 2\r\r", (b"data: 1\r\r", b"data: 2\r\r"), id="cr"
        ),
        pytest.param(
            b"data: 1\n\n\n\ndata: 2", (b"data: 1\n\n\n\n", b"data: 2"), id="more-lines"
        ),
        pytest.param(
            b": wait\n\ndata: 1\ndata: 2\n\n",
            (b": wait\n\n", b"data: 1\ndata: 2\n\n"),
            id="comment",
        ),
        pytest.param(b"data: 1", (b"data: 1",), id="cut-off"),
        pytest.param(b"data: 1\r\n", (b"data: 1\r\n",), id="cut-off-in-the-end"),
    ],
)
def test_a_body_is_cut_after_each_blank_line(
    body: bytes, pieces: tuple[bytes, ...]
) -> None:
    assert split(body) == pieces


def test_nothing_is_lost_or_split_wherever_a_stream_ends() -> None:
    body = b"event: x\r\ndata: 1\r\n\r\ndata: 2\n\n: c\n\n"
    whole = split(body)

    for end in range(len(body)):
        pieces = split(body[:end])
        assert b"".join(pieces) == body[:end]
        assert pieces[:-1] == whole[: max(0, len(pieces) - 1)]


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/event-stream", True),
        ("text/event-stream; charset=utf-8", True),
        ("Text/Event-Stream", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_event_streams_are_told_by_their_type(
    content_type: str, expected: bool
) -> None:
    assert is_stream(content_type) is expected
