"""Texts that come word by word, put together and cut again."""

import json
import re

import pytest
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.stream_deltas import joined, rewrite_all
from anyvcr.core.redaction.user_rules import RedactionRules


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

    assert said(rewrite_all(body, [(text, after)])) == expected


@pytest.mark.parametrize(
    ("start", "end", "across"),
    [(0, 2, False), (1, 3, True), (2, 3, False), (2, 5, True), (9, 10, False)],
)
def test_a_span_lies_across_pieces_or_in_one(
    start: int, end: int, *, across: bool
) -> None:
    (text,) = joined(stream("ab", "\u00e9", "cd"))

    assert text.across(start, end) is across


KEY = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8rS" * 3
"""Told by its shape; and by none of its pieces."""
OPAQUE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""Told only because it was seen."""


def tokens(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def logprob(token: str) -> dict[str, object]:
    said = {"token": token, "bytes": list(token.encode()), "logprob": -0.1}
    return said | {"top_logprobs": [said, {"token": "x", "bytes": [120]}]}


def events(*values: object, around: str = "data: {}\n\n") -> bytes:
    return "".join(around.format(json.dumps(value)) for value in values).encode()


def chat(token: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": token}}]}


def spoken(key: str) -> dict[str, bytes]:
    """A text that holds `key`, in the pieces in which APIs send one."""
    said = tokens(f"It is {key} indeed")
    chats = [chat(token) for token in said]
    plain = events(*chats)
    listed = {"content": [logprob(token) for token in said]}
    return {
        "logprobs": json.dumps({"choices": [{"index": 0, "logprobs": listed}]}).encode(),
        "logprobs of events": events(
            *({"choices": [{"index": 0, "logprobs": {"content": [logprob(t)]}}]} for t in said)
        ),
        "logprobs of a done event": events(
            {"type": "response.output_text.done", "logprobs": listed["content"]}
        ),
        "words": json.dumps({"words": [{"word": t, "start": 0.5} for t in said]}).encode(),
        "a list of tokens": json.dumps({"tokens": said}).encode(),
        "a list of objects": json.dumps(
            [{"candidates": [{"content": {"parts": [{"text": t}]}}]} for t in said]
        ).encode(),
        "lines of JSON": b"".join(json.dumps({"message": {"content": t}}).encode() + b"\n" for t in said),
        "retry first": b"retry: 3000\n\n" + plain,
        "a blank line first": b"\n" + plain,
        "a BOM first": b"\xef\xbb\xbf" + plain,
        "CRLF": plain.replace(b"\n", b"\r\n"),
        "CR": plain.replace(b"\n", b"\r"),
        "two blanks": plain.replace(b"data: ", b"data:  "),
        "comments between": plain.replace(b"data: ", b": ping\n\ndata: "),
        "several data lines": b"".join(
            b'data: {"choices": [{"index": 0,\ndata: "delta": {"content": %s}}]}\n\n' % json.dumps(t).encode()
            for t in said
        ),
        "messages of a WebSocket": b"> {}\n<= AP8=\n" + events(*chats, around="< {}\n") + b"># 1000\n",
        "messages with times and escapes": events(
            *chats, {"choices": "%F0%9F%98%80"}, around="<%@12.5 {}\n"
        ),
        "plain text": b"".join(b"data: %s\n\n" % t.encode() for t in said) + b"data: [DONE]\n\n",
        "JSON texts": events(*said),
        "tool calls whose place in the list changes": events(
            *(
                {"choices": [{"delta": {"tool_calls": [*({"index": 0, "id": "x"} for _ in range(n % 2)), {"index": 1, "function": {"arguments": t}}]}}]}
                for n, t in enumerate(said)
            )
        ),
    }  # fmt: skip


@pytest.mark.parametrize("key", [KEY, OPAQUE], ids=["shape", "seen"])
@pytest.mark.parametrize("way", spoken(""))
def test_no_text_that_a_program_puts_together_holds_a_key(way: str, key: str) -> None:
    credentials = Credentials()
    credentials.see_request([("api-key", OPAQUE)], "")
    own = Redactor(RedactionRules(), credentials)
    body = spoken(key)[way]

    left = own.bytes(body)

    numbers = (
        map(int, found.split(b","))
        for found in re.findall(rb'"bytes": \[([\d, ]+)\]', left)
    )
    texts = [
        b"".join(re.findall(rb'"(?:token|word|content|text|arguments)": "([^"]*)"', left)),
        b"".join(bytes(each) for each in numbers),
        b"".join(re.findall(rb'data: *"?([^"{\r\n]*)', left)),
        b"".join(re.findall(rb'"([^":]*)"', left)),
    ]  # fmt: skip
    for text in texts:
        for at in range(len(key) - 12):
            assert key[at : at + 12].encode() not in text
    assert b"REDACTED" in left or str(list(b"REDACTED"))[1:-1].encode() in left
    assert own.bytes(left) == left
    clean = spoken("nothing")[way]
    assert own.bytes(clean) is clean


def test_many_secrets_in_one_text_leave_the_pieces_between_them_alone() -> None:
    words = ["a ", KEY[:12], KEY[12:], " b ", "c ", KEY[:9], KEY[9:], " d"]

    left = Redactor(RedactionRules(), Credentials()).bytes(stream(*words))

    assert said(left) == ["a ", "REDACTED", "", " b ", "c ", "REDACTED", "", " d"]
