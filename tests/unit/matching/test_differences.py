"""Differences of requests, the nearest interactions, and what is told about a miss."""

import json
import re
from functools import partial

import pytest
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.matching import miss_text
from anyvcr.core.matching.advice import NEW_EPISODES, advices
from anyvcr.core.matching.differences import ABSENT, Shown, compare
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.normalized import NormalizedRequest
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.spelling import mitmdump

explain = partial(miss_text.explain, spell=mitmdump)
report = partial(miss_text.report, spell=mitmdump)

CHAT = "https://api.openai.com/v1/chat/completions"


def request(
    body: str | bytes = b"", content_type: str = "application/json", url: str = CHAT
) -> Request:
    return Request(
        method="POST",
        url=url,
        headers=(("Content-Type", (content_type,)),),
        body=body.encode() if isinstance(body, str) else body,
    )


def cassette(*requests: Request) -> list[Interaction]:
    answer = Response(code=200, status="200 OK")
    return [
        Interaction(id=number, request=asked, response=answer)
        for number, asked in enumerate(requests)
    ]


def miss(
    sent: Request,
    *recorded: Request,
    rules: Rules | None = None,
    repeats: Repeats = Repeats.ONCE,
    before: tuple[Request, ...] = (),
) -> Miss:
    index = Index(cassette(*recorded), rules, repeats)
    for earlier in before:
        assert isinstance(index.take(earlier), Hit)
    found = index.take(sent)
    assert isinstance(found, Miss)
    return found


def differences(
    recorded: Request, sent: Request, rules: Rules | None = None
) -> list[tuple[str, Shown, Shown]]:
    used = rules or Rules()
    found = compare(
        NormalizedRequest(recorded, used).meaning, NormalizedRequest(sent, used).meaning
    )
    return [(each.path, each.recorded, each.sent) for each in found]


def upload(*parts: str) -> Request:
    body = "".join(
        f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts
    )
    return request(body + "--b--\r\n", "multipart/form-data; boundary=b")


@pytest.mark.parametrize(
    ("recorded", "sent", "expected"),
    [
        ('{"a": 1}', '{"a": 2}', [("$.a", 1, 2)]),
        ('{"a": 1}', '{"a": true}', [("$.a", 1, True)]),
        ('{"a": 1}', "{}", [("$.a", 1, ABSENT)]),
        ("{}", '{"a": null}', [("$.a", ABSENT, None)]),
        ('{"a": {"b c": [0, 1]}}', '{"a": {"b c": [0, 2]}}', [('$.a["b c"][1]', 1, 2)]),
        ('{"a": []}', '{"a": {}}', [("$.a", [], {})]),
        ("[1, 2, 3]", "[0, 1, 2, 3]", [("$[0]", ABSENT, 0)]),
        ("[1, 2, 3]", "[1, 2]", [("$[2]", 3, ABSENT)]),
        ("[1, 2, 3]", "[1, 9, 8, 3]", [("$[1]", 2, 9), ("$[2]", ABSENT, 8)]),
        ("[1, 2]", "[2, 1]", [("$[0]", 1, 2), ("$[1]", 2, 1)]),
        ('{"a": 1, "b": [1.0]}', '{"b": [1], "a": 1}', []),
    ],
)
def test_json_differences_are_paths_and_values(
    recorded: str, sent: str, expected: list[tuple[str, Shown, Shown]]
) -> None:
    assert differences(request(recorded), request(sent)) == expected


def test_a_repeated_name_is_a_difference_of_the_object() -> None:
    found = differences(request('{"a": 1, "a": 2}'), request('{"a": 2}'))
    assert [path for path, _, _ in found] == ["$"]
    text = explain(miss(request('{"a": 2}'), request('{"a": 1, "a": 2}')))
    assert '$: recorded {"a": 1, "a": 2}, sent {"a": 2}' in text


def test_each_line_of_json_lines_is_an_element() -> None:
    one, other = ('{"a":1}\n{"b":1}', '{"a":1}\n{"b":2}')
    found = differences(
        request(one, "application/jsonl"), request(other, "application/jsonl")
    )
    assert found == [("$[1].b", 1, 2)]


