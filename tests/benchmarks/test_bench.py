"""What the benchmark computes from what it measured."""

import pytest
from benchmarks.load import WrongAnswerError, sample
from benchmarks.table import Bar, Row, Skipped, markdown, number, ratio, verdicts


def row(subject: str, *values: float, measure: str = "answers") -> Row:
    return Row(
        section="Replay", measure=measure, subject=subject, unit="1/s", values=values
    )


def test_a_ratio_is_taken_within_each_round() -> None:
    # The second round was disturbed, for both alike.
    assert ratio([100, 10, 120], [50, 5, 60]) == 2


def test_a_round_without_a_value_of_the_other_is_left_out() -> None:
    assert ratio([100, 100], [0, 50]) == 2


def test_a_bar_holds_at_its_limit() -> None:
    bars = [Bar("Replay", "answers", "ours", "theirs", at_least=4)]
    assert verdicts(bars, [row("ours", 400), row("theirs", 100)])[0].holds
    assert not verdicts(bars, [row("ours", 399), row("theirs", 100)])[0].holds


def test_a_bar_that_limits_from_above_is_missed_above_it() -> None:
    bars = [Bar("Replay", "answers", "ours", "theirs", at_most=0.5)]
    missed = verdicts(bars, [row("ours", 60), row("theirs", 100)])
    assert missed[0].line() == (
        "MISS Replay, answers: ours is 0.60 of theirs, at most 0.5"
    )


def test_a_bar_without_its_measure_says_nothing() -> None:
    bars = [Bar("Replay", "answers", "ours", "theirs", at_least=4)]
    assert verdicts(bars, [row("ours", 400)]) == []


def test_the_table_has_medians_spread_and_ratios_to_the_first() -> None:
    rows = [row("ours", 1000, 1200, 1100), row("theirs", 500, 600, 550)]
    assert "| answers | ours | 1,100 | 1,000 to 1,200 | 1/s | 1 |" in markdown(rows)
    assert "|  | theirs | 550 | 500 to 600 | 1/s | 0.5 |" in markdown(rows)


def test_what_was_left_out_stands_below_the_table() -> None:
    skipped = Skipped(section="Peers", subject="hoverfly", reason="not there")
    assert markdown([], [skipped]) == "Not measured: Peers, hoverfly: not there"


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (12.34, "12.3"), (12345.6, "12,346")]
)
def test_numbers_have_three_digits_or_all_before_the_point(
    value: float, text: str
) -> None:
    assert number(value) == text


def test_a_sample_has_rate_and_percentiles_of_all_latencies() -> None:
    found = sample([0.001] * 98 + [0.5, 0.9], seconds=2)
    assert (found.rate, found.p50, found.p99, found.count) == (50, 0.001, 0.9, 100)


def test_a_load_without_an_answer_is_no_sample() -> None:
    with pytest.raises(WrongAnswerError, match="no answer came in time"):
        sample([], seconds=1)
