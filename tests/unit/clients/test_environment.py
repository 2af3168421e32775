from pathlib import Path

import pytest
from anyvcr.clients.environment import (
    REPLAY_KEY,
    Endpoint,
    changes,
    child_environment,
)
from anyvcr.clients.trust import TrustFiles
from anyvcr.core.hosts import OPENAI

ENDPOINT = Endpoint("127.0.0.1", 8080)
TRUST = TrustFiles.under(Path("/state"))
CLEAN = {"PATH": "/bin", "HOME": "/home/me", "OPENAI_API_KEY": "sk-fake"}
JAVA = (
    "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8080"
    " -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8080"
    " -Djavax.net.ssl.trustStore=/state/truststore.jks"
    " -Djavax.net.ssl.trustStoreType=JKS"
    " -Djavax.net.ssl.trustStorePassword=changeit"
)
MARKS = {
    "ANYVCR_ACTIVE": "1",
    "ANYVCR_CA": "/state/ca.pem",
    "ANYVCR_HOSTS": ",".join(OPENAI),
    "ANYVCR_PROXY": "http://127.0.0.1:8080",
}


def child(
    parent: dict[str, str],
    *,
    endpoint: Endpoint = ENDPOINT,
    trust: TrustFiles = TRUST,
    replay: bool = False,
    base_url: bool = False,
    cassette: str | None = None,
) -> dict[str, str]:
    return child_environment(
        parent,
        endpoint,
        trust,
        api_hosts=OPENAI,
        replay=replay,
        base_url=base_url,
        cassette=cassette,
    )


def test_a_clean_parent_gets_exactly_this() -> None:
    values, unset = changes(CLEAN, child(CLEAN))
    assert unset == ()
    assert values == MARKS | {
        "HTTP_PROXY": "http://127.0.0.1:8080",
        "HTTPS_PROXY": "http://127.0.0.1:8080",
        "http_proxy": "http://127.0.0.1:8080",
        "https_proxy": "http://127.0.0.1:8080",
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
        "SSL_CERT_FILE": "/state/ca-bundle.pem",
        "REQUESTS_CA_BUNDLE": "/state/ca-bundle.pem",
        "CURL_CA_BUNDLE": "/state/ca-bundle.pem",
        "PERL_LWP_SSL_CA_FILE": "/state/ca-bundle.pem",
        "PERL_LWP_ENV_PROXY": "1",
        "NODE_EXTRA_CA_CERTS": "/state/ca-extra.pem",
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": "--require /state/node-preload.cjs",
        "DENO_CERT": "/state/ca-extra.pem",
        "JAVA_TOOL_OPTIONS": JAVA,
        "PHP_INI_SCAN_DIR": ":/state/php",
        "WGETRC": "/state/wgetrc",
        "DART_VM_OPTIONS": "--root-certs-file=/state/ca-bundle.pem",
    }


DIRTY = CLEAN | {
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "HTTPS_PROXY": "http://user:secret@corp:3128",
    "https_proxy": "http://corp:3128",
    "NO_PROXY": "*",
    "no_proxy": ".openai.com,.corp",
    "SSL_CERT_FILE": "/corp/roots.pem",
    "SSL_CERT_DIR": "/corp/roots",
    "NODE_EXTRA_CA_CERTS": "/corp/ca.pem",
    "NODE_OPTIONS": "--max-old-space-size=4096",
    "JAVA_TOOL_OPTIONS": "-Xmx1g -Dhttp.nonProxyHosts=*.corp|*.openai.com",
    "PHP_INI_SCAN_DIR": "/corp/php",
    "DART_VM_OPTIONS": "--enable-asserts",
    "WGETRC": "/corp/wgetrc",
    "OPENAI_BASE_URL": "http://localhost:11434/v1",
}