def test_places_differ_by_their_parts() -> None:
    one = Request(method="POST", url="http://a.test/v1/x?p=1&q=2")
    other = Request(method="GET", url="https://b.test/v2/x?q=3&q=2")
    assert differences(one, other) == [
        ("method", "POST", "GET"),
        ("scheme", "http", "https"),
        ("host", "a.test", "b.test"),
        ("path", "/v1/x", "/v2/x"),
        ("query:p", "1", ABSENT),
        ("query:q", ABSENT, "3"),
    ]


def test_form_fields_differ_by_name() -> None:
    kind = "application/x-www-form-urlencoded"
    found = differences(request("a=1&b=2", kind), request("a=1&b=3&c=4", kind))
    assert found == [("form:b", "2", "3"), ("form:c", ABSENT, "4")]


def test_parts_differ_by_what_they_consist_of() -> None:
    one = upload(
        'name="f"; filename="a"\r\nContent-Type: audio/wav\r\n\r\nxx',
        'name="m"\r\n\r\n1',
    )
    other = upload('name="f"; filename="b"\r\nX-A: 1\r\n\r\nxy')
    assert differences(one, other) == [
        ("form-filename:f", "a", "b"),
        ("form-type:f", "audio/wav", ABSENT),
        ("form-headers:f", ABSENT, "x-a: 1"),
        ("form:f", b"xx", b"xy"),
        ("form:m", b"1", ABSENT),
    ]


def test_named_headers_differ_by_name() -> None:
    rules = Rules(headers=("OpenAI-Beta",))
    one = Request(method="GET", url=CHAT, headers=(("Openai-Beta", ("v1",)),))
    assert differences(one, Request(method="GET", url=CHAT), rules) == [
        ("header:openai-beta", "v1", ABSENT)
    ]


@pytest.mark.parametrize(
    ("recorded", "sent", "expected"),
    [
        (request("{}"), request(b""), ({}, ABSENT)),
        (request("a"), request("{}"), (b"a", {})),
        (request('{"a":1}\n', "application/jsonl"), request("x"), ([{"a": 1}], b"x")),
        (
            request("a=1", "application/x-www-form-urlencoded"),
            request("{}"),
            ("urlencoded form: a", {}),
        ),
        (upload('name="f"\r\n\r\n'), request("{}"), ("multipart form: f", {})),
    ],
)
def test_bodies_of_two_kinds_are_one_difference(
    recorded: Request, sent: Request, expected: tuple[Shown, Shown]
) -> None:
    assert differences(recorded, sent) == [("body", *expected)]


def test_what_is_ignored_is_no_difference() -> None:
    rules = Rules(ignore=("$.user", "tool-call-ids"))
    one = request('{"user": "a", "messages": [{"tool_call_id": "call_1"}], "n": 1}')
    other = request('{"user": "b", "messages": [{"tool_call_id": "call_2"}], "n": 2}')
    assert differences(one, other, rules) == [("$.n", 1, 2)]


# Ranking


def test_the_nearest_come_first() -> None:
    found = miss(
        request('{"model": "m", "input": "The quick brown fox", "n": 1}'),
        request('{"model": "x", "input": "Something else", "n": 2}'),
        request('{"n": 1, "input": "The quick brown fix", "model": "m"}'),
        request('{"model": "x", "input": "The quick brown fox", "n": 2}'),
    )
    assert [near.id for near in found.nearest] == [1, 2, 0]


def test_the_same_path_is_nearer_than_the_same_body() -> None:
    base = "https://api.openai.com/v1"
    found = miss(
        request('{"a": 1}', url=f"{base}/embeddings?x=1"),
        request('{"a": 1}', url=f"{base}/responses"),
        request('{"a": 2}', url=f"{base}/embeddings"),
        request('{"a": 1}', url="https://example.test/v1/embeddings"),
    )
    assert [near.id for near in found.nearest] == [1]


def test_an_answer_not_yet_played_goes_before_a_played_one() -> None:
    found = miss(
        request('{"a": 3}'),
        request('{"a": 1}'),
        request('{"a": 2}'),
        before=(request('{"a": 1}'),),
    )
    assert [(near.id, near.already_played) for near in found.nearest] == [
        (1, False),
        (0, True),
    ]


