"""The cheap part of equality."""

import pytest
from anyvcr.core.matching.coarse_hash import ANY, coarse_hash
from anyvcr.core.matching.rules import Rules

PLAIN = Rules()
JSON = "application/json"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": "x"}', '{"a": "y"}'),
        ('{"a": "x"}', '{"b": "x"}'),
        ('{"a": "step 1"}', '{"a": "step 2"}'),
        ('{"a": "x"}', '{"a": "x", "b": 1}'),
        (r'["a\nb"]', r'["anb"]'),
        ('{"a":"x"}\n{"a":"y"}', '{"a":"x"}\n{"a":"z"}'),
    ],
)
def test_other_texts_make_another_sketch(one: str, other: str) -> None:
    assert coarse_hash(one.encode(), JSON, PLAIN) != coarse_hash(
        other.encode(), JSON, PLAIN
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": "x", "b": 1}', '{"b":1.0,"a":"x"}'),
        ('["caf\u00e9 au lait"]', r'["caf\u00E9 au lait"]'),
        (r'["a\/b"]', '["a/b"]'),
        (r'["\u0041\u0022\u005c1"]', r'["A\"\\1"]'),
        (r'["\\u0041"]', r'["\u005cu0041"]'),
        ('\x0b\n{"a":1}', '{"a":1}'),
    ],
)
def test_another_spelling_makes_the_same_sketch(one: str, other: str) -> None:
    assert coarse_hash(one.encode(), JSON, PLAIN) == coarse_hash(
        other.encode(), JSON, PLAIN
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("", JSON), ("a=1", ""), ("{}=1", "Application/x-www-form-urlencoded; a=b")],
)
def test_what_is_not_like_json_is_not_sketched(body: str, content_type: str) -> None:
    assert coarse_hash(body.encode(), content_type, PLAIN) == ANY


@pytest.mark.parametrize("ignore", ["$.a", "tool-call-ids"])
def test_nothing_is_sketched_where_parts_of_the_body_are_ignored(ignore: str) -> None:
    assert coarse_hash(b'{"a": "x"}', JSON, Rules(ignore=(ignore,))) == ANY


def test_json_that_is_sent_as_a_form_has_the_sketch_of_json() -> None:
    form = "application/x-www-form-urlencoded"

    assert coarse_hash(b'{"a": "x"}', form, PLAIN) == coarse_hash(
        b'{"a":"x"}', JSON, PLAIN
    )
    assert coarse_hash(b'{"a": x}', form, PLAIN) == ANY
