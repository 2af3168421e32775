"""Equality of requests by meaning."""

from anyvcr.core.cassette.model import Request
from anyvcr.core.matching.index import Index
from anyvcr.core.matching.normalized import NormalizedRequest
from support.requests import PLAIN, cases, key, missed, played, recorded
from unit.matching.near_misses import EQUAL, NEAR_MISSES


@cases(NEAR_MISSES)
def test_a_near_miss_is_not_answered(one: Request, other: Request) -> None:
    assert key(one, PLAIN) != key(other, PLAIN)
    assert not NormalizedRequest(one, PLAIN).matches(NormalizedRequest(other, PLAIN))
    for asked, there in ((one, other), (other, one)):
        miss = missed(Index(recorded(there)), asked)
        assert not miss.used_up
        assert miss.nearest[0].differences


@cases(EQUAL)
def test_an_equal_request_is_answered(one: Request, other: Request) -> None:
    assert key(one, PLAIN) == key(other, PLAIN)
    for asked, there in ((one, other), (other, one)):
        assert played(Index(recorded(there)), asked) == 0


def test_the_tables_are_as_long_as_promised() -> None:
    assert len(NEAR_MISSES) >= 150
    assert len(EQUAL) >= 60
