"""The certificates that we show for API hosts, signed by our CA and kept on disk.

Making one costs more than starting, so each is made once per host and CA. Their keys are
those of elliptic curves, whose handshakes cost half of RSA's.
"""

import datetime
import hashlib
import ipaddress
import os
import ssl
import tempfile
import time
from pathlib import Path

from anyvcr.authority import NAME
from anyvcr.core.errors import AnyvcrError

DAYS = 90
"""How long one is valid."""
_OLD = 60 * 86400
"""Seconds after which one is made anew."""


class Certificates:
    """TLS contexts by host, for the CA in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._ca = folder / f"{NAME}-ca.pem"
        digest = hashlib.sha256((folder / f"{NAME}-ca-cert.pem").read_bytes())
        self._folder = folder / "leaves" / digest.hexdigest()[:16]
        self._contexts: dict[str, ssl.SSLContext] = {}

    def context(self, host: str) -> ssl.SSLContext:
        """The server's side of TLS for `host`; raises AnyvcrError."""
        if host not in self._contexts:
            self._contexts[host] = self._load(host)
        return self._contexts[host]

    def _load(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        # They cost more than they save with such keys, and clients keep connections.
        context.num_tickets = 0
        path = self._folder / f"{host.replace(':', '_')}.pem"
        try:
            if not _is_fresh(path):
                _write(path, _leaf(self._ca.read_bytes(), host))
            context.load_cert_chain(path)
        except OSError as error:
            msg = f"cannot make a certificate for {host} in {path.parent}: {error}; set ANYVCR_HOME to a folder that can be written"
            raise AnyvcrError(msg) from error
        return context


def _is_fresh(path: Path) -> bool:
    try:
        return 0 <= time.time() - path.stat().st_mtime < _OLD
    except OSError:
        return False


def _write(path: Path, pem: bytes) -> None:
    """In one step, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    Path(name).replace(path)


def _leaf(ca_pem: bytes, host: str) -> bytes:
    """A key and a certificate for `host`, with the CA's after it, as one PEM."""
    # Mostly they are there already, and these take longer than a start.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    ca = x509.load_pem_x509_certificate(ca_pem)
    ca_key = serialization.load_pem_private_key(ca_pem, None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName]
    try:
        names = [x509.IPAddress(ipaddress.ip_address(host))]
    except ValueError:
        # A client that writes the root's dot may look for it, or not.
        names = [x509.DNSName(each) for each in {host, host.rstrip(".")}]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(
            max(now - datetime.timedelta(days=2), ca.not_valid_before_utc)
        )
        .not_valid_after(
            min(now + datetime.timedelta(days=DAYS), ca.not_valid_after_utc)
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()),  # type: ignore[arg-type]  # it signs
            critical=False,
        )
    )
    made = builder.sign(ca_key, hashes.SHA256())  # type: ignore[arg-type]  # RSA, or EC
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    return private + made.public_bytes(pem) + ca.public_bytes(pem)
