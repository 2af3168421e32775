"""What is taken for a secret, what is not, and where `scan` says it stands."""

import json
import re
from importlib import resources

import pytest
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.redaction import (
    builtin_rules,
    detect,
    patterns,
    placeholder,
    secret_names,
)
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

# Put together here, so that no file of the project holds what looks like a key.
MIXED = "aB3dE6gH9jK2mN5pQ8rS"
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

SHAPES = [
    pytest.param("sk-" + MIXED * 2, "openai-key", id="openai, first kind"),
    pytest.param("sk-proj-" + MIXED * 4, "openai-key", id="openai project"),
    pytest.param("sk-svcacct-" + MIXED + "_-" + MIXED, "openai-key", id="openai service account"),
    pytest.param("sk-admin-" + MIXED * 2, "openai-key", id="openai admin"),
    pytest.param("sk-None-" + MIXED * 2, "openai-key", id="openai without project"),
    pytest.param("sk-or-v1-" + HEX * 2, "openai-key", id="openrouter"),
    pytest.param("sk-" + HEX, "openai-key", id="deepseek"),
    pytest.param("sess-" + MIXED * 2, "openai-session", id="openai session"),
    pytest.param("ek_" + HEX, "openai-ephemeral-key", id="openai ephemeral"),
    pytest.param("org-" + MIXED, "openai-organization", id="openai organisation"),
    pytest.param("proj_" + MIXED, "openai-project", id="openai project id"),
    pytest.param("sk-ant-api03-" + MIXED * 4, "anthropic-key", id="anthropic"),
    pytest.param("sk-ant-oat01-" + MIXED * 4, "anthropic-key", id="anthropic oauth"),
    pytest.param("A" + MIXED * 2 + MIXED[:11] + "JQQJ99" + MIXED + "ACOG42", "azure-key", id="azure"),
    pytest.param("AIza" + MIXED + MIXED[:15], "google-key", id="google"),
    pytest.param("ya29." + MIXED * 3, "google-oauth", id="google oauth"),
    pytest.param("AKIA" + "Q3EGZ7XN5WB2KTVA", "aws-access-token", id="aws"),
    pytest.param("ghp_" + MIXED + MIXED[:16], "github-token", id="github"),
    pytest.param("github_pat_" + (MIXED * 5)[:82], "github-fine-grained-pat", id="github fine-grained"),
    pytest.param("hf_" + (MIXED * 2)[:34], "hugging-face-token", id="hugging face"),
    pytest.param("xoxb-1234567890-1234567890" + MIXED, "slack-bot-token", id="slack"),
    pytest.param("gsk_" + (MIXED * 3)[:52], "groq-key", id="groq"),
    pytest.param("whsec_" + MIXED + MIXED, "webhook-secret", id="webhook"),
    pytest.param(f"eyJ{MIXED}.eyJ{MIXED}.{MIXED}-_{MIXED}", "jwt", id="jwt"),
    pytest.param(
        f"-----BEGIN RSA PRIVATE KEY-----\n{MIXED}\n{MIXED}==\n-----END RSA PRIVATE KEY-----",
        "private-key",
        id="pem",
    ),
    pytest.param(f'"api_key": "{HEX}"', "named-secret", id="json field"),
    pytest.param(f'"azureApiKey": "{HEX}"', "named-secret", id="camel-case field"),
    pytest.param(f"AZURE_OPENAI_API_KEY={HEX}", "named-secret", id="variable"),
    pytest.param(f"aws_secret_access_key = {MIXED}{MIXED}", "named-secret", id="aws secret"),
    pytest.param(f"Authorization: Bearer {MIXED}{MIXED}", "named-secret", id="header in a text"),
    pytest.param(
        f"https://a.example/f?se=1&sig={MIXED}%3D", "signed-url", id="azure signed url"
    ),
    pytest.param(
        f"https://a.example/f?X-Amz-Date=1&X-Amz-Signature={HEX}{HEX}", "signed-url", id="aws signed url"
    ),
]  # fmt: skip

