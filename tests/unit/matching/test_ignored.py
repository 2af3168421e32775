"""Parts that are declared not to count, and headers that are declared to."""

import re

import pytest
from anyvcr.core.cassette.model import Request
from anyvcr.core.errors import ConfigError
from anyvcr.core.matching.index import Index
from anyvcr.core.matching.rules import Rules
from support.requests import (
    BASE,
    PLAIN,
    SOUND,
    WAV,
    at,
    calls,
    chat,
    form,
    key,
    lines,
    part,
    played,
    recorded,
    request,
    says,
    tool,
    upload,
)

IGNORED: dict[str, tuple[tuple[str, ...], Request, Request]] = {
    "path": (("$.user",), request(chat(user="a")), request(chat(user="b"))),
    "path-absent": (("$.user",), request(chat(user="a")), request(chat())),
    "path-deep": (
        ("$.messages[*].content",),
        request(says("a", "b")),
        request(says("c", "d")),
    ),
    "path-last": (
        ("$.messages[-1].content",),
        request(says("a", "b")),
        request(says("a", "c")),
    ),
    "path-element": (
        ("$.stop[0]",),
        request(chat(stop=[1, 2])),
        request(chat(stop=[3, 2])),
    ),
    "path-elements": (
        ("$.stop[0]", "$.stop[1]", "$.stop"),
        request(chat(stop=[1, 2, 3])),
        request(chat()),
    ),
    "path-anywhere": (
        ("$..name",),
        request(chat(tools=[tool("a")])),
        request(chat(tools=[tool("b")])),
    ),
    "path-filter": (
        ("$.messages[?@.role == 'system']",),
        request(chat()),
        request(chat(messages=[{"role": "user", "content": "Name a colour."}])),
    ),
    "path-filter-fraction": (
        ("$.runs[?@.score > 0.5]",),
        request('{"runs": [{"score": 0.25}, {"score": 0.75}]}'),
        request('{"runs": [{"score": 0.25}]}'),
    ),
    "path-quoted": (
        ("$['odd name']",),
        request('{"odd name": 1}'),
        request('{"odd name": 2}'),
    ),
    "path-of-duplicate-name": (
        ("$.a",),
        request('{"a": 1, "b": 1, "a": 2}'),
        request('{"b": 1, "a": 3, "a": 4}'),
    ),
    "path-of-lines": (
        ("$[*].custom_id",),
        lines('{"custom_id":"1","a":1}'),
        lines('{"custom_id":"2","a":1}'),
    ),
    "path-in-the-deepest": (
        ("$..z",),
        request('{"a":' * 95 + '{"z":1}' + "}" * 95),
        request('{"a":' * 95 + "{}" + "}" * 95),
    ),
    "query": (("query:after",), at(f"{BASE}/f?after=1&b=2"), at(f"{BASE}/f?b=2")),
    "form": (("form:user",), form("user=1&a=2"), form("a=2&user=3")),
    "part": (("form:user",), upload(WAV, part("user", "1")), upload(WAV)),
    "part-type": (
        ("form-type:file",),
        upload(part("file", SOUND, filename="a", content_type="audio/wav")),
        upload(
            part("file", SOUND, filename="a", content_type="application/octet-stream")
        ),
    ),
    "tool-calls": (
        ("tool-call-ids",),
        request(calls("call_a", "call_b", answers=("call_b", "call_a"))),
        request(calls("toolu_1", "toolu_2", answers=("toolu_2", "toolu_1"))),
    ),
    "tool-calls-of-responses": (
        ("tool-call-ids",),
        request(
            '{"input": [{"id": "fc_1", "call_id": "call_1"}, {"call_id": "call_1"}]}'
        ),
        request(
            '{"input": [{"id": "fc_2", "call_id": "call_2"}, {"call_id": "call_2"}]}'
        ),
    ),
}


@pytest.mark.parametrize(
    ("ignore", "one", "other"), IGNORED.values(), ids=list(IGNORED)
)
def test_a_declared_part_does_not_count(
    ignore: tuple[str, ...], one: Request, other: Request
) -> None:
    rules = Rules(ignore=ignore)
    assert key(one, rules) == key(other, rules)
    assert key(one, PLAIN) != key(other, PLAIN)
    assert played(Index(recorded(one), rules), other) == 0
    assert played(Index(recorded(other), rules), one) == 0


