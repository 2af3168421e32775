"""The plain part of HTTP/1.1, against a real parser and a real writer."""

from dataclasses import replace

import h11
import pytest
from anyvcr.core.replay import fast_http1
from anyvcr.core.replay.answer import Answer, refused
from anyvcr.core.replay.pacing import Schedule

PLAIN = (
    b"POST /v1/chat/completions?a=1 HTTP/1.1\r\nHost: api.openai.com\r\n"
    b"accept: */*\r\nX-Tab:one two\r\nConnection: Keep-Alive\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


def by_h11(data: bytes) -> fast_http1.PlainRequest:
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(data)
    request, body = parser.next_event(), b""
    assert isinstance(request, h11.Request)
    while isinstance(event := parser.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    fields = ((k.decode(), v.decode()) for k, v in request.headers.raw_items())
    return fast_http1.PlainRequest(
        request.method.decode(), request.target.decode(), tuple(fields), body
    )


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.replace(b"Connection: Keep-Alive\r\n", b""),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"DELETE /v1/files/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_plain_request_is_read_as_h11_reads_it(data: bytes) -> None:
    assert fast_http1.read(data) == by_h11(data)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN + b"G",
        PLAIN.replace(b"Host: api.openai.com\r\n", b""),
        PLAIN.replace(b"Host:", b"Host: b\r\nHost:"),
        PLAIN.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
        PLAIN.replace(b"Length: 2", b"Length: 02"),
        PLAIN.replace(b"Length: 2", b"Length: +2"),
        PLAIN.replace(b"Keep-Alive", b"close"),
        PLAIN.replace(b"Keep-Alive", b"keep-alive, upgrade"),
        PLAIN.replace(b"accept: */*", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"accept: */*", b"Expect: 100-continue"),
        PLAIN.replace(b"accept: */*", b"Upgrade: websocket"),
        PLAIN.replace(b"accept:", b"accept :"),
        PLAIN.replace(b"accept: */*", b"accept: a\r\n b"),
        PLAIN.replace(b"accept: */*", b"accept: \xe4"),
        PLAIN.replace(b"accept: */*", b"accept: a\nb"),
        PLAIN.replace(b"accept: */*", b"accept:"),
        PLAIN.replace(b"/v1", b"http://api.openai.com/v1"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"POST", b"HEAD"),
        PLAIN.replace(b"\r\n", b"\n"),
        b"\r\n" + PLAIN,
        b"",
    ],
)
def test_whatever_is_not_plain_is_left_to_the_parser(data: bytes) -> None:
    assert fast_http1.read(data) is None


ANSWER = Answer(
    code=200,
    reason="OK",
    headers=(("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b c")),
    body=b'{"a": 1}',
)


def written_by_h11(answer: Answer) -> bytes:
    writer = h11.Connection(h11.SERVER)
    writer.receive_data(PLAIN)
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
    assert fast_http1.write(answer) == written_by_h11(answer)


@pytest.mark.parametrize(
    "answer",
    [
        replace(ANSWER, code=204),
        replace(ANSWER, breaks_off=True),
        replace(ANSWER, schedule=Schedule(0.0, ())),
        replace(ANSWER, body=b"x" * (fast_http1.LARGEST + 1)),
        replace(ANSWER, headers=(("X", "a\r\nSet-Cookie: b"),)),
        replace(ANSWER, headers=(("X", "ü"),)),
        replace(ANSWER, headers=(("X\r\nY", "a"),)),
        replace(ANSWER, headers=(("X", ""),)),
        replace(ANSWER, reason="OK\r\nX: y"),
    ],
)
def test_an_answer_that_is_not_plain_is_left_to_the_writer(answer: Answer) -> None:
    assert fast_http1.write(answer) is None
