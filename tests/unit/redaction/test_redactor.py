"""What a redactor does to requests, responses and texts, and how it fails."""

import json
from dataclasses import replace

import pytest
from anyvcr.core.cassette.model import Request, Response
from anyvcr.core.errors import ConfigError, RedactionError
from anyvcr.core.redaction import user_cuts
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

MIXED = "aB3dE6gH9jK2mN5pQ8rS"
KEY = "sk-proj-" + MIXED * 4
"""Known by its shape."""
TOKEN = "upstream-token-0815"
"""Known only because it was seen."""


def redactor(rules: str = "", *tokens: str) -> Redactor:
    credentials = Credentials()
    credentials.see_request([("api-key", token) for token in (tokens or (TOKEN,))], "")
    return Redactor(RedactionRules.parse(rules), credentials)


PLAIN = redactor()


def request(body: bytes = b"", content_type: str = "application/json") -> Request:
    return Request(
        method="POST",
        url="https://a.example/v1",
        headers=(("Content-Type", (content_type,)),),
        body=body,
        content_length=len(body),
    )


def test_every_part_of_a_request_is_redacted() -> None:
    before = Request(
        method=f"X{TOKEN}",
        url=f"https://u:{TOKEN}@a.example/{TOKEN}?key=1&x={KEY}&sig=2#{TOKEN}",
        headers=(("Authorization", ("Bearer 1",)), ("X", (TOKEN, "a", KEY))),
        body=f'{{"{TOKEN}": "{KEY}"}}'.encode(),
        host=f"{TOKEN}.example",
        remote_addr=TOKEN,
        request_uri=f"/{KEY}?key=1",
        form=(("key", ("1",)), ("x", (KEY, "b"))),
        trailer=(("X", (TOKEN,)),),
        extra=(("note", {"a": [TOKEN, 1, None], TOKEN: b"\xff" + TOKEN.encode()}),),
    )

    after = PLAIN.request(before)

    assert after == Request(
        method="XREDACTED",
        url="https://REDACTED@a.example/REDACTED?key=REDACTED&x=REDACTED&sig=REDACTED#REDACTED",
        headers=(
            ("Authorization", ("REDACTED",)),
            ("X", ("REDACTED", "a", "REDACTED")),
        ),
        body=b'{"REDACTED": "REDACTED"}',
        host="REDACTED.example",
        remote_addr="REDACTED",
        request_uri="/REDACTED?key=REDACTED",
        form=(("key", ("REDACTED",)), ("x", ("REDACTED", "b"))),
        trailer=(("X", ("REDACTED",)),),
        extra=(("note", {"a": ["REDACTED", 1, None], "REDACTED": b"\xffREDACTED"}),),
    )
    assert PLAIN.request(after) is after


def test_every_part_of_a_response_is_redacted() -> None:
    before = Response(
        code=401,
        status=f"401 not {TOKEN}",
        headers=(
            ("Location", (f"https://a.example/f?sig={MIXED}",)),
            ("Openai-Organization", ("acme",)),
            ("Set-Cookie", ("a=b",)),
        ),
        body=b'{"error": {"message": "Incorrect API key provided: upst***********0815."}}',
        trailer=(("X", (KEY,)),),
        content_length=-1,
        extra=(("note", KEY),),
    )

    after = PLAIN.response(before)

    assert after == Response(
        code=401,
        status="401 not REDACTED",
        headers=(
            ("Location", ("https://a.example/f?sig=REDACTED",)),
            ("Openai-Organization", ("REDACTED",)),
            ("Set-Cookie", ("REDACTED",)),
        ),
        body=b'{"error": {"message": "Incorrect API key provided: REDACTED."}}',
        trailer=(("X", ("REDACTED",)),),
        content_length=-1,
        extra=(("note", "REDACTED"),),
    )


def test_what_holds_no_secret_is_the_same_object() -> None:
    plain = request(b'{"model": "gpt-5", "input": "hello"}')
    answer = Response(code=200, status="200 OK", body=b"data: {}\n\n")

    assert PLAIN.request(plain) is plain
    assert PLAIN.response(answer) is answer
    assert PLAIN.bytes(plain.body) is plain.body
    assert PLAIN.text(plain.url) is plain.url


@pytest.mark.parametrize(
    ("length", "expected"),
    [(len(KEY), len("REDACTED")), (-1, -1), (0, 0), (len(KEY) + 5, len(KEY) + 5)],
    ids=["whole", "unknown", "none", "not the body's"],
)
def test_content_length_follows_the_body(length: int, expected: int) -> None:
    before = replace(request(KEY.encode()), content_length=length)

    assert PLAIN.request(before).content_length == expected


def test_another_key_leaves_the_same_request() -> None:
    left = {
        redactor("", token).request(
            request(
                json.dumps({"tools": [{"authorization": token}], "x": token}).encode()
            )
        )
        for token in (
            TOKEN,
            KEY,
            "test-key-of-somebody-else",
            "AIza" + MIXED + MIXED[:15],
        )
    }

    assert len(left) == 1


def test_a_form_is_redacted_by_the_names_of_its_fields() -> None:
    before = request(
        b"a=1&client_secret=x%20y&key=z", "application/x-www-form-urlencoded"
    )

    assert PLAIN.request(before).body == b"a=1&client_secret=REDACTED&key=REDACTED"


