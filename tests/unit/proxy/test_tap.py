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
