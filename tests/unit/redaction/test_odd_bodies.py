"""Bodies that are almost text, in another encoding, or compressed: all rules hold in them."""

import gzip
import json

import pytest
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.errors import RedactionError
from anyvcr.core.redaction.body_text import decompressed, is_text, wide_encoding
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import scan
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

KEY = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8rS" * 3
OPAQUE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in OPAQUE)


def redactor(rules: str = "$.user\nregex:patient-\\d+") -> Redactor:
    credentials = Credentials()
    credentials.see_request([("api-key", OPAQUE)], "")
    return Redactor(RedactionRules.parse(rules), credentials)


def answered(body: bytes, content_type: str = "application/json") -> Response:
    headers = (("Content-Type", (content_type,)),)
    return Response(code=200, status="200 OK", body=body, headers=headers)


def posted(body: bytes, content_type: str) -> Request:
    headers = (("Content-Type", (content_type,)),)
    return Request(method="POST", url="https://a.example/", body=body, headers=headers)


BODY = b'{"user": "jane", "c": "patient-4711", "k": "%s"}' % ESCAPED.encode()
LEFT = b'{"user": "REDACTED", "c": "REDACTED", "k": "REDACTED"}'


@pytest.mark.parametrize(
    "odd", [b"", b"\n\xe9", b"\0", b"\xe2\x80", b"\n{", b"\r\n\x1a"]
)
def test_one_odd_byte_is_no_licence(odd: bytes) -> None:
    after = redactor().response(answered(BODY + odd)).body

    assert after == LEFT + odd


def test_a_letter_in_latin_1_within_json_is_no_licence() -> None:
    body = b'{"user": "jos\xe9", "c": "caf\xe9 patient-4711"}'

    after = redactor().response(answered(body)).body

    assert after == b'{"user": "REDACTED", "c": "caf\xe9 REDACTED"}'


def test_a_stream_that_broke_off_within_a_character_is_put_together() -> None:
    pieces = [KEY[at : at + 4] for at in range(0, len(KEY), 4)]
    whole = b"".join(b"data: %s\n\n" % json.dumps({"d": p}).encode() for p in pieces)

    after = (
        redactor()
        .response(answered(whole + b'data: {"d": "caf\xc3', "text/event-stream"))
        .body
    )

    assert b"REDACTED" in after
    assert not any(piece.encode() in after for piece in pieces)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"caf=\xe9&password=hunter2hunter2&x=patient-4711", b"caf=\xe9&password=REDACTED&x=REDACTED"),
        (b"caf=%E9&password=hunter2hunter2&x=1", b"caf=%E9&password=REDACTED&x=1"),
    ],
)  # fmt: skip
def test_a_form_in_latin_1_is_a_form(body: bytes, expected: bytes) -> None:
    request = posted(body, "application/x-www-form-urlencoded")

    assert redactor().request(request).body == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_stays_in_its_encoding_without_secrets(encoding: str) -> None:
    text = json.dumps({"a": KEY, "b": OPAQUE, "c": "patient-4711"})
    before = Interaction(
        id=0,
        request=posted(b"", ""),
        response=answered(text.encode(encoding)),
    )

    after = redactor().response(before.response)

    expected = {"a": "REDACTED", "b": "REDACTED", "c": "REDACTED"}
    assert json.loads(after.body.decode(encoding)) == expected
    assert [finding.rule for finding in scan(before)] == ["openai-key"]


def part(name: str, content: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_what_is_compressed_is_looked_into() -> None:
    lines = b"".join(b'{"key": "%s"}\n' % key.encode() for key in (KEY, OPAQUE))
    zipped = gzip.compress(lines) + gzip.compress(b"patient-4711")
    own = redactor()

    for wrap in (lambda data: data, lambda data: part("a", data) + part("b", data) + b"--b--\r\n"):  # fmt: skip
        body = wrap(zipped)
        before = posted(body, "multipart/form-data; boundary=b")

        after = own.request(before)

        contents = after.body.split(b"\r\n\r\n")[-1]
        inner = decompressed(
            contents[contents.index(b"\x1f\x8b") :].split(b"\r\n--b")[0]
        )
        assert inner == b'{"key": "REDACTED"}\n' * 2 + b"REDACTED"
        assert own.request(after) is after
        found = Interaction(id=0, request=before, response=answered(b""))
        assert {finding.rule for finding in scan(found)} == {"openai-key"}


def test_what_decompresses_without_end_is_left_alone() -> None:
    bomb = gzip.compress(bytes(65 << 20))

    assert decompressed(bomb) is None
    assert decompressed(gzip.compress(b"x")[:-9]) in (b"x", b"")
    assert decompressed(b"\x1f\x8b\x08 no gzip") is None


def test_a_rule_that_cannot_be_applied_fails() -> None:
    with pytest.raises(RedactionError, match=r"the rule \$\.user cannot be applied"):
        redactor().response(answered(b'{"user": "jane", "c": '))


def test_binary_data_keep_their_length_and_the_users_rules_hold() -> None:
    data = (
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"patient-4711" + bytes(range(256))
    )

    after = redactor().response(answered(data, "image/png")).body

    assert after == data.replace(b"patient-4711", b"REDACTEDREDA")


def test_text_and_data_are_told_apart() -> None:
    assert is_text("die stra\u00dfe ist lang, ".encode("latin-1") * 20)
    assert not is_text(b"\x89PNG\0")
    assert not is_text(bytes(range(256)))
    assert wide_encoding(b"a\0b\0") == "utf-16-le"
    assert wide_encoding(b"plain text\0") == ""


def test_names_are_redacted_as_values_are() -> None:
    before = Request(
        method="GET",
        url=f"https://a.example/?{KEY}=1&{OPAQUE}=2",
        headers=((KEY, ("x",)), ("Accept", ("y",)), (OPAQUE, ("z",))),
        trailer=((KEY, ("x",)),),
        form=((f'{{"a": "{KEY}"}}', ("",)), (OPAQUE, ("x", "y"))),
        proto=KEY,
        transfer_encoding=(KEY,),
        extra=((KEY, 1), ("note", {OPAQUE: KEY}), ("api_key", "whatever-it-is")),
    )

    after = redactor().request(before)

    assert KEY not in repr(after)
    assert OPAQUE not in repr(after)
    assert after.headers == (("REDACTED", ("x", "z")), ("Accept", ("y",)))
    assert after.form == (('{"a": "REDACTED"}', ("",)), ("REDACTED", ("x", "y")))
    assert ("api_key", "REDACTED") in after.extra
    assert redactor().request(after) is after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Helicone-Auth", "Bearer {}"),
        ("x-portkey-virtual-key", "{}"),
        ("X-Anything", "Bearer {}"),
        ("X-Gateway-Token", "{}"),
        ("cf-aig-authorization", "Bearer {}"),
        ("X-Session-Key", "{}"),
    ],
)
def test_a_header_of_any_name_that_carries_a_credential_shows_it(
    name: str, value: str
) -> None:
    secret = "zX9cV8bN7mA6sD5fG4hJ3kL2"
    credentials = Credentials()
    credentials.see_request([(name, value.format(secret))], "")

    assert credentials.replace(secret.encode()) == b"REDACTED"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Fireworks-Server-Time-To-First-Token", "0.142"),
        ("X-Api-Key", "<filtered>"),
        ("Set-Cookie", "***"),
        ("X-Request-Id", "0f1e2d3c4b5a6978"),
    ],
)
def test_headers_that_only_sound_secret_stay(name: str, value: str) -> None:
    before = Response(code=200, status="200 OK", headers=((name, (value,)),))

    assert redactor().response(before) is before
