"""Which hosts are intercepted, and how origins are read and written."""

import pytest
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import ApiHosts, Origin


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("api.openai.com", 443, True),
        ("API.OpenAI.com", 443, True),
        ("api.openai.com.", 443, True),
        ("api.openai.com", 8443, True),
        ("eu.api.openai.com", 443, True),
        ("my-resource.openai.azure.com", 443, True),
        ("openai.azure.com", 443, False),
        ("openai.com", 443, False),
        ("platform.openai.com", 443, False),
        ("auth.openai.com", 443, False),
        ("notapi.openai.com", 443, False),
        ("api.openai.com.evil.example", 443, False),
        ("packages.example", 443, False),
        ("localhost", 11434, False),
    ],
)
def test_openai_and_azure_are_the_api(host: str, port: int, expected: bool) -> None:
    assert ((host, port) in ApiHosts()) is expected


@pytest.mark.parametrize(
    ("pattern", "host", "port", "expected"),
    [
        ("api.groq.com", "api.groq.com", 443, True),
        ("api.groq.com", "eu.api.groq.com", 443, False),
        ("*.groq.com", "api.groq.com", 443, True),
        ("*.groq.com", "groq.com", 443, False),
        ("localhost:11434", "localhost", 11434, True),
        ("localhost:11434", "localhost", 8000, False),
        ("[::1]:8000", "::1", 8000, True),
        ("127.0.0.1", "127.0.0.1", 1, True),
    ],
)
def test_users_name_further_hosts(
    pattern: str, host: str, port: int, expected: bool
) -> None:
    assert ((host, port) in ApiHosts((pattern,))) is expected


@pytest.mark.parametrize("pattern", ["", "*", "a/b", "https://a", "a b", "a:b", "*.*"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="cassette_hosts: expected"):
        ApiHosts((pattern,))


@pytest.mark.parametrize(
    ("url", "origin", "text"),
    [
        ("https://API.openai.com/v1", Origin("https", "api.openai.com", 443), None),
        ("http://h:80", Origin("http", "h", 80), "http://h"),
        ("http://h:8080/x", Origin("http", "h", 8080), "http://h:8080"),
        ("https://[::1]:9/", Origin("https", "::1", 9), "https://[::1]:9"),
    ],
)
def test_an_origin_is_read_and_written(
    url: str, origin: Origin, text: str | None
) -> None:
    assert Origin.parse(url) == origin
    assert str(origin) == (text or "https://api.openai.com")


@pytest.mark.parametrize(
    "url", ["", "api.openai.com", "ftp://h", "https://", "http://h:x"]
)
def test_what_has_no_origin_is_an_error_that_names_its_use(url: str) -> None:
    with pytest.raises(ConfigError, match="--api: expected a URL like"):
        Origin.parse(url, "--api")
