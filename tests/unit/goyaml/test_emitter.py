"""The layout around text; the text itself is compared with Go's in tests/e2e."""

import pytest
from anyvcr.core.goyaml.emitter import Plain, entries, in_key_order
from anyvcr.core.goyaml.layout import Layout

X_VCR = Layout(indent=2, compact=True)
GO_VCR = Layout(indent=4)


def test_lists_and_mappings_stand_where_x_vcr_puts_them() -> None:
    value = {"a": {"b": ["x", ["v", "z"], {"c": 1, "d": []}], "e": {}}}
    assert entries(value, X_VCR, 0) == (
        "a:\n  b:\n  - x\n  - - v\n    - z\n  - c: 1\n    d: []\n  e: {}\n"
    )


def test_lists_and_mappings_stand_where_go_vcr_puts_them() -> None:
    value = {"a": {"b": ["x", {"c": True, "d": None}]}}
    assert entries(value, GO_VCR, 0) == (
        "a:\n    b:\n        - x\n        - c: true\n          d: null\n"
    )


def test_a_long_key_takes_two_lines() -> None:
    long = "k" * 129
    assert entries({long: ["v"]}, X_VCR, 0) == f"? {long}\n: - v\n"
    assert entries({long: ["v"]}, GO_VCR, 0) == f"? {long}\n:   - v\n"


def test_what_was_read_as_a_float_or_a_date_stays_as_it_was_written() -> None:
    assert entries({"at": Plain("2001-01-01"), "f": Plain("1.50")}, X_VCR, 0) == (
        "at: 2001-01-01\nf: 1.50\n"
    )


def test_what_no_cassette_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="a cassette cannot hold a float"):
        entries({"f": 1.5}, X_VCR, 0)


def test_keys_are_sorted_as_go_yaml_sorts_a_map() -> None:
    keys = ["b", "a10", "a9", "a09", "Z", "a-b", "ab", "a", "1", "10", "2", "_"]
    assert in_key_order(keys, X_VCR) == [
        *("_", "1", "2", "10", "Z", "a", "a-b", "a9", "a09", "a10", "ab", "b")
    ]
