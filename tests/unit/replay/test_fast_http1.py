"""The plain heads of HTTP/1.1, against a real parser."""

import h11
import pytest
from anyvcr.core.replay import fast_http1

PLAIN = (
    b"POST /v1/chat/completions?a=1 HTTP/1.1\r\nHost: api.openai.com\r\n"
    b"accept: */*\r\nX-Tab:one two\r\nConnection: Keep-Alive\r\n"
    b"Content-Length: 2\r\n\r\n"
)


def by_h11(head: bytes) -> fast_http1.PlainHead:
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(head)
    request = parser.next_event()
    assert isinstance(request, h11.Request)
    said = dict(request.headers)
    return fast_http1.PlainHead(
        request.method.decode(),
        request.target.decode(),
        tuple((k.decode(), v.decode()) for k, v in request.headers.raw_items()),
        int(said.get(b"content-length", b"0")),
        said.get(b"connection") == b"close",
    )


@pytest.mark.parametrize(
    "head",
    [
        PLAIN,
        PLAIN.replace(b"Connection: Keep-Alive\r\n", b""),
        PLAIN.replace(b"Keep-Alive", b"close"),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"DELETE /v1/files/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        PLAIN.replace(b"one two", b"x" * fast_http1.CACHED),
    ],
)
def test_a_plain_head_is_read_as_h11_reads_it(head: bytes) -> None:
    assert fast_http1.read_head(head) == by_h11(head)


@pytest.mark.parametrize(
    "head",
    [
        PLAIN[:-1],
        PLAIN + b"G",
        PLAIN.replace(b"Host: api.openai.com\r\n", b""),
        PLAIN.replace(b"Host:", b"Host: b\r\nHost:"),
        PLAIN.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
        PLAIN.replace(b"Length: 2", b"Length: 02"),
        PLAIN.replace(b"Length: 2", b"Length: +2"),
        PLAIN.replace(b"Length: 2", b"Length: " + b"9" * 20),
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
def test_whatever_is_not_plain_is_left_to_the_parser(head: bytes) -> None:
    assert fast_http1.read_head(head) is None
