"""Conversations as text: written, read, and what cannot be read."""

import pytest
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text

CLIENT, SERVER = Side.CLIENT, Side.SERVER

LINES = {
    '> {"type":"response.create"}\n': Text(CLIENT, '{"type":"response.create"}'),
    '<@12.5 {"a":1}\n': Text(SERVER, '{"a":1}', 12.5),
    "<@3 x\n": Text(SERVER, "x", 3.0),
    ">\n": Text(CLIENT, ""),
    "<% hi %F0%9F%98%80 100%25\n": Text(SERVER, "hi 😀 100%"),
    "<% two%0Alines\n": Text(SERVER, "two\nlines"),
    "<% blank%20\n": Text(SERVER, "blank "),
    "<% %E2%80%A8\n": Text(SERVER, "\u2028"),
    "< 100% of it\n": Text(SERVER, "100% of it"),
    "<= UklGRg==\n": Binary(SERVER, b"RIFF"),
    ">=\n": Binary(CLIENT, b""),
    ">#\n": Close(CLIENT),
    "<# 1000\n": Close(SERVER, 1000),
    "<#@7 1000 good bye%0A\n": Close(SERVER, 1000, "good bye\n", 7.0),
    ">!\n": End(CLIENT),
    "! the proxy was stopped\n": End(Side.RECORDER, "the proxy was stopped"),
}


@pytest.mark.parametrize(("line", "message"), LINES.items())
def test_each_message_has_a_line(line: str, message: Message) -> None:
    assert transcript.write(message) == line
    assert transcript.read(line) == (message,)


def test_a_line_that_is_cut_off_is_left_out() -> None:
    assert transcript.read('> {"a":1}\n< {"b"') == (Text(CLIENT, '{"a":1}'),)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("hello", "expected a line such as"),
        ("<= no base64!", "no base64"),
        ("<% 100%", "'%' is not followed"),
        ("<% %FF", "no UTF-8"),
        ("<# soon", "close code of four digits"),
        ("#", "expected a line such as"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line: str, what: str) -> None:
    with pytest.raises(CassetteFormatError, match="line 2") as caught:
        transcript.read(f"> first\n{line}\n")

    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ("> a\n>!\n", True),
        ("> a\n<# 1000\n", True),
        (">#\n", True),
        ("> a\n", False),
        ("> a\n! stopped\n", False),
        ("> a\n>#", False),
        ("", False),
    ],
)
def test_a_whole_conversation_ends_with_the_end_of_one_side(
    body: str, whole: bool
) -> None:
    assert transcript.is_whole(body) is whole
