from pathlib import Path

import pytest
import trustme
from anyvcr.clients import pem


@pytest.fixture(scope="module")
def first() -> str:
    return trustme.CA().cert_pem.bytes().decode()


@pytest.fixture(scope="module")
def second() -> str:
    return trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.bytes().decode()


def test_certificates_are_found_between_anything_else(first: str, second: str) -> None:
    text = f"# roots\n{first}junk\n-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n{second}"
    assert pem.text(pem.certificates(text)) == first + second


def test_the_same_certificate_in_other_line_ends_and_widths_is_one(first: str) -> None:
    lines = first.splitlines()
    one_line = "\n".join([lines[0], "".join(lines[1:-1]), lines[-1]])
    windows = first.replace("\n", "\r\n")
    assert len(pem.certificates(first + one_line + "\n" + windows)) == 1


def test_a_key_is_no_certificate() -> None:
    issued = trustme.CA().issue_cert("example.test")
    text = issued.private_key_and_cert_chain_pem.bytes().decode()
    assert "PRIVATE KEY" not in pem.text(pem.certificates(text))


@pytest.mark.parametrize("damage", ["cut short", "not base64", "no DER"])
def test_a_damaged_certificate_is_left_out(
    damage: str, first: str, second: str
) -> None:
    lines = first.splitlines()
    broken = {
        "cut short": [lines[0], *lines[1:-3], lines[-1]],
        "not base64": [lines[0], "A", lines[-1]],
        "no DER": [lines[0], "bm90IGEgY2VydGlmaWNhdGU=", lines[-1]],
    }[damage]
    text = "\n".join(broken) + "\n" + second
    assert pem.text(pem.certificates(text)) == second


def test_a_folder_stands_for_the_files_in_it(
    tmp_path: Path, first: str, second: str
) -> None:
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "a.pem").write_text(first)
    (folder / "5ed36f99.0").symlink_to(folder / "a.pem")
    (folder / "b.crt").write_bytes(b"\xff\xfe\n" + second.encode())
    assert len(pem.in_files([folder, folder / "a.pem"])) == 2


def test_what_cannot_be_read_has_no_certificates(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    paths = [tmp_path / "absent.pem", tmp_path / "folder", tmp_path / "loop"]
    assert pem.in_files(paths) == ()