def test_a_dirty_parent_is_merged() -> None:
    env = child(DIRTY)
    assert "ALL_PROXY" not in env
    assert "all_proxy" not in env
    assert env["NO_PROXY"] == env["no_proxy"] == "localhost,127.0.0.1,::1,.corp"
    assert env["HTTPS_PROXY"] == env["https_proxy"] == "http://127.0.0.1:8080"
    assert env["SSL_CERT_FILE"] == "/state/ca-bundle.pem"
    assert env["SSL_CERT_DIR"] == "/corp/roots"
    assert env["NODE_EXTRA_CA_CERTS"] == "/state/ca-extra.pem"
    expected = "--max-old-space-size=4096 --require /state/node-preload.cjs"
    assert env["NODE_OPTIONS"] == expected
    assert env["JAVA_TOOL_OPTIONS"] == (
        f"{DIRTY['JAVA_TOOL_OPTIONS']} {JAVA}"
        " -Dhttp.nonProxyHosts=localhost|127.*|[::1]|*.corp"
    )
    assert env["PHP_INI_SCAN_DIR"] == "/corp/php:/state/php"
    expected = "--enable-asserts,--root-certs-file=/state/ca-bundle.pem"
    assert env["DART_VM_OPTIONS"] == expected
    assert env["WGETRC"] == "/state/wgetrc"
    assert env["OPENAI_BASE_URL"] == "http://localhost:11434/v1"
    assert env["PATH"] == "/bin"


def test_what_changes_names_no_secret_of_the_parent() -> None:
    values, unset = changes(DIRTY, child(DIRTY))
    assert unset == ("ALL_PROXY", "all_proxy")
    assert "secret" not in str(values)
    assert "OPENAI_API_KEY" not in values
    assert list(values) == sorted(values)


def test_the_parents_mapping_is_left_alone() -> None:
    before = dict(DIRTY)
    child(DIRTY, replay=True)
    assert before == DIRTY


@pytest.mark.parametrize(
    ("parent", "replay", "key"),
    [
        ({}, True, REPLAY_KEY),
        ({"OPENAI_API_KEY": ""}, True, REPLAY_KEY),
        ({"OPENAI_API_KEY": "sk-fake"}, True, "sk-fake"),
        ({}, False, None),
    ],
)
@pytest.mark.parametrize("base_url", [True, False])
def test_only_a_replay_without_a_key_gets_one(
    parent: dict[str, str], replay: bool, key: str | None, base_url: bool
) -> None:
    env = child(parent, replay=replay, base_url=base_url)
    assert env.get("OPENAI_API_KEY") == key


def test_base_url_sets_the_base_url_and_nothing_else() -> None:
    values, unset = changes(CLEAN, child(CLEAN, base_url=True))
    assert unset == ()
    assert values == MARKS | {
        "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1",
        "OPENAI_API_BASE": "http://127.0.0.1:8080/v1",
    }


def test_base_url_keeps_the_parents_proxy_away_from_ours() -> None:
    parent = CLEAN | {"HTTPS_PROXY": "http://corp:3128", "NO_PROXY": ".openai.com"}
    endpoint = Endpoint("host.docker.internal", 9)
    values, _ = changes(parent, child(parent, endpoint=endpoint, base_url=True))
    exempt = ".openai.com,localhost,127.0.0.1,::1,host.docker.internal"
    assert values["NO_PROXY"] == values["no_proxy"] == exempt
    assert "HTTPS_PROXY" not in values


def test_a_cassettes_name_is_the_proxys_user() -> None:
    env = child(CLEAN, cassette="a/b c@é:1")
    url = "http://a%2Fb%20c%40%C3%A9%3A1:x@127.0.0.1:8080"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    assert {env[name] for name in names} == {url}
    assert env["ANYVCR_PROXY"] == "http://127.0.0.1:8080"


def test_an_ipv6_address_has_brackets_in_urls_and_none_for_java() -> None:
    endpoint = Endpoint("::1", 8080)
    env = child(CLEAN, endpoint=endpoint)
    assert endpoint.base_url == "http://[::1]:8080/v1"
    assert env["HTTPS_PROXY"] == "http://[::1]:8080"
    assert "-Dhttps.proxyHost=::1 " in env["JAVA_TOOL_OPTIONS"]


def test_a_state_folder_with_spaces_and_quotes_is_quoted() -> None:
    env = child(CLEAN, trust=TrustFiles.under(Path('/my "state" \\')))
    path = '"/my \\"state\\" \\\\/node-preload.cjs"'
    assert env["NODE_OPTIONS"] == f"--require {path}"
    store = "'-Djavax.net.ssl.trustStore=/my \"state\" \\/truststore.jks'"
    assert store in env["JAVA_TOOL_OPTIONS"]


def test_php_without_any_ini_folder_keeps_to_ours() -> None:
    env = child(CLEAN | {"PHP_INI_SCAN_DIR": ""})
    assert env["PHP_INI_SCAN_DIR"] == "/state/php"
