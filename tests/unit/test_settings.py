"""Options by --set and by environment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import Origin
from anyvcr.core.matching.rules import Repeats
from anyvcr.core.modes import Mode
from anyvcr.options import OPTIONS, SETTINGS, Kind
from anyvcr.settings import Layer, Settings, Upstream, Values, refuse_unknown


def parsed(
    options: Mapping[str, str | Sequence[str]], environ: Mapping[str, str]
) -> Settings:
    layers = Layer.of_mitmproxy(options), Layer.of_environment(environ)
    return Settings.parse(Values(*layers))


def test_without_any_option_it_records_once_into_the_default_cassette() -> None:
    settings = parsed({}, {})

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
    environ = {o.variable: values[o.set_name] for o in SETTINGS if o.set_name in values}

    by_option = parsed(values, {"ANYVCR_MODE": "nonsense"})
    by_environment = parsed({}, environ)

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
        parsed({name: value}, {})


def test_the_command_line_comes_before_the_environment() -> None:
    said = Layer.of_command_line({"pace": "2x"})
    variables = Layer.of_environment({"ANYVCR_PACE": "instant", "ANYVCR_MODE": " "})

    settings = Settings.parse(Values(said, variables))

    assert settings.pace.factor == 2.0
    assert settings.mode is Mode.RECORD_ONCE


def test_what_is_given_once_on_the_command_line_is_one_value() -> None:
    given = {
        "ignore": ("query:a,b", "$.user"),
        "redact": ("regex:a\nb",),
        "keep_headers": ("x-a",),
    }

    settings = Settings.parse(Values(Layer.of_command_line(given)))

    assert settings.rules.query == {"a,b"}
    assert settings.rules.paths == ("$.user",)
    assert settings.redact.patterns == ("a\nb",)


def test_a_rule_with_a_comma_stands_on_a_line_of_its_own() -> None:
    assert parsed({"cassette_ignore": "query:a,b\n"}, {}).rules.query == {"a,b"}


def test_an_option_may_be_set_several_times() -> None:
    settings = parsed({"cassette_ignore": ["$.a, query:v", "$.b"]}, {})

    assert settings.rules.ignore == ("$.a", "query:v", "$.b")


@pytest.mark.parametrize(
    ("layer", "end"),
    [
        (Layer.of_command_line({"pace": "fast"}), " (from --pace)"),
        (Layer.of_environment({"ANYVCR_PACE": "fast"}), " (from ANYVCR_PACE)"),
        (Layer.of_mitmproxy({"cassette_pace": "fast"}), "found 'fast'"),
    ],
)
def test_a_fault_says_where_the_value_is_from(layer: Layer, end: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.parse(Values(layer))

    assert str(caught.value).startswith("cassette_pace: expected instant")
    assert str(caught.value).endswith(end)


def test_the_table_s_defaults_are_those_of_the_settings() -> None:
    stated = {o.name: o.default for o in SETTINGS if o.default}

    assert Settings.parse(Values(Layer.of_command_line(stated))) == Settings()


def test_names_flags_and_variables_are_given_once() -> None:
    flags = [(c, flag) for o in OPTIONS for c in o.commands for flag in o.flags]

    assert len({o.name for o in OPTIONS}) == len(OPTIONS)
    assert len(set(flags)) == len(flags)
    assert not [o for o in OPTIONS if o.choices and o.kind is not Kind.TEXT]


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
