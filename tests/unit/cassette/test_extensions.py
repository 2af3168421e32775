import pytest
from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.codec import dumps, loads
from anyvcr.core.cassette.extensions import Chunk
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from hypothesis import given
from hypothesis import strategies as st

TEXT = "66@0.412 120@20.115 14@1000"
CHUNKS = (Chunk(66, 412_000), Chunk(120, 20_115_000), Chunk(14, 1_000_000_000))


def response(text: object, size: int) -> Response:
    return Response(
        code=200, status="200 OK", body=b"x" * size, extra=((extensions.KEY, text),)
    )


def test_the_text_is_sizes_at_milliseconds() -> None:
    assert extensions.format(CHUNKS) == TEXT
    assert extensions.parse(TEXT) == CHUNKS


@given(
    st.lists(
        st.builds(Chunk, st.integers(1, 10**9), st.integers(0, 10**10)), max_size=20
    )
)
def test_what_was_written_is_read_to_the_microsecond(chunks: list[Chunk]) -> None:
    read = extensions.parse(extensions.format(tuple(chunks)))

    assert [c.size for c in read] == [c.size for c in chunks]
    for there, here in zip(read, chunks, strict=True):
        assert abs(there.offset - here.offset) <= 500


@pytest.mark.parametrize("text", ["66", "66@", "@5", "66@-1", "a@b", "66@1e3", "6.5@1"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected SIZE@MILLISECONDS, found"):
        extensions.parse(text)


def test_a_response_has_the_timing_that_agrees_with_its_body() -> None:
    assert extensions.of(response(TEXT, 200)) == CHUNKS


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param(TEXT, 199, id="body-edited"),
        pytest.param("nonsense", 200, id="text-edited"),
        pytest.param(17, 200, id="no-text"),
    ],
)
def test_one_that_does_not_agree_counts_as_none(text: object, size: int) -> None:
    assert extensions.of(response(text, size)) == ()


def test_it_is_one_line_of_a_cassette_and_survives_a_rewrite() -> None:
    request = Request(method="GET", url="https://api.openai.com/v1/x")
    interaction = Interaction(id=0, request=request, response=response(TEXT, 200))

    written = dumps(Cassette(interactions=(interaction,)))

    assert f"    chunk_timing: {TEXT}\n".encode() in written
    assert dumps(loads(written)) == written
    assert extensions.of(loads(written).interactions[0].response) == CHUNKS
