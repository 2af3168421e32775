import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
import trustme
from anyvcr.clients import pem, trust
from anyvcr.core.errors import ConfigError


def new_root() -> str:
    return trustme.CA().cert_pem.bytes().decode()


@pytest.fixture
def ours() -> str:
    return new_root()


@pytest.fixture
def root(tmp_path: Path) -> Callable[[str], tuple[Path, str]]:
    """Makes a CA of the machine's own, as a file of that name."""

    def write(name: str) -> tuple[Path, str]:
        path = tmp_path / name
        text = new_root()
        path.write_text(text)
        return path, text

    return write


def test_the_files_are_there_and_only_their_owner_reads_them(
    tmp_path: Path, ours: str
) -> None:
    state = tmp_path / "deep" / "state"
    files = trust.write_trust(state, ours, {"HOME": str(tmp_path)})

    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    written = [path for path in state.rglob("*") if path.is_file()]
    assert {oct(stat.S_IMODE(p.stat().st_mode)) for p in written} == {"0o600"}
    assert {
        files.ca,
        files.bundle,
        files.extra,
        files.jks,
        files.wgetrc,
        files.node_preload,
        files.php_dir / "zz-anyvcr.ini",
    } == set(written)


def test_a_state_folder_that_others_could_read_is_closed(
    tmp_path: Path, ours: str
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    trust.write_trust(state, ours, {})
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_without_settings_the_bundle_is_the_systems_roots_and_our_ca(
    tmp_path: Path, ours: str
) -> None:
    files = trust.write_trust(tmp_path, ours, {})
    roots = pem.certificates(files.bundle.read_text())
    assert len(roots) > 50
    assert roots[-1:] == pem.certificates(ours)
    assert files.ca.read_text() == ours
    assert files.extra.read_text() == ours


def test_every_root_that_the_parent_names_is_in_the_bundle(
    tmp_path: Path, ours: str, root: Callable[[str], tuple[Path, str]]
) -> None:
    names = (*trust.REPLACING, *trust.ADDING)
    made = {name: root(f"{name}.pem") for name in names}
    parent = {name: str(path) for name, (path, _) in made.items()}

    files = trust.write_trust(tmp_path / "state", ours, parent)

    bundle = files.bundle.read_text()
    assert [name for name, (_, text) in made.items() if text not in bundle] == []
    added = "".join(made[name][1] for name in trust.ADDING)
    assert files.extra.read_text() == added + ours


def test_a_folder_of_roots_counts(tmp_path: Path, ours: str) -> None:
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "corporate.pem").write_text(corporate := new_root())
    files = trust.write_trust(
        tmp_path / "state", ours, {"REQUESTS_CA_BUNDLE": str(folder)}
    )
    assert corporate in files.bundle.read_text()


def test_without_a_system_bundle_certifi_stands_in(
    tmp_path: Path, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "SYSTEM_BUNDLES", ("/nonexistent/bundle.crt",))
    files = trust.write_trust(tmp_path, ours, {})
    certifis = pem.in_files([Path(certifi.where())])
    assert files.bundle.read_text() == pem.text(certifis) + ours


