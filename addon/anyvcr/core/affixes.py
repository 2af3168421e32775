"""The common start and end of two sequences."""

from collections.abc import Sequence


def common_ends(one: Sequence[object], other: Sequence[object]) -> tuple[int, int]:
    """How many items are equal at the start, and how many of the rest at the end."""
    start = common_start(one, other)
    return start, _common_end(one[start:], other[start:])


def common_start(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items are equal from the start on; slices are compared, not items in turn."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: Sequence[object], other: Sequence[object]) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[-middle : len(one) - low] == other[-middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
