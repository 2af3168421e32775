"""What a run remembers as a credential, and in which forms it is found again."""

import base64
import json
from html import escape
from urllib.parse import quote

import pytest
from anyvcr.core.redaction.credentials import SHORTEST, Credentials

KEY = "my+secret/key=0123456789.Zz-_9"
OTHER = "4f/another+key-of-the-same-kind"


def seeing(*headers: tuple[str, str], url: str = "https://a.example/") -> Credentials:
    credentials = Credentials()
    credentials.see_request(headers, url)
    return credentials


KNOWN = seeing(("Authorization", f"Bearer {KEY}"))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "url", "value"),
    [
        ([("Authorization", "Bearer canary-01")], "", "canary-01"),
        ([("authorization", "canary-02")], "", "canary-02"),
        ([("Authorization", basic("user-name-3", "x"))], "", "user-name-3"),
        ([("Authorization", basic("u", "canary-04"))], "", "canary-04"),
        ([("Authorization", basic("u", "canary-05"))], "", "u:canary-05"),
        ([("Authorization", basic("u", "canary-06"))], "", basic("u", "canary-06")[6:]),
        ([("Proxy-Authorization", basic("u", "canary-07"))], "", "canary-07"),
        ([("api-key", "canary-08")], "", "canary-08"),
        ([("X-Api-Key", "canary-09")], "", "canary-09"),
        ([("x-goog-api-key", "canary-10")], "", "canary-10"),
        ([("Cookie", "a=1; session=canary-11")], "", "canary-11"),
        ([("Cookie", "session=%22canary-12%22")], "", "canary-12"),
        ([("OpenAI-Organization", "canary-13")], "", "canary-13"),
        ([("OpenAI-Project", "canary-14")], "", "canary-14"),
        (
            [
                (
                    "Sec-WebSocket-Protocol",
                    "realtime, openai-insecure-api-key.canary-15, x",
                )
            ],
            "",
            "canary-15",
        ),
        (
            [("Sec-WebSocket-Protocol", "openai-organization.canary-16")],
            "",
            "canary-16",
        ),
        ([("X-Amz-Security-Token", "canary-17")], "", "canary-17"),
        (
            [
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AK/x, Signature=canary-18",
                )
            ],
            "",
            "canary-18",
        ),
        ([], "https://a.example/?api-key=canary-19", "canary-19"),
        ([], "https://a.example/?x=1&key=canary%2B20", "canary+20"),
        ([], "https://a.example/?sig=canary%2B21", "canary%2B21"),
        ([], "wss://a.example/?token=canary-22", "canary-22"),
        ([], "https://canary-23:x@a.example/", "canary-23"),
        ([], "https://u:canary-24@a.example/", "canary-24"),
        ([], "https://a.example/#access_token=canary-25", "canary-25"),
        ([], "/v1?key=canary-26", "canary-26"),
    ],
)
def test_a_request_shows_its_credentials(
    headers: list[tuple[str, str]], url: str, value: str
) -> None:
    credentials = Credentials()
    credentials.see_request(headers, url)

    assert credentials.replace(f"<{value}>".encode()) == b"<REDACTED>"


@pytest.mark.parametrize(
    ("header", "value", "left"),
    [
        (
            ("Set-Cookie", "__cf_bm=canary-01; path=/; HttpOnly"),
            "canary-01",
            "REDACTED",
        ),
        (("openai-organization", "org-canary02"), "org-canary02", "org-REDACTED"),
        (("openai-organization", "user-canary03"), "user-canary03", "REDACTED"),
        (("openai-project", "proj_canary04"), "proj_canary04", "proj_REDACTED"),
        (("openai-organization", "personal"), "personal", "personal"),
        (("x-request-id", "req_canary06"), "req_canary06", "req_canary06"),
    ],
)
def test_a_response_shows_cookies_and_whose_account_it_is(
    header: tuple[str, str], value: str, left: str
) -> None:
    credentials = Credentials()
    credentials.see_response([header])

    assert credentials.replace(value.encode()) == left.encode()