AROUND = [
    pytest.param("{}", id="alone"),
    pytest.param("the key is {}, so", id="prose"),
    pytest.param('{{"a": ["\\n{}"]}}', id="after an escape in JSON"),
    pytest.param('{{"a": "{{\\"b\\": \\"x {}\\"}}"}}', id="JSON in JSON"),
    pytest.param("a=1&b=%20{}&c=3", id="form"),
    pytest.param("<a>{}</a>", id="XML"),
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("secret", "rule"), SHAPES)
def test_a_secret_of_each_shape_is_found(secret: str, rule: str, around: str) -> None:
    text = secret
    if "JSON" in around or around.startswith("{{"):
        text = json.dumps(secret)[1:-1]
        if "\\" in around.replace("\\n", ""):
            text = json.dumps(text)[1:-1]
    if "%20" in around and not secret.isascii():
        text = secret
    whole = around.format(text).encode()

    hits = detect.find(whole)

    assert rule in {hit.rule for hit in hits}
    left = detect.splice(whole, hits).decode()
    for part in re.findall(r"[0-9A-Za-z]{16,}", secret):
        assert part not in left


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn-based-classification-model-for-tests",
        "a task-management-and-risk-assessment-framework",
        "sk-...",
        "sk-abc123",
        "org-123 and proj_abc of ek_abc123",
        '{"token": "wonderful", "bytes": [1]}',
        '{"api_key": null, "password": {"type": "string"}}',
        '"Authorization": "Bearer $OPENAI_API_KEY"',
        '"api_key": "<your key here>"',
        "api_key=os.environ['OPENAI_API_KEY_OF_THE_PROJECT']",
        "https://example.com/search?key=value&signature=none",
        '"id": "chatcmpl-DuLdhUGYLeMhuTeydXCkL7TYyTfD4"',
        '"call_id": "call_CbLGG8FesyHec5bdp4w9isPp"',
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "gAAAAABn" + MIXED * 60,
        "REDACTED org-REDACTED ek_REDACTED proj_REDACTED",
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    body = text.encode()

    assert detect.find(body) == []
    assert detect.splice(body, []) is body


@pytest.mark.parametrize("rule", builtin_rules.rules(), ids=lambda rule: rule.id)
@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@given(data=st.data())
def test_every_rule_finds_what_it_describes(
    rule: builtin_rules.Rule, data: st.DataObject
) -> None:
    pattern = re.compile(rule.pattern.encode())
    secret = data.draw(st.from_regex(pattern, fullmatch=True))
    assume(len(secret) >= 19 and patterns.has_entropy(secret, rule.entropy))

    hits = detect.find(b'{"a": "' + secret + b'"}')

    assert any(hit.start <= 7 and hit.end >= 7 + len(secret) - 1 for hit in hits)


def test_a_long_run_hides_no_key_at_its_start() -> None:
    token = f"eyJ{MIXED}.{MIXED * 300}.{MIXED}"

    (hit,) = detect.find(token.encode())

    assert (hit.start, hit.end) == (0, len(token))


def test_a_long_run_hides_no_openai_key() -> None:
    key = "sk-proj-" + MIXED * 4

    hits = detect.find(f"{'A/' * 4000}{key}".encode())

    assert [hit.rule for hit in hits] == ["openai-key"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api-key", True),
        ("apiKey", True),
        ("OPENAI_API_KEY", True),
        ("client_secret", True),
        ("x-amz-security-token", True),
        ("authorization", True),
        ("password", True),
        ("prompt_tokens", False),
        ("token", False),
        ("key", False),
        ("monkey", False),
        ("passwords_seen", False),
    ],
)
def test_names_tell_a_secret(name: str, expected: bool) -> None:
    assert secret_names.is_secret_name(name) is expected


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key",
        "Ocp-Apim-Subscription-Key", "Cookie", "Set-Cookie", "X-Auth-Token", "Private-Token",
        "OpenAI-Organization", "OpenAI-Project", "X-Amz-Security-Token", "X-Hub-Signature",
    ],
)  # fmt: skip
def test_headers_whose_value_is_a_secret(name: str) -> None:
    hits = detect.find_in_header(name, b"whatever it is")

    assert detect.splice(b"whatever it is", hits) == b"REDACTED"


@pytest.mark.parametrize(
    "name",
    ["X-Ratelimit-Remaining-Tokens", "Content-Type", "X-Request-Id", "Accept", "ETag"],
)
def test_headers_whose_value_is_none(name: str) -> None:
    assert detect.find_in_header(name, b"whatever it is") == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/v1?api-key=x1&model=m", "https://a.example/v1?api-key=REDACTED&model=m"),
        ("https://a.example/v1?KEY=abc#x", "https://a.example/v1?KEY=REDACTED#x"),
        ("https://u:p@a.example/", "https://REDACTED@a.example/"),
        ("https://a.example/f?sv=1&se=2&sig=3", "https://a.example/f?sv=1&se=REDACTED&sig=REDACTED"),
        ("https://a.example/f?se=2", "https://a.example/f?se=2"),
        ("https://a.example/#access_token=abc", "https://a.example/#access_token=REDACTED"),
        ("https://a.example/o?after=x&limit=2", "https://a.example/o?after=x&limit=2"),
        ("https://a.example/?key=", "https://a.example/?key="),
    ],
)  # fmt: skip
def test_urls(url: str, expected: str) -> None:
    text = url.encode()

    assert detect.splice(text, detect.find_in_url(text)).decode() == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (b"sk-anything", b"REDACTED"),
        (b"org-anything", b"org-REDACTED"),
        (b"proj_anything", b"proj_REDACTED"),
        (b"ek_anything", b"ek_REDACTED"),
        (b"sess-anything", b"sess-REDACTED"),
    ],
)
def test_a_placeholder_keeps_the_prefix_that_programs_look_at(
    secret: bytes, expected: bytes
) -> None:
    assert placeholder.placeholder(secret) == expected
    assert placeholder.is_placeholder(expected)
    assert not placeholder.is_placeholder(secret)


