"""Matching of requests that nobody thought of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.matching.differences import compare
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.miss_text import explain, report
from anyvcr.core.matching.normalized import Key, NormalizedRequest, RequestParts
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.spelling import mitmdump
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHAT = "https://api.openai.com/v1/chat/completions"
PLAIN = Rules()

# The machine may be busy.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Object:
    """The members of a JSON object; names may repeat."""

    pairs: "list[tuple[str, Tree]]"


Tree: TypeAlias = "bool | Decimal | str | list[Tree] | Object | None"
"""JSON with exact numbers."""

# Few and short values, so that two drawn independently are often equal.
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-12, 12),
    st.integers(-2, 2),
) | st.sampled_from([Decimal(2**53), Decimal(2**53 + 1), Decimal("1e400")])
texts = st.text(st.sampled_from('ab1"\\/\n\u00e9\u2028\U0001f600\ud800'), max_size=3)
names = st.sampled_from(["a", "b", "\u00e9", ""])
trees: st.SearchStrategy[Tree] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(names, inner), max_size=3).map(Object)
    ),
    max_leaves=6,
)


def same(one: Tree, other: Tree) -> bool:
    """What equality of JSON is to be, said without the code under test."""
    if isinstance(one, Object) or isinstance(other, Object):
        if not (isinstance(one, Object) and isinstance(other, Object)):
            return False
        first, second = (
            sorted(tree.pairs, key=lambda pair: pair[0]) for tree in (one, other)
        )
        return [name for name, _ in first] == [name for name, _ in second] and all(
            same(a, b) for (_, a), (_, b) in zip(first, second, strict=True)
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return Fraction(one) == Fraction(other)
    return type(one) is type(other) and one == other


@st.composite
def spelled(draw: st.DrawFn, tree: Tree) -> str:
    """Any JSON text that says the tree: member order, spacing, escapes and numbers vary."""
    space = draw(st.sampled_from(["", " ", "\n\t", "\r\n"]))
    match tree:
        case Object(pairs):
            members = draw(st.permutations(pairs))
            if len({name for name, _ in pairs}) < len(pairs):
                members = pairs  # those of one name have to stay in their order
            inner = [
                f"{draw(quoted(name))}{space}:{space}{draw(spelled(value))}"
                for name, value in members
            ]
            return "{" + space + f"{space},{space}".join(inner) + space + "}"
        case list():
            inner = [draw(spelled(value)) for value in tree]
            return "[" + space + f"{space},".join(inner) + space + "]"
        case Decimal():
            return draw(counted(tree))
        case str():
            return draw(quoted(tree))
        case _:
            return json.dumps(tree)


@st.composite
def quoted(draw: st.DrawFn, text: str) -> str:
    out = []
    for char in text:
        must = char in '"\\\n' or "\ud800" <= char <= "\udfff"
        if must or draw(st.booleans()):
            units = char.encode("utf-16-be", "surrogatepass").hex()
            out += [f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)]
        else:
            out.append(char)
    return f'"{"".join(out)}"'


@st.composite
def counted(draw: st.DrawFn, number: Decimal) -> str:
    if number == 0:
        return draw(st.sampled_from(["0", "-0", "0.0", "0e7", "-0.00E-3"]))
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = "".join(map(str, digits)).lstrip("0")
    zeros = draw(st.integers(0, 2))
    mark = draw(st.sampled_from(["e", "E", "e+", "E+"]))
    power = exponent - zeros
    if power < 0:
        mark = mark.rstrip("+")
    point = draw(st.sampled_from(["", ".0", ".00"]))
    return f"{'-' if sign else ''}{whole}{'0' * zeros}{point}{mark}{power}"


def request(body: str | bytes, content_type: str = "application/json") -> Request:
    headers: Headers = (("Content-Type", (content_type,)),)
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return Request(method="POST", url=CHAT, headers=headers, body=data)


def key(asked: Request, rules: Rules) -> Key:
    return NormalizedRequest(asked, rules).key


def meaning(asked: Request, rules: Rules) -> RequestParts:
    return NormalizedRequest(asked, rules).meaning


def recorded(requests: Sequence[Request]) -> list[Interaction]:
    answer = Response(code=200, status="200 OK")
    return [
        Interaction(id=number, request=asked, response=answer)
        for number, asked in enumerate(requests)
    ]


@unhurried
@given(tree=trees, data=st.data())
def test_spelling_does_not_count(tree: Tree, data: st.DataObject) -> None:
    one, other = (request(data.draw(spelled(tree))) for _ in range(2))
    assert key(one, PLAIN) == key(other, PLAIN)
    assert (
        NormalizedRequest(one, PLAIN).coarse_hash
        == NormalizedRequest(other, PLAIN).coarse_hash
    )
    assert compare(meaning(one, PLAIN), meaning(other, PLAIN)) == ()


@unhurried
@given(one=trees, other=trees, data=st.data())
def test_requests_match_exactly_when_they_say_the_same(
    one: Tree, other: Tree, data: st.DataObject
) -> None:
    first, second = request(data.draw(spelled(one))), request(data.draw(spelled(other)))
    equal = same(one, other)
    assert (key(first, PLAIN) == key(second, PLAIN)) is equal
    for asked, there in ((first, second), (second, first)):
        found = Index(recorded([there])).take(asked)
        assert isinstance(found, Hit) is equal
        assert (compare(meaning(there, PLAIN), meaning(asked, PLAIN)) == ()) is equal


content_types = st.sampled_from(
    [
        "",
        "application/json",
        "application/jsonl",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
    ]
)
pieces = st.sampled_from(
    [b"--b", b"--b--", b"\r\n", b"a=1", b"&", b"%", b"{", b"}", b'"a":1', b"1", b"\xff"]
    + [b'Content-Disposition: form-data; name="a"', b"[", b"]", b",", b"NaN", b"\\u00"]
)
bodies = st.binary(max_size=40) | st.lists(pieces, max_size=12).map(b"".join)
urls = st.text(max_size=12) | st.text(st.sampled_from(":/?#[]@%4aA&=+.é"), max_size=12)
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", ""]),
    url=urls,
    headers=st.builds(lambda value: (("content-type", (value,)),), content_types),
    body=bodies,
)


@unhurried
@given(one=requests, other=requests)
def test_any_request_matches_itself_and_differs_from_others_both_ways(
    one: Request, other: Request
) -> None:
    assert isinstance(Index(recorded([one])).take(one), Hit)
    forth, back = (
        compare(meaning(a, PLAIN), meaning(b, PLAIN))
        for a, b in ((one, other), (other, one))
    )
    assert len(forth) == len(back)
    assert (forth == ()) is (key(one, PLAIN) == key(other, PLAIN))
    first, second = NormalizedRequest(one, PLAIN), NormalizedRequest(other, PLAIN)
    assert (forth == ()) is first.matches(second) is second.matches(first)
    assert first.coarse_hash == second.coarse_hash or forth


@unhurried
@given(body=bodies, one=content_types, other=content_types)
def test_the_same_bytes_of_the_same_kind_match(
    body: bytes, one: str, other: str
) -> None:
    first, second = request(body, one), request(body, other)
    kinds = {type(meaning(asked, PLAIN).body) for asked in (first, second)}
    assert (key(first, PLAIN) == key(second, PLAIN)) is (len(kinds) == 1)


@unhurried
@given(sent=requests, there=st.lists(requests, max_size=4))
def test_any_miss_can_be_told(sent: Request, there: list[Request]) -> None:
    found = Index(recorded(there)).take(sent)
    if isinstance(found, Miss):
        assert explain(found, mitmdump).isprintable()
        json.dumps(report(found, mitmdump)).encode()


fields = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c[]"]), st.binary(max_size=6)), max_size=4
)


def upload(parts: Sequence[tuple[str, bytes]], boundary: str) -> Request:
    mark = f"--{boundary}".encode()
    body = b"".join(
        mark
        + f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in parts
    )
    return request(body + mark + b"--\r\n", f"multipart/form-data; boundary={boundary}")


@unhurried
@given(one=fields, other=fields)
def test_forms_match_exactly_when_each_name_has_the_same_parts(
    one: list[tuple[str, bytes]], other: list[tuple[str, bytes]]
) -> None:
    equal = sorted(one, key=lambda part: part[0]) == sorted(
        other, key=lambda part: part[0]
    )
    first, second = upload(one, "first-boundary"), upload(other, "other")
    assert (key(first, PLAIN) == key(second, PLAIN)) is equal


ASKED = [["a", 0], ["a", 1], ["a", True], ["b", 0], ["b"]]
"""Some with the same texts, the last never recorded."""
SPELLINGS = (None, 1)


@unhurried
@given(
    there=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(SPELLINGS)), max_size=8
    ),
    asked=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(SPELLINGS)), max_size=14
    ),
    repeats=st.sampled_from(Repeats),
)
def test_the_index_plays_what_a_scan_would_play(
    there: list[tuple[int, int | None]],
    asked: list[tuple[int, int | None]],
    repeats: Repeats,
) -> None:
    def sent(number: int, indent: int | None) -> Request:
        return request(json.dumps(ASKED[number], indent=indent))

    index = Index(recorded([sent(*each) for each in there]), PLAIN, repeats)
    left = list(range(len(there)))
    for wanted, indent in asked:
        equal = [
            position for position in range(len(there)) if there[position][0] == wanted
        ]
        found = index.take(sent(wanted, indent), explain=False)
        unplayed = [position for position in left if position in equal]
        if repeats is Repeats.STRICT:
            unplayed = [position for position in left[:1] if position in equal]
        used_up = bool(equal) and not set(equal) & set(left)
        if not unplayed and equal and repeats is Repeats.CYCLE:
            left = sorted({*left, *equal})
            unplayed = equal
        if unplayed:
            expected: int | None = unplayed[0]
            left.remove(unplayed[0])
        elif equal and repeats is Repeats.STICKY:
            expected = equal[-1]
        else:
            expected = None
            assert isinstance(found, Miss)
            assert found.used_up is used_up
        assert (found.interaction.id if isinstance(found, Hit) else None) == expected
