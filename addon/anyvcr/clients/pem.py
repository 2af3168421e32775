"""Certificates in PEM files, found by their armour alone: nothing inside is parsed."""

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(
    r"(-----BEGIN CERTIFICATE-----[ \t\r]*\n([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----)"
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; equal where the DER is."""

    der: bytes
    pem: str = field(compare=False)
    """The armoured text as it was found, without a line end."""


def certificates(text: str) -> tuple[Certificate, ...]:
    """The certificates in a PEM text, each once, in order.

    A damaged one is left out: OpenSSL and Java refuse the whole file for its sake.
    """
    found = (_decoded(*groups) for groups in _BLOCK.findall(text))
    return tuple(dict.fromkeys(c for c in found if c is not None))


def in_files(paths: Iterable[Path]) -> tuple[Certificate, ...]:
    """The certificates of all files, and of the files in all folders; what cannot be read has none."""
    seen = dict.fromkeys(real for path in paths for real in _files(path))
    return tuple(dict.fromkeys(c for p in seen for c in certificates(_text(p))))


def text(found: Iterable[Certificate]) -> str:
    """One PEM file of all of them."""
    return "".join(f"{certificate.pem}\n" for certificate in found)


def _decoded(armoured: str, content: str) -> Certificate | None:
    try:
        der = binascii.a2b_base64(content)
    except binascii.Error:
        return None
    return Certificate(der, armoured) if _is_whole(der) else None


def _is_whole(der: bytes) -> bool:
    """Whether this is one DER sequence, with a two-byte length, that ends where its length says."""
    if len(der) < 4 or der[0] != 0x30 or der[1] != 0x82:
        return False
    return len(der) == 4 + int.from_bytes(der[2:4], "big")


def _files(path: Path) -> tuple[Path, ...]:
    try:
        if path.is_dir():  # requests takes a folder of certificates too
            return tuple(dict.fromkeys(p.resolve() for p in sorted(path.iterdir())))
        return (path.resolve(),)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle, until 3.12
        return ()


def _text(path: Path) -> str:
    try:
        return path.read_text("latin-1")
    except OSError:
        return ""
