"""Many strings found in one pass are those that a search for each would find."""

from anyvcr.core.redaction.string_index import SHORTEST, StringIndex
from hypothesis import given
from hypothesis import strategies as st

strings = st.lists(
    st.binary(min_size=SHORTEST, max_size=40)
    | st.text("ab", min_size=SHORTEST, max_size=20).map(str.encode),
    min_size=1,
    max_size=20,
)


@given(strings, st.data())
def test_every_occurrence_is_found_and_nothing_else(
    wanted: list[bytes], data: st.DataObject
) -> None:
    index = StringIndex()
    for string in wanted:
        index.add(string)
    pieces = st.sampled_from(wanted) | st.binary(max_size=9) | st.sampled_from([b"ab"])
    text = b"".join(data.draw(st.lists(pieces, max_size=12)))

    naive = {
        (at, at + len(string))
        for string in wanted
        for at in range(len(text))
        if text.startswith(string, at)
    }
    assert set(index.find(text)) == naive


def test_a_string_that_is_too_short_is_not_found() -> None:
    index = StringIndex()
    index.add(b"a" * (SHORTEST - 1))

    assert list(index.find(b"a" * 100)) == []
    assert index.strings == set()


def test_keys_with_the_same_end_take_no_more_comparisons_than_one() -> None:
    index = StringIndex()
    for number in range(1500):
        index.add(b"sk-proj-%06dAb3dEf6hIj9kLm2nOp5q" % number)
    text = b"x" * 5 + b"sk-proj-000777Ab3dEf6hIj9kLm2nOp5q" + b"Ab3dEf6hIj9kLm2nOp5q"

    assert list(index.find(text)) == [(5, 39)]
    assert len(index._places[8]) == 8
