"""A stream is whole at the same byte, however it is cut into pieces."""

import base64
import gzip
import json
import zlib

import pytest
from anyvcr.core.terminal_events import FLAGS, NAMES, watch
from hypothesis import given
from hypothesis import strategies as st

SSE = "text/event-stream; charset=utf-8"
JSON_LINES = "application/x-ndjson"
AWS = "application/vnd.amazon.eventstream"

LAST = [
    b"data: [DONE]",
    b"data:[DONE]",
    b"event: done\ndata: [DONE]",
    *(b"event: %b\ndata: {}" % name.encode() for name in sorted(NAMES)),
    *(b'data: {"n":1, "type": "%b"}' % name.encode() for name in sorted(NAMES)),
    b'id: 7\ndata: {\ndata: "type":"response.failed"}',
    b'event: response.completed\ndata: {"long":"%b"}' % (b"x" * 300),
]
OTHER = [
    b'data: {"choices":[{"delta":{"content":"data: [DONE]"}}]}',
    b'data: {"delta":"{\\"type\\":\\"response.completed\\"}","type":"x.delta"}',
    b'data: {"response":{"type":"response.completed"}}',
    b"data: the text goes\ndata: [DONE]\ndata: on",
    b'data: {"type": "response.completed", broken',
    b'event: response.completed.not\ndata: {"type":"response.complete"}',
    b": ping",
    b"retry: 10",
    b"event: error\ndata: [DONE] not",
    b"event: done\ndata: {}",
    b'data: {"type":["message_stop"]}',
]
ENDS = ["\n", "\r\n", "\r"]


def laid_out(events: list[bytes], end: str) -> bytes:
    whole = b"".join(event + b"\n\n" for event in events)
    return whole.replace(b"\n", end.encode())


def heard(data: bytes, places: list[int], content_type: str, coding: str = "") -> int:
    """How many bytes it took until the stream was whole; -1 where it never was."""
    found = watch(content_type, coding)
    assert found
    ends = sorted({min(place, len(data)) for place in places} | {len(data)})
    start = 0
    for end in ends:
        if found.feed(data[start:end]):
            return end
        start = end
    return -1


def first_whole(data: bytes, content_type: str) -> int:
    """The same, to the byte."""
    return heard(data, list(range(len(data))), content_type)


CUTS = st.lists(st.integers(0, 600), max_size=12)


@given(
    st.lists(st.sampled_from(OTHER), max_size=4),
    st.sampled_from(LAST),
    st.lists(st.sampled_from(OTHER + LAST), max_size=2),
    st.sampled_from(ENDS),
    CUTS,
)
def test_events_are_whole_with_the_blank_line_of_the_last(
    before: list[bytes], last: bytes, after: list[bytes], end: str, places: list[int]
) -> None:
    stream = laid_out([*before, last], end)
    more = laid_out(after, end)
    # Of a CRLF that ends an event, the CR is a line end of its own until the LF is here.
    early = 1 if end == "\r\n" else 0

    whole = first_whole(stream + more, SSE)

    assert whole == len(stream) - early
    heard_at = heard(stream + more, places, SSE)
    assert heard_at == min(p for p in (*places, len(stream + more)) if p >= whole)


@given(st.lists(st.sampled_from(OTHER), max_size=6), st.sampled_from(ENDS), CUTS)
def test_text_within_an_event_ends_nothing(
    events: list[bytes], end: str, places: list[int]
) -> None:
    stream = laid_out(events, end)

    assert heard(stream, places, SSE) == first_whole(stream, SSE) == -1


@given(st.sampled_from(LAST), st.sampled_from(ENDS), CUTS)
def test_an_event_without_its_blank_line_is_not_over(
    last: bytes, end: str, places: list[int]
) -> None:
    stream = laid_out([last], end)[: -2 * len(end)] + end.encode()[:1]

    assert heard(stream, places, SSE) == -1


