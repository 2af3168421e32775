"""Options by --set and by environment."""

from pathlib import Path

import pytest
from anyvcr.core.cassette.model import Style
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import Origin
from anyvcr.core.matching.rules import Repeats
from anyvcr.core.modes import Mode
from anyvcr.settings import OPTIONS, Settings, refuse_unknown
from anyvcr.upstream import Upstream


def test_without_any_option_it_records_once_into_the_default_cassette() -> None:
    settings = Settings.parse({}, {})

    assert settings == Settings()
    assert settings.cassette == Path("cassettes/openai.yaml")
    assert settings.mode is Mode.RECORD_ONCE


def test_every_option_has_a_variable_and_the_option_wins() -> None:
    values = {
        "cassette": "a.yaml",
        "cassette_mode": "replay-only",
        "cassette_hosts": "localhost:11434, *.groq.com",
        "cassette_base_url": "http://localhost:11434/v1",
        "cassette_upstream": "127.0.0.1:8443",
        "cassette_offline": "yes",
        "cassette_style": "go-vcr",
        "cassette_keep_headers": "X-Request-Id",
        "cassette_match_headers": "openai-beta",
        "cassette_ignore": "$.user, query:v, $['a,b']",
        "cassette_repeats": "sticky",
        "cassette_redact": "$.user\nheader:X-Secret",
    }
    environ = {o.variable: values[o.name] for o in OPTIONS if o.name in values}

    by_option = Settings.parse(values, {"ANYVCR_MODE": "nonsense"})
    by_environment = Settings.parse({}, environ)

    assert by_option == by_environment
    assert by_option.mode is Mode.REPLAY_ONLY
    assert by_option.base_url == Origin("http", "localhost", 11434)
    assert by_option.upstream == Upstream("127.0.0.1", 8443)
    assert by_option.offline
    assert by_option.style is Style.GO_VCR
    assert by_option.rules.ignore == ("$.user", "query:v", "$['a,b']")
    assert by_option.repeats is Repeats.STICKY
    assert by_option.kept_headers == ("X-Request-Id", "openai-beta")
    assert ("api.groq.com", 443) in by_option.api_hosts()
    assert ("localhost", 11434) in by_option.api_hosts()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cassette_mode", "all"),
        ("cassette_base_url", "https://h/other/path"),
        ("cassette_upstream", "host"),
        ("cassette_upstream", "host:0"),
        ("cassette_upstream", "ftp://h"),
        ("cassette_ignore", "user"),
        ("cassette_repeats", "twice"),
        ("cassette_redact", "user"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError):
        Settings.parse({name: value}, {})


def test_an_unknown_option_of_the_family_is_refused_with_the_list() -> None:
    refuse_unknown(["cassette_mode", "other"])
    with pytest.raises(ConfigError, match="cassette_moed: expected one of cassette, "):
        refuse_unknown(["cassette_moed"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8443", Upstream("127.0.0.1", 8443)),
        ("[::1]:8443", Upstream("::1", 8443)),
        (
            "https://gw.example/openai/",
            Upstream("gw.example", 443, Origin("https", "gw.example", 443), "/openai"),
        ),
    ],
)
def test_an_upstream_is_an_address_or_a_gateway(text: str, expected: Upstream) -> None:
    assert Upstream.parse(text) == expected