STILL_COUNTED: dict[str, tuple[tuple[str, ...], Request, Request]] = {
    "other-member": (("$.user",), request(chat(seed=1)), request(chat(seed=2))),
    "same-name-deeper": (
        ("$.user",),
        request('{"a": {"user": 1}}'),
        request('{"a": {"user": 2}}'),
    ),
    "other-query": (("query:a",), at(f"{BASE}/f?b=1"), at(f"{BASE}/f?b=2")),
    "other-field": (("form:a",), form("b=1"), form("b=2")),
    "query-is-not-form": (("query:a",), form("a=1"), form("a=2")),
    "content-of-part": (
        ("form-type:file",),
        upload(part("file", "1")),
        upload(part("file", "2")),
    ),
    "text-at-the-top": (("$.a",), request('"x"'), request('"y"')),
    "tool-calls-crossed": (
        ("tool-call-ids",),
        request(calls("call_1", "call_2", answers=("call_1", "call_2"))),
        request(calls("call_1", "call_2", answers=("call_2", "call_1"))),
    ),
    "tool-calls-merged": (
        ("tool-call-ids",),
        request(calls("call_1", "call_2")),
        request(calls("call_1", "call_1")),
    ),
    "tool-call-absent": (
        ("tool-call-ids",),
        request(calls("call_1", answers=("call_1",))),
        request(calls("call_1")),
    ),
    "tool-call-name": (
        ("tool-call-ids",),
        request('{"messages": [{"tool_calls": [{"id": "call_1", "name": "a"}]}]}'),
        request('{"messages": [{"tool_calls": [{"id": "call_1", "name": "b"}]}]}'),
    ),
    "tool-call-null": (
        ("tool-call-ids",),
        request('{"messages": [{"tool_call_id": null}]}'),
        request('{"messages": [{"tool_call_id": "call_1"}]}'),
    ),
    "item-reference": (
        ("tool-call-ids",),
        request('{"input": [{"type": "item_reference", "id": "msg_1"}]}'),
        request('{"input": [{"type": "item_reference", "id": "msg_2"}]}'),
    ),
    "id-elsewhere": (
        ("tool-call-ids",),
        request('{"metadata": {"tool_call_id": "call_1"}}'),
        request('{"metadata": {"tool_call_id": "call_2"}}'),
    ),
}


@pytest.mark.parametrize(
    ("ignore", "one", "other"), STILL_COUNTED.values(), ids=list(STILL_COUNTED)
)
def test_what_is_not_declared_counts(
    ignore: tuple[str, ...], one: Request, other: Request
) -> None:
    rules = Rules(ignore=ignore)
    assert key(one, rules) != key(other, rules)


@pytest.mark.parametrize(
    ("entry", "says_so"),
    [
        ("", "cannot ignore ''"),
        ("user", "expected a JSON path such as $.user"),
        ("query:", "cannot ignore 'query:'"),
        ("header:x", "cannot ignore 'header:x'"),
        ("$.a[", "not a JSON path of RFC 9535"),
        ("$.a, $.b", "not a JSON path of RFC 9535"),
        ("$[?nosuch(@)]", "not a JSON path of RFC 9535"),
        ("$", "that is the whole body"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_refused(entry: str, says_so: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says_so)):
        Rules(ignore=(entry,))


@pytest.mark.parametrize("name", ["", "two words", "colon:", "line\n"])
def test_a_header_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not the name of a header"):
        Rules(headers=(name,))


def test_named_headers_count() -> None:
    rules = Rules(headers=("OpenAI-Beta",))
    one = request("{}", headers=(("Openai-Beta", ("assistants=v2",)),))
    lower = request("{}", headers=(("openai-beta", (" assistants=v2",)),))
    other = request("{}", headers=(("Openai-Beta", ("assistants=v1",)),))
    assert key(one, rules) == key(lower, rules)
    assert len({key(asked, rules) for asked in (one, other, request("{}"))}) == 3


def test_rules_with_the_same_declarations_are_equal() -> None:
    assert Rules(ignore=("$.a",)) == Rules(ignore=("$.a",)) != Rules(ignore=("$.b",))
