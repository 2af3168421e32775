import subprocess
from pathlib import Path

import certifi
import pytest
import trustme
from anyvcr.clients import jks, pem
from support.toolchain import require_tool


def listing(keystore: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [require_tool("keytool"), "-J-Duser.language=en", "-list"]
    return subprocess.run(
        [*command, "-keystore", keystore, *options],
        input="\n",
        capture_output=True,
        text=True,
        check=False,
    )


def test_keytool_lists_every_root_with_its_fingerprint(tmp_path: Path) -> None:
    ours = trustme.CA()
    der = pem.certificates(ours.cert_pem.bytes().decode())[0].der
    roots = pem.in_files([Path(certifi.where())])
    keystore = tmp_path / "truststore.jks"
    keystore.write_bytes(jks.truststore([*(root.der for root in roots), der]))

    listed = listing(keystore, "-storepass", jks.PASSWORD)

    assert listed.returncode == 0, listed.stdout
    assert "Keystore type: JKS" in listed.stdout
    assert listed.stdout.count("trustedCertEntry") == len(roots) + 1
    assert sha256(der) in listed.stdout


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    der = pem.certificates(trustme.CA().cert_pem.bytes().decode())[0].der
    content = bytearray(jks.truststore([der]))
    content[-1] ^= 1
    keystore = tmp_path / "truststore.jks"
    keystore.write_bytes(content)

    listed = listing(keystore, "-storepass", jks.PASSWORD)

    assert listed.returncode != 0
    assert "tampered" in listed.stdout


def test_the_same_roots_make_the_same_bytes() -> None:
    assert jks.truststore([b"one", b"two"]) == jks.truststore([b"one", b"two"])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_header_counts_the_entries(count: int) -> None:
    content = jks.truststore([b"der"] * count)
    assert content[:12] == b"\xfe\xed\xfe\xed\0\0\0\x02" + count.to_bytes(4, "big")


def sha256(der: bytes) -> str:
    import hashlib

    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