def test_parts_that_are_text_are_redacted_beside_those_that_are_not() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    image = b"\x89PNG\0" + TOKEN.encode() + b"\xff"
    body = part % (b"a", KEY.encode()) + part % (b"b", image) + b"--b--\r\n"

    after = PLAIN.request(request(body, "multipart/form-data; boundary=b")).body

    filled = b"\x89PNG\0" + b"REDACTEDREDACTEDREDACTED"[: len(TOKEN)] + b"\xff"
    assert after == part % (b"a", b"REDACTED") + part % (b"b", filled) + b"--b--\r\n"


def test_json_stays_json_where_a_key_ends_in_a_backslash() -> None:
    own = redactor("", "password1\\")
    body = rb'{"a": "password1\" is none", "b": "password1\\", "c": 1.50}'

    after = own.bytes(body)

    assert json.loads(after) == {"a": 'password1" is none', "b": "REDACTED", "c": 1.5}
    assert own.bytes(after) is after


def test_a_log_line_is_redacted_with_the_urls_in_it() -> None:
    line = f"POST https://u:p@a.example/v1?api-key=abc&x=1 failed: key {TOKEN}, why?"

    assert PLAIN.text(line) == (
        "POST https://REDACTED@a.example/v1?api-key=REDACTED&x=1 failed: key REDACTED, why?"
    )


@pytest.mark.parametrize(
    ("rule", "body", "expected"),
    [
        ("$.user", '{"user": "ann", "b": [1.0]}', '{"user": "REDACTED", "b": [1.0]}'),
        ("$..id", '[{"id":7},{"id": "x"}]', '[{"id":0},{"id": "REDACTED"}]'),
        ("$.a", '{"a": {"b": ["x", 1, true, null]}}', '{"a": {"b": ["REDACTED", 0, true, null]}}'),
        ("$", '"all"', '"REDACTED"'),
        ("$.a", '{"a": "x", "a": "y"}', '{"a": "REDACTED", "a": "REDACTED"}'),
        ("$.missing", '{ "a" : 1.0 }', '{ "a" : 1.0 }'),
        ("$.a", 'data: {"a": "x"}\n\ndata: [DONE]\n\n', 'data: {"a": "REDACTED"}\n\ndata: [DONE]\n\n'),
        ("$.a", '{"a": "x"}\n{"a": "y"}\n', '{"a": "REDACTED"}\n{"a": "REDACTED"}\n'),
        ("$.\u00e9", '{"\u00fc": "\u20ac", "\u00e9": "x"}', '{"\u00fc": "\u20ac", "\u00e9": "REDACTED"}'),
        ("regex:cust-\\d+", '{"a": "cust-123 b"}', '{"a": "REDACTED b"}'),
        ("regex:cust-(\\d+)", '{"a": "cust-123 b"}', '{"a": "cust-REDACTED b"}'),
        ("regex:[A-Z]+", '{"a": "XY"}', '{"a": "REDACTED"}'),
        ("regex:ACT", '{"a": "REDACTED"}', '{"a": "REDACTED"}'),
        ('regex:"a": "x"', '{"a": "x"}', '{"a": "x"}'),
        ("regex:\u00e9+", '{"a": "\u00e9\u00e9"}', '{"a": "REDACTED"}'),
    ],
)  # fmt: skip
def test_the_users_own_rules(rule: str, body: str, expected: str) -> None:
    own = redactor(rule)

    after = own.bytes(body.encode())

    assert after.decode() == expected
    assert own.bytes(after) is after


def test_the_users_own_headers() -> None:
    before = Response(code=200, status="200 OK", headers=(("X-Tenant", ("a", "b")),))

    after = redactor("header:x-tenant\nheader: x-other").response(before)

    assert after.headers == (("X-Tenant", ("REDACTED", "REDACTED")),)


def test_rules_are_read_one_a_line() -> None:
    rules = RedactionRules.parse("\n $.a['b c']\n\nheader:X-Tenant\nregex: a b: c \n")

    assert rules == RedactionRules(
        json_paths=("$.a['b c']",), headers=("x-tenant",), patterns=("a b: c",)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user", "cannot redact 'user': expected a JSON path such as $.user, header:NAME or regex:PATTERN"),
        ("header:", "cannot redact 'header:': expected"),
        ("$.a[", "cannot redact '$.a[': not a JSON path of RFC 9535"),
        ("regex:(", "cannot redact by '(': not a regular expression"),
        ("regex:x*", "cannot redact by 'x*': it also matches where there is nothing"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_read_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RedactionRules.parse(text)

    assert str(caught.value).startswith(message)


def test_a_regular_expression_that_takes_too_long_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(user_cuts, "SECONDS", 0.1)
    slow = redactor(r"regex:(x+x+)+y")

    with pytest.raises(RedactionError) as caught:
        slow.bytes(b"x" * 5000)

    assert str(caught.value) == (
        "'(x+x+)+y' took more than 0.1 s on a text of 5,000 bytes; make it more definite"
    )


def test_a_rule_that_never_settles_fails() -> None:
    growing = redactor("regex:(b)|REDACTED(?=(a))|(?<=REDACTED)(a)")

    with pytest.raises(RedactionError, match="does not settle"):
        growing.bytes(b"b" + b"a" * 50)


def test_whatever_goes_wrong_fails_without_the_secret() -> None:
    broken = replace(request(), extra=(("note", _Unreadable(KEY)),))

    with pytest.raises(RedactionError) as caught:
        PLAIN.request(broken)

    assert str(caught.value) == (
        "a request could not be redacted (ZeroDivisionError), so it is not used"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


class _Unreadable(dict[str, str]):
    def __init__(self, secret: str) -> None:
        super().__init__(a=secret)

    def items(self) -> "dict[str, str]":  # type: ignore[override]  # breaks on purpose
        raise ZeroDivisionError(self["a"])
