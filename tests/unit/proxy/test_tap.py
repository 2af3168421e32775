import gzip

from anyvcr.proxy.recording.decoding import decode_each
from anyvcr.proxy.recording.tap import Tap, pass_on


def test_an_empty_frame_does_not_end_the_message() -> None:
    """mitmproxy writes b"" to an HTTP/1.1 client as the last chunk."""
    tap = Tap()

    passed = [tap(data) for data in (b"a", b"", b"bc", b"")]

    assert passed == [b"a", [], b"bc", []]
    assert list(tap.chunks()) == [b"a", b"bc"]
    assert tap.take() == b"abc"
    assert [pass_on(data) for data in (b"a", b"")] == [b"a", []]


def test_a_body_of_known_length_is_complete_with_its_last_byte() -> None:
    completed: list[bytes] = []
    tap = Tap(3, lambda: completed.append(b"".join(tap.chunks())))

    for data in (b"a", b"bc", b""):
        tap(data)

    assert completed == [b"abc"]


def test_what_cannot_be_decoded_ends_the_decoded_chunks() -> None:
    body = gzip.compress(b"x" * 1000, mtime=0)

    assert b"".join(decode_each([body[:5], body[5:]], "gzip")) == b"x" * 1000
    assert list(decode_each([b"no gzip", body, b"more"], "gzip")) == []
    assert list(decode_each([b"plain"], "")) == [b"plain"]