def test_one_of_thousands_is_found_as_the_nearest() -> None:
    def numbered(number: int, last: str) -> Request:
        lines = [f"line {n} of prompt {number}" for n in range(20)]
        return request(json.dumps({"input": [*lines, last], "model": "m"}))

    found = miss(numbered(1234, "y"), *(numbered(n, "x") for n in range(1900)))
    assert found.nearest[0].id == 1234
    assert [each.path for each in found.nearest[0].differences] == ["$.input[20]"]


# Wording

HELLO = request('{"messages": [{"content": "Hello"}], "model": "m"}')


def test_a_miss_tells_what_was_asked_what_is_near_and_what_would_do() -> None:
    sent = request(
        '{"model": "m", "messages": [{"content": "Hallo"}], "temperature": 0.70}'
    )
    assert explain(miss(sent, HELLO, request('{"x": 1}'))) == (
        "no recorded interaction matches POST https://api.openai.com/v1/chat/completions;"
        ' nearest is #0: $.messages[0].content: recorded "Hello", sent "Hallo";'
        " $.temperature: not in the recording, sent 0.7; then #1 (4 differences)."
        " To let it pass: --set cassette_mode=replay-with-new-episodes"
    )


def test_used_up_is_told_apart() -> None:
    assert explain(miss(HELLO, HELLO, HELLO, before=(HELLO, HELLO))) == (
        "every recorded answer to POST https://api.openai.com/v1/chat/completions"
        " was already played (#0, #1). To let it pass: --set cassette_repeats=sticky"
        " or --set cassette_repeats=cycle or --set cassette_mode=replay-with-new-episodes"
    )


def test_an_answer_that_would_match_but_for_a_field_is_marked_as_played() -> None:
    found = miss(
        request('{"a": 2}'), request('{"a": 1}'), before=(request('{"a": 1}'),)
    )
    assert "nearest is #0 (already played): $.a: recorded 1, sent 2" in explain(found)
    assert advices(found)[0] == (("ignore", "$.a"), ("repeats", "sticky"))


def test_a_request_out_of_order_names_the_one_whose_turn_it_is() -> None:
    found = miss(HELLO, request('{"model": "m"}'), HELLO, repeats=Repeats.STRICT)
    assert explain(found) == (
        "POST https://api.openai.com/v1/chat/completions is out of order: the next"
        " request of the cassette is #0, where $.messages: not in the recording,"
        ' sent [{"content": "Hello"}]; #1 would match.'
        " To let it pass: --set cassette_repeats=once"
        " or --set cassette_mode=replay-with-new-episodes"
    )


def test_an_unknown_request_in_a_strict_order_has_one_remedy() -> None:
    found = miss(HELLO, request("{}"), repeats=Repeats.STRICT)
    assert "the next request of the cassette is #0" in explain(found)
    assert advices(found) == (NEW_EPISODES,)


def test_an_empty_cassette_is_told_apart() -> None:
    assert "the cassette is empty" in explain(miss(HELLO))


def test_a_miss_without_candidates_is_still_told() -> None:
    text = explain(Miss(request=HELLO, recorded=3))
    assert text.startswith(f"no recorded interaction matches POST {CHAT}. To let it")


def test_many_differences_are_counted() -> None:
    found = miss(request(json.dumps(dict.fromkeys("abcdefgh", 1))), request("{}"))
    text = explain(found)
    assert "$.e: not in the recording, sent 1; and 3 more differences" in text
    assert "cassette_ignore" not in text


@pytest.mark.parametrize("shift", [0, 30, 5000, 9990])
def test_long_values_show_where_they_differ(shift: int) -> None:
    filler = "lorem ipsum " * 1000
    recorded = filler[:shift] + "<RED>" + filler[shift:10_000]
    sent = filler[:shift] + "<BLUE>" + filler[shift:10_000]
    text = explain(
        miss(request(json.dumps({"a": sent})), request(json.dumps({"a": recorded})))
    )
    assert "<RED" in text
    assert "<BLUE" in text
    assert len(text) < 500