FORMS = [
    pytest.param(KEY, id="plain"),
    pytest.param(quote(KEY, safe=""), id="URL"),
    pytest.param(KEY.replace("/", "%2f"), id="URL in part, small digits"),
    pytest.param("".join(f"%{ord(char):02X}" for char in KEY), id="URL, all characters"),
    pytest.param(quote(quote(KEY, safe=""), safe=""), id="URL twice"),
    pytest.param(KEY.replace("/", "\\/"), id="JSON, slashes as PHP writes them"),
    pytest.param(KEY.replace("+", "\\u002B"), id="JSON, as .NET writes it"),
    pytest.param("".join(f"\\u{ord(char):04x}" for char in KEY), id="JSON, all characters"),
    pytest.param(json.dumps(KEY.replace("/", "\\/"))[1:-1], id="JSON in JSON"),
    pytest.param(quote(KEY.replace("/", "\\/"), safe=""), id="JSON in a URL"),
    pytest.param(KEY.replace("=", "&#61;").replace("+", "&#x2B;"), id="XML"),
    pytest.param(KEY.encode().hex(), id="hexadecimal"),
    pytest.param(KEY.encode().hex().upper(), id="hexadecimal, capitals"),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", ["{}", "a {} b", '{{"a": "{}"}}', "x{}y"])
def test_every_spelling_is_found(form: str, around: str) -> None:
    text = around.format(form).encode()

    assert KNOWN.replace(text) == around.format("REDACTED").encode()


@pytest.mark.parametrize("urlsafe", [False, True], ids=["standard", "urlsafe"])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
def test_base64_is_found_at_every_alignment_and_stays_base64(
    before: str, after: str, *, urlsafe: bool
) -> None:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode((before + KEY + after).encode())

    replaced = KNOWN.replace(b'{"a": "' + text + b'"}')

    inner = json.loads(replaced)["a"]
    decoded = base64.b64decode(inner, altchars=b"-_" if urlsafe else None)
    assert KEY[2:-2].encode() not in decoded
    assert decoded.startswith(before.encode())
    assert "UkVEQUNURUQ" in inner


@pytest.mark.parametrize(
    "shown",
    [
        "{first8}********************{last4}",
        "{first2}***{last4}",
        "***{last4}",
        "{first8}...{last4}",
        "{first8}…{last4}",
        "{first8}\\u2026{last4}",
        "{first8}••••{last4}",
        "{first8}xxxxxxxx{last4}",
        "{first12}*****",
    ],
)
def test_the_shortened_form_of_an_error_message_is_found(shown: str) -> None:
    key = "sk-proj-Qw3rTy7uIoPaSdFgHjKlZxCvBnM1Zz"
    credentials = seeing(("Authorization", f"Bearer {key}"))
    echo = shown.format(
        first2=key[:2], first8=key[:8], first12=key[:12], last4=key[-4:]
    )
    body = '{"message": "Incorrect API key provided: %s. You can find it"}'

    replaced = credentials.replace((body % echo).encode()).decode()

    assert key[-4:] not in replaced
    assert key[:12] not in replaced
    assert json.loads(replaced)["message"].startswith("Incorrect API key provided: ")
    assert replaced.endswith('. You can find it"}')


@pytest.mark.parametrize("mask", ["...", "xxxx"])
def test_a_long_run_hides_no_shortened_form(mask: str) -> None:
    key = "sk-proj-Qw3rTy7uIoPaSdFgHjKlZxCvBnM1Zz"
    credentials = seeing(("Authorization", f"Bearer {key}"))
    data = "ab." * 1000

    replaced = credentials.replace(f"{data}{key[:12]}{mask}{key[-4:]}.{data}".encode())

    assert replaced == f"{data}REDACTED.{data}".encode()


@pytest.mark.parametrize(
    "text",
    ["and so on...", "sk-...", "sk-proj-xxxx", "**bold** *** rule", "a…b", "1...9"],
)
def test_other_dots_and_stars_stay(text: str) -> None:
    key = "sk-proj-Qw3rTy7uIoPaSdFgHjKlZxCvBnM1Zz"
    credentials = seeing(("Authorization", f"Bearer {key}"))
    body = text.encode()

    assert credentials.replace(body) is body


@pytest.mark.parametrize("length", [SHORTEST - 1, SHORTEST])
def test_short_values_are_no_secrets(length: int) -> None:
    value = "a1b2c3d4e5"[:length]
    credentials = seeing(("api-key", value))
    body = f"x {value} y".encode()

    assert (credentials.replace(body) is body) is (length < SHORTEST)


def test_a_placeholder_is_no_secret() -> None:
    credentials = seeing(
        ("Authorization", "Bearer REDACTED"), ("OpenAI-Organization", "org-REDACTED")
    )

    assert credentials.replace(b"REDACTED org-REDACTED") == b"REDACTED org-REDACTED"


def test_two_keys_leave_the_same_text() -> None:
    body = '{"a": "%s", "b": "%s", "c": "key=%s"}'
    left = {
        seeing(("api-key", key)).replace(
            (body % (key, quote(key, safe=""), escape(key))).encode()
        )
        for key in (KEY, OTHER)
    }

    assert left == {b'{"a": "REDACTED", "b": "REDACTED", "c": "key=REDACTED"}'}


def test_a_key_that_is_a_number_leaves_numbers() -> None:
    credentials = seeing(("Cookie", "seen=1782321921"))

    replaced = credentials.replace(b'{"created": 1782321921, "id": "a1782321921"}')

    assert json.loads(replaced) == {"created": 9999999999, "id": "a9999999999"}


def test_the_backslash_of_an_escape_goes_with_a_key_that_starts_in_it() -> None:
    credentials = seeing(("api-key", "nsk-0123456789"))

    replaced = credentials.replace(
        rb'{"a": "x\nsk-0123456789", "b": "\\nsk-0123456789"}'
    )

    assert json.loads(replaced) == {"a": "xREDACTED", "b": "\\REDACTED"}


def test_a_password_beyond_ascii_is_found_escaped() -> None:
    password = 'p\u00e4ss "w\u20acrd\\ \U0001f511'
    credentials = seeing(("Authorization", basic("u", password)))

    for text in (
        json.dumps(password),
        quote(password),
        quote(password).replace("%20", "+"),
    ):
        replaced = credentials.replace(text.encode())
        assert b"rd" not in replaced
        assert b"REDACTED" in replaced


def test_a_credential_that_is_mostly_backslashes_is_found_escaped() -> None:
    credentials = seeing(("api-key", "000000\\\\"))

    assert credentials.replace(b"a 000000%5C%5C b") == b"a REDACTED b"


def test_the_longest_credential_goes_first() -> None:
    credentials = seeing(("api-key", "abcdefgh1"), ("x-api-key", "abcdefgh12345"))

    assert credentials.replace(b"abcdefgh12345 abcdefgh1") == b"REDACTED REDACTED"


def test_binary_data_keeps_its_length() -> None:
    data = b"\0\1" + KEY.encode() + b"\0" + base64.b64encode(KEY.encode()) + b"\xff"

    replaced = KNOWN.overwrite(data)

    assert len(replaced) == len(data)
    assert KEY.encode() not in replaced
    assert KNOWN.overwrite(replaced) == replaced


def test_cookies_that_change_with_every_answer_are_forgotten_in_the_end() -> None:
    credentials = Credentials()
    for number in range(1000):
        credentials.see_response([("Set-Cookie", f"__cf_bm=canary-{number:04}")])
    credentials.see_request([("api-key", KEY)], "")

    assert credentials.replace(b"canary-0999") == b"REDACTED"
    assert repr(credentials) == "Credentials(17 values)"


def test_nothing_of_a_credential_shows_in_its_memory() -> None:
    assert KEY not in repr(KNOWN)
    assert KEY not in repr(vars(KNOWN)["_values"].values())
