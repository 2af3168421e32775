"""Values that look like nothing, told by the name beside them; and names that tell nothing."""

import json

import pytest
from anyvcr.core.redaction.detect import find, splice

OPAQUE = "9fK2mQx7Lp4Zt1Rb8sWd3Vn6yHj5"


def left(text: str) -> str:
    body = text.encode()
    return splice(body, find(body)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "# app.ini\npassword={}\n",
        "db:\n\tpassword: {}\n",
        "PGPASSWORD={}",
        "MYSQL_PWD={}",
        "GITHUB_TOKEN={}",
        "export HF_TOKEN='{}'",
        'token = "{}"',
        'api_key := "{}"',
        'api_key => "{}"',
        "api_key: |\n  {}",
        "password:\n{}",
        "{{'password': '{}'}}",
        '{{"name":"Authorization","value":"{}"}}',
        '{{"key": "api_key", "value": "{}"}}',
        '["Authorization","Bearer {}"]',
        '{{"headers": ["Authorization: Bearer {}"]}}',
        '{{"api_key":["{}"]}}',
        '{{"api_key":{{"env":"X","value":"{}"}}}}',
        '{{"authorization":{{"token":"{}"}}}}',
        '{{"client_secret":{{"value":"{}","expires_at":1}}}}',
        '{{"password":\n\n\n      \t "{}"}}',
        '{{"Helicone-Auth": "Bearer {}"}}',
        '{{"x-portkey-virtual-key": "{}"}}',
        "<password>{}</password>",
        "curl -u user:{} https://a.example",
        "curl -H 'X: y' --user 'admin:{}' https://a.example",
        "Authorization: Token {}",
    ],
)
def test_a_secret_is_told_by_its_name_in_a_text_and_in_json(text: str) -> None:
    plain = text.format(OPAQUE)
    prompt = json.dumps({"content": plain})
    nested = json.dumps({"arguments": prompt})

    for whole in (plain, prompt, nested):
        assert OPAQUE not in left(whole), whole
    assert left(plain) == text.format("REDACTED")


@pytest.mark.parametrize(
    "password",
    [
        "p@ss w0rd!",
        "correct horse battery staple",
        "P@$$w0rd(2024)",
        "a'b\"c\\d7e8f9",
        "s3cr3t;with;semi",
        "x{y}z<1>23",
        "Tr0ub4dor&3",
        "\u00e4\u00f6\u00fc\u00df-passw\u00f6rt-9",
        "new\nline-pass9",
        "pa$$word!$HOME/9",
    ],
)
def test_a_password_in_quotes_may_have_any_characters(password: str) -> None:
    for ascii_only in (False, True):
        text = json.dumps({"password": password, "n": 1}, ensure_ascii=ascii_only)

        assert json.loads(left(text)) == {"password": "REDACTED", "n": 1}


@pytest.mark.parametrize(
    "text",
    [
        '{"next_page_token": "9fK2mQx7Lp4Zt1Rb8sWd3Vn6yHj5"}',
        '{"total_tokens": 123456789, "max_tokens": "12345678"}',
        '{"token": " wonderful", "logprob": -0.1}',
        '{"password": {"type": "string", "description": "the user\'s password"}}',
        '{"password": "must be at least 8 characters"}',
        '["username", "password", "created_at_2024_01"]',
        '{"signature": "EqQBCkYIARgCIkD0a1b2c3d4e5f60718293"}',
        "a=ice-ufrag:kZ2q\\r\\na=ice-pwd:uoD16Di5OGx3VbqgA3ymjEQV2kwiOjw6",
        "password = get_password_2024()",
        "password: elephant",
        "auth: https://login.example.com/v1/oauth2/0123456789",
        "char *token = strtok(s, d1);",
        "token=abc123",
        'password: "{{ vault_password_1 }}"',
        "curl -u user:$PASSWORD https://a.example",
        "api_key=%3CYOUR_KEY_1234567890%3E",
        "client_secret=%3CGOOGLE_CLIENT_SECRET%3E",
        "api_key = 'test_api_key'",
    ],
)
def test_what_a_name_does_not_make_a_secret_stays(text: str) -> None:
    assert left(text) == text


def test_a_long_value_goes_to_its_end() -> None:
    assert left("api_key=" + OPAQUE * 1000) == "api_key=REDACTED"
