"""Any conversation is read back as it was written, each message on a line of its own."""

from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text
from hypothesis import given
from hypothesis import strategies as st

sides = st.sampled_from([Side.CLIENT, Side.SERVER])
times = st.none() | st.integers(0, 10**9).map(lambda n: n / 1000)
# What UTF-8 can carry: a frame with anything else is refused on the wire (RFC 6455, 8.1).
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["%41", "% ", " ", "@1 x", "= x", "\r\n", "\ufeff", "\x85", "a\u2028b", "x\t"]
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Text, sides, texts, times),
    st.builds(Binary, sides, st.binary(), times),
    st.builds(Close, sides, st.integers(1000, 4999), texts, times),
    st.builds(Close, sides, st.none(), st.just(""), times),
    st.builds(End, st.sampled_from(Side), texts, times),
)


@given(st.lists(messages))
def test_a_conversation_is_read_as_it_was_written(said: list[Message]) -> None:
    body = "".join(map(transcript.write, said))

    assert transcript.read(body) == tuple(said)
    assert body.count("\n") == len(said)


@given(st.lists(messages, min_size=1))
def test_no_line_costs_a_body_its_block_style(said: list[Message]) -> None:
    for line in "".join(map(transcript.write, said)).split("\n"):
        assert line == line.rstrip(" \t")
        assert all(
            char.isprintable() or char in "\t\xa0" or "\xa0" < char < "\U00010000"
            for char in line
        )
