"""Common ends of sequences."""

from collections.abc import Sequence

import pytest
from anyvcr.core.affixes import common_ends, common_start


@pytest.mark.parametrize(
    ("one", "other", "start", "end"),
    [
        ("", "", 0, 0),
        ("abc", "abc", 3, 0),
        ("abc", "axc", 1, 1),
        ("abab", "ab", 2, 0),
        ("xab", "ab", 0, 2),
        ("aXa", "aa", 1, 1),
        (b"abc", b"xyz", 0, 0),
        ([1, 2, 3], [1, 9, 8, 3], 1, 1),
    ],
)
def test_ends_do_not_overlap(
    one: Sequence[object], other: Sequence[object], start: int, end: int
) -> None:
    for first, second in ((one, other), (other, one)):
        assert common_ends(first, second) == (start, end)
        assert common_start(first, second) == start
