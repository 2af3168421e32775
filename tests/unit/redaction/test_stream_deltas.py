"""Texts that come word by word, put together and cut again."""

import json

import pytest
from anyvcr.core.redaction.stream_deltas import joined, rewrite


def stream(*words: str) -> bytes:
    return b"".join(
        b"data: %s\n\n"
        % json.dumps({"id": "same", "delta": word}, ensure_ascii=False).encode()
        for word in words
    )


def said(body: bytes) -> list[str]:
    lines = [line for line in body.splitlines() if line]
    return [json.loads(line.removeprefix(b"data: "))["delta"] for line in lines]


def test_words_of_a_stream_are_put_together() -> None:
    (text,) = joined(stream("a", "b\u00e9", "\U0001f600"))

    assert text.text == "ab\u00e9\U0001f600"
    assert text.path == ("delta",)


def test_texts_that_come_side_by_side_are_kept_apart() -> None:
    def event(index: int, word: str) -> bytes:
        choice = {"index": index, "delta": {"content": word}}
        return b'data: {"choices": [%s]}\r\n\r\n' % json.dumps(choice).encode()

    body = (
        event(0, "a")
        + event(1, "x")
        + event(0, "b")
        + event(1, "y")
        + b"data: [DONE]\r\n\r\n"
    )

    assert [text.text for text in joined(body)] == ["ab", "xy"]
    assert joined(body)[0].path == ("choices", 0, "delta", "content")


@pytest.mark.parametrize(
    "body", [b"", b'{"a": "b"}', b"data: {\n\n", b"data: [1]\n\n", b": x\n\n"]
)
def test_what_is_no_stream_of_objects_has_no_such_texts(body: bytes) -> None:
    assert joined(body) == []


@pytest.mark.parametrize(
    ("words", "after", "expected"),
    [
        (["a se", "cr", "et b"], "a * b", ["a *", "", " b"]),
        (["a ", "secret", " b"], "a * b", ["a ", "*", " b"]),
        (["secr", "et"], "*", ["*", ""]),
        (["\u00e9 se", "cret", "\u20ac"], "\u00e9 *\u20ac", ["\u00e9 *", "", "\u20ac"]),
        (["a", "b", "secret"], "ab*", ["a", "b", "*"]),
        (["a", "b"], "ab", ["a", "b"]),
    ],
)  # fmt: skip
def test_only_the_pieces_that_change_are_written_again(
    words: list[str], after: str, expected: list[str]
) -> None:
    body = stream(*words)
    (text,) = joined(body)

    assert said(rewrite(body, text, after)) == expected


@pytest.mark.parametrize(
    ("start", "end", "across"),
    [(0, 2, False), (1, 3, True), (2, 3, False), (2, 5, True), (9, 10, False)],
)
def test_a_span_lies_across_pieces_or_in_one(
    start: int, end: int, *, across: bool
) -> None:
    (text,) = joined(stream("ab", "\u00e9", "cd"))

    assert text.across(start, end) is across