@given(st.binary(max_size=80), CUTS, st.sampled_from([SSE, JSON_LINES, AWS]))
def test_bytes_of_any_kind_are_judged_alike_in_one_piece_and_in_many(
    data: bytes, places: list[int], content_type: str
) -> None:
    whole = first_whole(data, content_type)

    assert (heard(data, places, content_type) == -1) == (whole == -1)


@pytest.mark.parametrize("flag", FLAGS)
@given(places=CUTS)
def test_lines_of_json_are_whole_with_the_one_that_says_so(
    flag: str, places: list[int]
) -> None:
    lines = [
        {"message": {"content": f'"{flag}": true'}, flag: False},
        {"message": {flag: True}},
        {"list": [{flag: True}]},
        {flag: True, "total_duration": 5},
        {"more": 1},
    ]
    written = [json.dumps(line).encode() + b"\n" for line in lines]
    stream, whole = b"".join(written), sum(map(len, written[:4]))

    assert first_whole(stream, JSON_LINES) == whole
    heard_at = heard(stream, places, JSON_LINES)
    assert heard_at == min(p for p in (*places, len(stream)) if p >= whole)


def frame(payload: bytes, **headers: str) -> bytes:
    """One frame as botocore reads it; the checksums are not looked at."""
    head = b"".join(
        bytes([len(name)]) + name + b"\x07" + len(value).to_bytes(2) + value
        for name, value in (
            (b":" + k.replace("_", "-").encode(), v.encode())
            for k, v in headers.items()
        )
    )
    total = 12 + len(head) + len(payload) + 4
    return b"".join(
        (total.to_bytes(4), len(head).to_bytes(4), bytes(4), head, payload, bytes(4))
    )


def chunk(event: dict[str, object]) -> bytes:
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    payload = json.dumps({"bytes": inner, "p": "abc"}).encode()
    return frame(payload, message_type="event", event_type="chunk")


CONVERSE = frame(b'{"stopReason":"end_turn"}', event_type="messageStop")
BEDROCK = [
    [chunk({"type": "message_start"}), chunk({"type": "message_stop"})],
    [CONVERSE, frame(b'{"usage":{}}', message_type="event", event_type="metadata")],
    [CONVERSE, frame(b"{}", message_type="exception", exception_type="throttled")],
]


@pytest.mark.parametrize("frames", BEDROCK, ids=["invoke", "converse", "exception"])
@given(places=CUTS)
def test_frames_of_bedrock_are_whole_with_the_last(
    frames: list[bytes], places: list[int]
) -> None:
    stream = b"".join(frames)

    assert first_whole(stream, AWS) == len(stream)
    assert heard(stream, places, AWS) == len(stream)
    assert first_whole(frames[0], AWS) == -1


@given(st.sampled_from(OTHER), st.sampled_from(LAST), CUTS)
def test_a_compressed_stream_is_whole_when_its_last_event_can_be_read(
    other: bytes, last: bytes, places: list[int]
) -> None:
    """Before the end of the coding, which no reader of events waits for."""
    deflater = zlib.compressobj(wbits=31)
    stream = deflater.compress(laid_out([other, last], "\n"))
    stream += deflater.flush(zlib.Z_SYNC_FLUSH)
    end = deflater.flush()

    # The bytes of the flush itself hold no text.
    assert len(stream) - 5 <= heard(stream, places, SSE, "gzip") <= len(stream)
    assert heard(stream + end, places, SSE, "gzip") >= len(stream) - 5


def test_what_is_no_stream_of_events_has_no_terminal_event() -> None:
    assert watch("application/json", "") is None
    assert watch("", "") is None
    assert watch(SSE, "compress") is None


def test_a_stream_that_cannot_be_decoded_is_not_whole_before_its_end() -> None:
    data = gzip.compress(b"data: [DONE]\n\n")

    assert heard(b"x" + data, [], SSE, "gzip") == -1
    assert heard(b"data: [DONE]\n\n", [], SSE, "gzip") == -1
