"""The index: which recorded interaction answers, in which order."""

import json

import pytest
from anyvcr.core.errors import ConfigError
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.rules import Repeats
from support.requests import BASE, PLAIN, at, chat, missed, played, recorded, request

FIRST, SECOND = request(chat(seed=1)), request(chat(seed=2))
OTHERWISE_SPELLED = request(json.dumps(json.loads(chat(seed=1)), sort_keys=True))


def test_identical_requests_get_their_answers_in_order_each_once() -> None:
    index = Index(recorded(FIRST, SECOND, OTHERWISE_SPELLED, FIRST))
    assert [played(index, FIRST) for _ in range(4)] == [0, 2, 3, None]
    assert played(index, SECOND) == 1


def test_bodies_that_share_all_texts_are_told_apart() -> None:
    spelled = [request(chat(seed=seed)) for seed in (1, 2, 1)]
    index = Index(recorded(*spelled, OTHERWISE_SPELLED))
    assert [played(index, OTHERWISE_SPELLED) for _ in range(4)] == [0, 2, 3, None]
    assert played(index, SECOND) == 1


def test_used_up_is_another_miss_than_unknown() -> None:
    index = Index(recorded(FIRST))
    played(index, OTHERWISE_SPELLED)
    assert missed(index, FIRST).used_up
    assert not missed(index, SECOND).used_up


def test_sticky_repeats_the_last_answer() -> None:
    index = Index(recorded(FIRST, SECOND, FIRST), PLAIN, Repeats.STICKY)
    assert [played(index, FIRST) for _ in range(4)] == [0, 2, 2, 2]
    assert [played(index, SECOND) for _ in range(2)] == [1, 1]
    assert not missed(index, request("{}")).used_up


def test_cycle_starts_again() -> None:
    index = Index(recorded(FIRST, SECOND, FIRST), PLAIN, Repeats.CYCLE)
    assert [played(index, FIRST) for _ in range(5)] == [0, 2, 0, 2, 0]


def test_strict_keeps_the_order_of_the_file() -> None:
    index = Index(recorded(FIRST, SECOND, at(f"{BASE}/models")), PLAIN, Repeats.STRICT)
    early = missed(index, SECOND)
    assert (early.expected, early.used_up) == (0, False)
    assert [near.id for near in early.nearest] == [0, 1]
    assert played(index, FIRST) == 0
    again = missed(index, FIRST)
    assert (again.expected, again.used_up) == (1, True)
    assert [played(index, SECOND), played(index, at(f"{BASE}/models"))] == [1, 2]
    assert missed(index, FIRST).expected is None


def test_what_nobody_asked_for_is_unused() -> None:
    interactions = recorded(FIRST, SECOND, FIRST)
    index = Index(interactions, PLAIN, Repeats.CYCLE)
    assert index.unused() == tuple(interactions)
    played(index, FIRST)
    assert index.unused() == tuple(interactions[1:])
    for _ in range(2):
        played(index, FIRST)
    assert index.unused() == (interactions[1],)


def test_an_empty_cassette_has_nothing_near() -> None:
    miss = missed(Index(), FIRST)
    assert (miss.nearest, miss.recorded, miss.used_up) == ((), 0, False)


def test_a_miss_that_nobody_reads_is_not_explained() -> None:
    index = Index(recorded(FIRST))
    miss = index.take(SECOND, explain=False)
    assert isinstance(miss, Miss)
    assert miss.nearest == ()


def test_any_answer_is_found_among_thousands_of_one_url() -> None:
    index = Index(recorded(*(request(chat(seed=seed)) for seed in range(2000))))
    order = [*range(1999, -1, -7), *range(0, 1999, 5)]
    seen: set[int] = set()
    for seed in order:
        expected = None if seed in seen else seed
        found = index.take(request(chat(seed=seed)), explain=False)
        assert (found.interaction.id if isinstance(found, Hit) else None) == expected
        seen.add(seed)


@pytest.mark.parametrize("name", ["once", " Sticky", "CYCLE", "strict"])
def test_repeats_are_read_from_text(name: str) -> None:
    assert Repeats.parse(name) == name.strip().lower()


def test_an_unknown_rule_for_repeats_is_refused() -> None:
    with pytest.raises(ConfigError, match="once, sticky, cycle, strict"):
        Repeats.parse("twice")