def test_bytes_show_where_they_differ() -> None:
    sound = bytes(range(128, 256)) * 100
    one = request(sound + b"\x01", "audio/pcm")
    other = request(sound + b"\x02", "audio/pcm")
    text = explain(miss(other, one))
    assert re.search(r"body: recorded …[0-9a-f ]+ ff 01, sent …[0-9a-f ]+ ff 02", text)


def test_text_that_is_no_json_is_shown_as_text() -> None:
    text = explain(miss(request('{"a": 1'), request('{"a": 2')))
    assert r'body: recorded "{\"a\": 2", sent "{\"a\": 1"' in text


@pytest.mark.parametrize("control", ["\n", "\r", "\x1b", "\x00", "\u2028", "\ud800"])
def test_the_text_is_one_printable_line(control: str) -> None:
    sent = request(json.dumps({f"a{control}": control}), url=f"{CHAT}?{control}")
    text = explain(miss(sent, HELLO))
    assert control not in text
    assert text.isprintable()
    json.dumps(report(miss(sent, HELLO))).encode()


# Secrets

SECRET = "sk-test-0123456789"  # plainly fake


def hide(text: str) -> str:
    return re.sub(r"sk-test-\d{10}", "[REDACTED]", text)


@pytest.mark.parametrize("shift", [0, 10, 30, 60, 100])
def test_no_part_of_a_secret_is_shown(shift: int) -> None:
    # Cut first, and a piece of the secret would no longer look like one.
    recorded = "x" * shift + SECRET + "y" * 200
    sent = "x" * shift + SECRET[:-1] + "0" + "z" * 200
    found = miss(
        request(
            json.dumps({"a": sent, SECRET: [sent], "c": {SECRET: 1}}),
            url=f"{CHAT}?a={sent}",
        ),
        request(
            json.dumps({"a": recorded, "b": [recorded]}), url=f"{CHAT}?a={recorded}"
        ),
        request(recorded.encode()),
    )
    told = explain(found, redact=hide) + json.dumps(report(found, redact=hide))
    assert "sk-" not in told
    assert "0123" not in told
    assert "REDACTED" in told


def test_a_difference_that_is_redacted_is_said_to_be_there() -> None:
    sent = request(json.dumps({"key": SECRET}))
    recorded = request(json.dumps({"key": "sk-test-9999999999"}))
    assert (
        '$.key: recorded "[REDACTED]", sent "[REDACTED]" (other in what is not shown)'
        in explain(miss(sent, recorded), redact=hide)
    )


@pytest.mark.parametrize(
    "name", ["api-key", "api_key", "access_token", "token", "X-Signature", "sig"]
)
def test_values_of_private_names_are_never_shown(name: str) -> None:
    found = miss(request("{}", url=f"{CHAT}?{name}=plum"), request("{}"))
    assert f"query:{name}: not in the recording, sent (not shown)" in explain(
        found, redact=lambda text: text.replace("=plum", "")
    )


def test_values_of_other_names_are_shown() -> None:
    found = miss(request("{}", url=f"{CHAT}?max_tokens=7"), request("{}"))
    assert 'query:max_tokens: not in the recording, sent "7"' in explain(found)


# Remedies

RECORDED = {
    "user": "a",
    "messages": [{"tool_call_id": "call_1"}, {"content": "x"}],
    "input": [{"call_id": "call_3", "id": "fc_1"}],
}


