"""Go's notation of durations; what Go itself says of them is tested against Go."""

import pytest
from anyvcr.core.go import duration


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (999_999, "999.999µs"),
        (1_000_000, "1ms"),
        (12_500_000, "12.5ms"),
        (3_133_094_000, "3.133094s"),
        (60_000_000_000, "1m0s"),
        (62_000_000_000, "1m2s"),
        (3_600_000_000_000, "1h0m0s"),
        (-1_500_000_000, "-1.5s"),
        (2**63 - 1, "2562047h47m16.854775807s"),
    ],
)
def test_a_duration_reads_as_go_writes_it(nanoseconds: int, text: str) -> None:
    assert duration.format(nanoseconds) == text
    assert duration.parse(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("0", 0), ("+1.5h", 5_400_000_000_000), (".5s", 500_000_000), ("5μs", 5_000), ("1s1s", 2_000_000_000)],
)  # fmt: skip
def test_a_person_may_write_it_in_other_ways(text: str, nanoseconds: int) -> None:
    assert duration.parse(text) == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", ".s", "1 s", "1d", "1s ", "9223372036854775808ns"]
)
def test_what_go_cannot_parse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as"):
        duration.parse(text)