def interaction(
    request: Request | None = None, response: Response | None = None
) -> Interaction:
    return Interaction(
        id=0,
        request=request or Request(method="GET", url="https://a.example/"),
        response=response or Response(code=200, status="200 OK"),
    )


KEY = "sk-proj-" + MIXED * 4


@pytest.mark.parametrize(
    ("request_", "where"),
    [
        (Request(method="GET", url=f"https://a.example/{KEY}"), "request url"),
        (
            Request(method="GET", url="", request_uri=f"/?x={KEY}"),
            "request request_uri",
        ),
        (Request(method="GET", url="", host=KEY), "request host"),
        (
            Request(method="GET", url="", headers=(("Cookie", ("a=b",)),)),
            "request header Cookie",
        ),
        (
            Request(method="GET", url="", headers=(("X", ("a", KEY)),)),
            "request header X",
        ),
        (Request(method="GET", url="", trailer=(("X", (KEY,)),)), "request trailer X"),
        (
            Request(method="GET", url="", form=(("api-key", ("x",)),)),
            "request form api-key",
        ),
        (Request(method="GET", url="", body=KEY.encode()), "request body, byte 0"),
        (Request(method="GET", url="", extra=(("note", {"a": KEY}),)), "request note"),
    ],
)
def test_scan_names_the_place_in_a_request(request_: Request, where: str) -> None:
    (finding,) = detect.scan(interaction(request_))

    assert finding.where == where
    assert MIXED not in repr(finding)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (
            json.dumps({"data": [{"a": 1}, {"value": KEY}]}),
            "response body, $.data[1].value",
        ),
        (json.dumps({"a b": {"c.d": f"x {KEY}"}}), 'response body, $["a b"]["c.d"]'),
        (json.dumps({KEY: 1}), "response body, $"),
        (
            f'data: {{"a": 1}}\n\ndata: {{"b": "{KEY}"}}\n\n',
            "response body, document 1, $.b",
        ),
        (f"not json {KEY}", "response body, byte 9"),
        (
            f'data: {{"a": ["x {KEY[:20]}"]}}\n\ndata: {{"a": ["{KEY[20:]}"]}}\n\n',
            "response body, events joined, $.a[0]",
        ),
        (f'{{"\u00e9\u00e9": 1, "b": "{KEY}"}}', "response body, $.b"),
    ],
)
def test_scan_names_the_place_in_a_body(body: str, where: str) -> None:
    response = Response(code=200, status="200 OK", body=body.encode())

    (finding,) = detect.scan(interaction(response=response))

    assert finding == detect.Finding(rule="openai-key", where=where)


def test_scan_finds_nothing_in_what_was_redacted() -> None:
    placeholders = "REDACTED org-REDACTED"
    request = Request(
        method="POST",
        url="https://REDACTED@a.example/?key=REDACTED&sig=REDACTED",
        headers=(
            ("Authorization", ("REDACTED",)),
            ("OpenAI-Organization", ("org-REDACTED",)),
        ),
        form=(("key", ("REDACTED",)),),
        body=b'{"api_key": "REDACTED", "password": "REDACTED"}',
    )
    response = Response(code=200, status="200 OK", body=placeholders.encode())

    assert detect.scan(interaction(request, response)) == ()


def test_binary_bodies_are_not_searched_for_shapes_but_text_parts_beside_them_are() -> (
    None
):
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = (
        part % (b"a", KEY.encode()) + part % (b"b", b"\0" + KEY.encode()) + b"--b--\r\n"
    )

    (hit,) = detect.find_in_body(body, "multipart/form-data; boundary=b")

    assert body[hit.start : hit.end] == KEY.encode()
    assert hit.start < body.index(b"\0")


def test_rules_name_their_source_and_carry_its_licence() -> None:
    path = resources.files("anyvcr.core.redaction").joinpath("secret-rules.json")
    data = json.loads(path.read_text("utf-8"))

    assert "gitleaks/v8 v8." in data["source"]
    assert "MIT License" in data["licence"]
    assert len(data["rules"]) >= 100