def test_the_cas_key_is_not_written(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("example.test")
    with_key = issued.private_key_and_cert_chain_pem.bytes().decode()
    trust.write_trust(tmp_path, with_key, {})
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"PRIVATE KEY" not in written


def test_a_ca_without_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a certificate in PEM, found none"):
        trust.write_trust(tmp_path, "nothing", {})


@pytest.mark.parametrize("named", [True, False])
def test_the_users_wgetrc_comes_first(tmp_path: Path, ours: str, named: bool) -> None:
    own = tmp_path / ("own" if named else ".wgetrc")
    own.write_text("timeout = 7")
    parent = {"HOME": str(tmp_path)} | ({"WGETRC": str(own)} if named else {})
    files = trust.write_trust(tmp_path / "state", ours, parent)
    expected = f"timeout = 7\nca_certificate = {files.bundle}\n"
    assert files.wgetrc.read_text() == expected


def test_php_gets_the_bundle_for_curl_and_for_streams(
    tmp_path: Path, ours: str
) -> None:
    files = trust.write_trust(tmp_path, ours, {})
    ini = (files.php_dir / "zz-anyvcr.ini").read_text()
    expected = f"curl.cainfo='{files.bundle}'\nopenssl.cafile='{files.bundle}'\n"
    assert ini == expected


def test_writing_again_replaces_and_leaves_nothing_else(
    tmp_path: Path, ours: str
) -> None:
    trust.write_trust(tmp_path, new_root(), {})
    before = sorted(tmp_path.rglob("*"))
    files = trust.write_trust(tmp_path, ours, {})
    assert files.ca.read_text() == ours
    assert sorted(tmp_path.rglob("*")) == before


def test_writing_is_quick(tmp_path: Path, ours: str) -> None:
    """It is on the way of every run: the best of five, in milliseconds of the processor."""
    parent = {"SSL_CERT_FILE": certifi.where(), "NODE_EXTRA_CA_CERTS": certifi.where()}

    def once() -> float:
        begun = time.process_time()
        trust.write_trust(tmp_path, ours, parent)
        return (time.process_time() - begun) * 1000

    assert min(once() for _ in range(5)) < 50


def test_upstream_the_machines_roots_are_trusted() -> None:
    roots = trust.upstream_roots({"SSL_CERT_FILE": "", "HOME": "/"})

    assert len(pem.certificates(roots)) > 50


@pytest.mark.parametrize("name", [*trust.REPLACING, *trust.ADDING])
def test_upstream_the_parents_roots_are_ours(
    name: str, root: Callable[[str], tuple[Path, str]]
) -> None:
    path, text = root("corporate.pem")
    roots = trust.upstream_roots({name: str(path)})
    assert roots.endswith(text)
    assert len(pem.certificates(roots)) > 50


def test_upstream_every_folder_of_ssl_cert_dir_counts(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "root.pem").write_text(text := new_root())
        texts.append(text)
    value = os.pathsep.join(
        (str(tmp_path / "a"), "/etc/ssl/certs", str(tmp_path / "b"))
    )
    roots = trust.upstream_roots({"SSL_CERT_DIR": value})
    assert roots.endswith("".join(texts))


@pytest.mark.parametrize(
    ("parent", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://corp:3128"}, "http://corp:3128"),
        ({"https_proxy": "http://corp:3128/"}, "http://corp:3128"),
        ({"HTTPS_PROXY": "corp:3128"}, "http://corp:3128"),
        ({"HTTPS_PROXY": "http://corp"}, "http://corp:80"),
        ({"HTTPS_PROXY": "https://corp"}, "https://corp:443"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128"),
        ({"HTTPS_PROXY": "http://me:p%40ss@corp:1"}, "http://me:p%40ss@corp:1"),
        ({"ALL_PROXY": "http://corp:3128"}, "http://corp:3128"),
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, None),
        ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "socks5://b:2"}, "http://a:1"),
        ({"HTTP_PROXY": "http://plain-only:3128"}, None),
        ({"HTTPS_PROXY": "http://corp:1", "NO_PROXY": ".openai.com"}, None),
        ({"HTTPS_PROXY": "http://corp:1", "no_proxy": "*"}, None),
        ({"HTTPS_PROXY": "http://corp:1", "NO_PROXY": ".local"}, "http://corp:1"),
    ],
)
def test_the_parents_proxy_toward_the_api(
    parent: dict[str, str], proxy: str | None
) -> None:
    assert trust.parent_proxy(parent) == proxy


def test_the_parents_proxy_toward_another_host() -> None:
    parent = {"HTTPS_PROXY": "http://corp:1", "NO_PROXY": ".openai.com"}
    assert trust.parent_proxy(parent, "llm.corp") == "http://corp:1"


@pytest.mark.parametrize(
    "value", ["http://me:secret@corp:port", "http://", "http://:1"]
)
def test_a_proxy_that_is_none_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        trust.parent_proxy({"HTTPS_PROXY": value})
    expected = (
        "HTTPS_PROXY: expected a proxy like http://host:port, found something else"
    )
    assert str(caught.value) == expected
