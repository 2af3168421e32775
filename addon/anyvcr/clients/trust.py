"""The files that make a client trust our CA, and what the proxy itself must trust upstream.

A variable that replaces a client's trust store gets a full bundle, one that adds to it
gets our CA alone: hosts other than the API show the child their own certificates.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import certifi

from anyvcr.clients import exemptions, jks, pem
from anyvcr.core.errors import ConfigError

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo, NixOS
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL 7
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
"""The first that is there is the system's (Go looks in the same places)."""

_SYSTEM_FOLDER = Path("/etc/ssl/certs")  # holds what the system's bundle holds

REPLACING = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PERL_LWP_SSL_CA_FILE",
)
ADDING = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""Variables by which a machine may name roots of its own."""

_PRELOAD = Path(__file__).with_name("node-preload.cjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFiles:
    """Where the files of one state folder are."""

    ca: Path
    """Our CA alone, PEM."""
    bundle: Path
    """The machine's roots and our CA, PEM."""
    extra: Path
    """What the parent adds to its clients' roots, and our CA, PEM."""
    jks: Path
    """The bundle as a Java truststore."""
    php_dir: Path
    """A folder with one ini file that names the bundle."""
    wgetrc: Path
    """The user's wgetrc, and the bundle."""
    node_preload: Path

    @classmethod
    def under(cls, state: Path) -> "TrustFiles":
        """The paths in `state`, whether the files are there or not."""
        state = state.absolute()
        return cls(
            ca=state / "ca.pem",
            bundle=state / "ca-bundle.pem",
            extra=state / "ca-extra.pem",
            jks=state / "truststore.jks",
            php_dir=state / "php",
            wgetrc=state / "wgetrc",
            node_preload=state / "node-preload.cjs",
        )


def write_trust(state: Path, ca_pem: str, parent: Mapping[str, str]) -> TrustFiles:
    """Write the files into `state`, which only its owner can then read.

    `ca_pem` may hold the CA's key beside the certificate: only the certificate is taken.
    Raises ConfigError.
    """
    ours = pem.certificates(ca_pem)
    if not ours:
        msg = "the CA: expected a certificate in PEM, found none"
        raise ConfigError(msg)
    files = TrustFiles.under(state)
    try:
        _write_all(files, ours, parent)
    except OSError as error:
        msg = (
            f"cannot write what clients must trust into {state}: {error.strerror}; set TMPDIR "
            "(for `env`, ANYVCR_HOME) to a folder that can be written and has room"
        )
        raise ConfigError(msg) from error
    return files


def _write_all(
    files: TrustFiles, ours: Sequence[pem.Certificate], parent: Mapping[str, str]
) -> None:
    for folder in (files.ca.parent, files.php_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    roots = _roots(parent, (*REPLACING, *ADDING))
    bundle = tuple(dict.fromkeys((*roots, *ours)))
    extra = tuple(dict.fromkeys((*pem.in_files(_named(parent, ADDING)), *ours)))
    _write(files.ca, pem.text(ours).encode())
    _write(files.bundle, pem.text(bundle).encode())
    _write(files.extra, pem.text(extra).encode())
    _write(files.jks, jks.truststore(c.der for c in bundle))
    _write(files.php_dir / "zz-anyvcr.ini", _php_ini(files.bundle))
    _write(files.wgetrc, _wgetrc(parent, files.bundle))
    _write(files.node_preload, _PRELOAD.read_bytes())


def upstream_roots(parent: Mapping[str, str]) -> str:
    """What to trust towards the API, PEM: the machine's roots, and those the parent names.

    mitmproxy ignores both and trusts certifi's roots alone; behind a company's proxy the
    machine knows better.
    """
    return pem.text(_roots(parent, (*REPLACING, *ADDING, "SSL_CERT_DIR")))


def parent_proxy(
    parent: Mapping[str, str], api_host: str = "api.openai.com"
) -> str | None:
    """The proxy by which the parent reaches the API, as `http[s]://[user:password@]host:port`.

    None without one, where NO_PROXY covers the API, or where it is a SOCKS proxy, which
    mitmproxy cannot use.
    """
    if exemptions.covers(exemptions.inherited(parent), api_host):
        return None
    names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    name = next((name for name in names if parent.get(name)), None)
    return None if name is None else _proxy(parent[name], name)


def _proxy(value: str, name: str) -> str | None:
    text = value.strip() if "://" in value else f"http://{value.strip()}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return None
    if not parts.hostname or not _has_port(parts):
        # The value may hold a password.
        msg = f"{name}: expected a proxy like http://host:port, found something else"
        raise ConfigError(msg)
    port = "" if parts.port else ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.rstrip(':')}{port}"


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _roots(
    parent: Mapping[str, str], names: Iterable[str]
) -> tuple[pem.Certificate, ...]:
    """The system's roots and those that the parent's variables name."""
    system = (Path(path) for path in (*SYSTEM_BUNDLES, certifi.where()))
    first = next(path for path in system if path.is_file())
    named = (path for path in _named(parent, names) if path != _SYSTEM_FOLDER)
    return pem.in_files((first, *named))


def _named(parent: Mapping[str, str], names: Iterable[str]) -> list[Path]:
    folders = parent.get("SSL_CERT_DIR", "").split(os.pathsep)  # the one that is a list
    values = [
        value
        for name in names
        for value in (folders if name == "SSL_CERT_DIR" else [parent.get(name, "")])
    ]
    return [Path(value) for value in values if value]


def _php_ini(bundle: Path) -> bytes:
    # Single quotes: PHP expands ${NAME} in double ones.
    return f"curl.cainfo='{bundle}'\nopenssl.cafile='{bundle}'\n".encode()


def _wgetrc(parent: Mapping[str, str], bundle: Path) -> bytes:
    home = Path(parent.get("HOME") or Path.home())
    own = Path(parent.get("WGETRC") or home / ".wgetrc")
    try:
        before = own.read_bytes()
    except OSError:
        before = b""
    return before + f"\nca_certificate = {bundle}\n".encode()


def _write(path: Path, content: bytes) -> None:
    """A running child sees the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
