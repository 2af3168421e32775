"""Who calls the proxy's own port."""

import pytest
from anyvcr.core.callers import foreign_page, is_loopback, is_loopback_peer, is_open


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "a.localhost", "::1"),
        *("[::1]", "::ffff:127.0.0.1", "0.0.0.0", "::", "127.1", "2130706433"),
    ],
)
def test_a_name_or_address_of_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "api.openai.com", "fe80::1%eth0", "box"])
def test_another_host_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_peer_that_is_not_known_is_not_local() -> None:
    assert is_loopback_peer(("127.0.0.1", 5))
    assert is_loopback_peer(("::1", 5, 0, 0))
    assert not is_loopback_peer(("10.0.0.1", 5))
    assert not is_loopback_peer(None)


def test_a_listener_on_all_addresses_is_open() -> None:
    assert [is_open(host) for host in ("0.0.0.0", "::", "10.0.0.1")] == [True] * 3
    assert not is_open("127.0.0.1")


HERE = {"host": "127.0.0.1:8080"}


@pytest.mark.parametrize(
    "headers",
    [
        HERE,
        {"host": "10.0.0.7:8080"},
        {"host": "proxy:8080"},
        {"host": "host.docker.internal:8080"},
        {"host": "api.openai.com"},
        {**HERE, "origin": "http://localhost:3000", "sec-fetch-site": "cross-site"},
        {**HERE, "origin": "http://127.0.0.1:5173", "sec-fetch-site": "same-site"},
        {**HERE, "origin": "http://app.localhost"},
        {**HERE, "origin": "https://api.openai.com"},
        {**HERE, "origin": "vscode-webview://abc"},
        {**HERE, "sec-fetch-site": "same-origin"},
        {"host": "10.0.0.7:8080", "origin": "http://10.0.0.7:8080"},
    ],
)
def test_programs_and_pages_of_this_machine_may_call(headers: dict[str, str]) -> None:
    assert foreign_page(headers, "api.openai.com".__eq__) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8080"},
        {"host": "evil@127.0.0.1@evil.example"},
        {"host": "[evil"},
        {**HERE, "origin": "https://evil.example"},
        {**HERE, "origin": "https://localhost.evil.example"},
        {**HERE, "origin": "http://203.0.113.9"},
        {**HERE, "origin": "null"},
        {**HERE, "sec-fetch-site": "cross-site"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
)
def test_a_foreign_page_is_told(headers: dict[str, str]) -> None:
    assert foreign_page(headers, "api.openai.com".__eq__)