@pytest.mark.parametrize(
    ("sent", "ignore"),
    [
        ({**RECORDED, "user": "b"}, "$.user"),
        ({**RECORDED, "new": 1}, "$.new"),
        ({**RECORDED, "odd name": 1}, '$["odd name"]'),
        (
            {**RECORDED, "messages": [{"tool_call_id": "call_2"}, {"content": "x"}]},
            "tool-call-ids",
        ),
        (
            {**RECORDED, "input": [{"call_id": "call_2", "id": "fc_2"}]},
            "tool-call-ids",
        ),
    ],
)
def test_the_advised_rule_lets_it_pass(sent: dict[str, object], ignore: str) -> None:
    asked, recorded = request(json.dumps(sent)), request(json.dumps(RECORDED))
    found = miss(asked, recorded)
    assert advices(found)[0] == (("ignore", ignore),)
    rules = Rules(ignore=(ignore,))
    assert isinstance(Index(cassette(recorded), rules).take(asked), Hit)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("$.model", '{"model": "a"}', '{"model": "b"}'),
        ("$.stream", "{}", '{"stream": true}'),
        ("$.tools", '{"tools": []}', '{"tools": [{"type": "function"}]}'),
        (
            "$.messages[0].content",
            '{"messages": [{"content": "a"}]}',
            '{"messages": [{"content": "b"}]}',
        ),
        ("$.input", '{"input": "a"}', '{"input": "b"}'),
        ("$.contents[0].text", '{"contents": [{"text": "a"}]}', '{"contents": [{}]}'),
        ("$.generationConfig.seed", '{"generationConfig": {"seed": 1}}', "{}"),
        ("$.max_tokens", '{"max_tokens": 1, "user": "a"}', '{"max_tokens": 2}'),
    ],
)
def test_no_one_is_advised_to_ignore_what_an_answer_depends_on(
    path: str, old: str, new: str
) -> None:
    found = miss(request(new), request(old))
    # There is a difference to tell of, only no advice.
    assert path.split(".")[1].partition("[")[0] in explain(found)
    assert advices(found) == (NEW_EPISODES,)


def test_an_id_within_the_input_may_be_ignored() -> None:
    old, new = (json.dumps({"input": [{"turn_id": each}]}) for each in "ab")
    found = miss(request(new), request(old))
    assert advices(found)[0] == (("ignore", "$.input[0].turn_id"),)


def test_the_model_of_a_query_or_a_form_is_meant_as_well() -> None:
    found = miss(
        request("{}", url=f"{CHAT}?model=b"), request("{}", url=f"{CHAT}?model=a")
    )
    assert advices(found) == (NEW_EPISODES,)
    found = miss(request("{}", url=f"{CHAT}?run=b"), request("{}", url=f"{CHAT}?run=a"))
    assert advices(found)[0] == (("ignore", "query:run"),)


@pytest.mark.parametrize(
    ("sent", "recorded"),
    [
        (request("[0, 1, 2]"), request("[1, 2]")),
        (request("{}"), request("[]")),
        (
            request('{"messages": [{"tool_call_id": "a"}, {"tool_call_id": "b"}]}'),
            request('{"messages": [{"tool_call_id": "b"}, {"tool_call_id": "a"}]}'),
        ),
        (request("{}"), request("a=1", "application/x-www-form-urlencoded")),
        (request("{}", url="https://example.test/v1"), request("{}")),
    ],
)
def test_ignoring_is_not_suggested_where_it_would_not_do(
    sent: Request, recorded: Request
) -> None:
    assert advices(miss(sent, recorded)) == (NEW_EPISODES,)


def test_a_preset_that_is_on_is_not_suggested_again() -> None:
    one, other = (
        request(json.dumps({"messages": [{"tool_call_id": name} for name in names]}))
        for names in ("abc", "aba")
    )
    found = miss(one, other, rules=Rules(ignore=("tool-call-ids",)))
    assert '$.messages[2].tool_call_id: recorded "tool call 1"' in explain(found)
    assert advices(found) == (NEW_EPISODES,)


def test_the_report_is_json() -> None:
    found = miss(request('{"a": 2, "b": 1}'), request('{"a": 1}'))
    assert json.loads(json.dumps(report(found))) == {
        "method": "POST",
        "url": CHAT,
        "message": explain(found),
        "used_up": False,
        "expected": None,
        "recorded": 1,
        "nearest": [
            {
                "id": 0,
                "already_played": False,
                "differences": [
                    {"path": "$.a", "recorded": "1", "sent": "2"},
                    {"path": "$.b", "recorded": None, "sent": "1"},
                ],
            }
        ],
        "options": [
            "--set 'cassette_ignore=$.a' --set 'cassette_ignore=$.b'",
            "--set cassette_mode=replay-with-new-episodes",
        ],
    }
