"""A Java truststore in the JKS format, version 2, which every JVM loads without a password.

The layout is that of the JDK's own reader (sun.security.provider.JavaKeyStore): a
header, one trusted-certificate entry each, and a SHA-1 that is keyed with the password
and guards against accidents, not attackers. All numbers are big-endian.
"""

import hashlib
import struct
from collections.abc import Iterable

PASSWORD = (
    "changeit"  # the JDK's own, known to everyone: only public certificates are inside
)
_MAGIC = 0xFEEDFEED
_VERSION = 2
_TRUSTED_CERTIFICATE = 2
_CREATED = (
    0  # milliseconds since 1970: a truststore of the same roots has the same bytes
)
_WHITENER = b"Mighty Aphrodite"


def truststore(certificates: Iterable[bytes]) -> bytes:
    """The keystore file that trusts these certificates (DER)."""
    entries = [_entry(i, der) for i, der in enumerate(certificates)]
    body = struct.pack(">III", _MAGIC, _VERSION, len(entries)) + b"".join(entries)
    return body + _digest(body)


def _entry(number: int, der: bytes) -> bytes:
    return b"".join(
        (
            struct.pack(">I", _TRUSTED_CERTIFICATE),
            _utf(f"anyvcr-{number}"),
            struct.pack(">Q", _CREATED),
            _utf("X.509"),
            struct.pack(">I", len(der)),
            der,
        )
    )


def _utf(text: str) -> bytes:
    """Java's DataOutput.writeUTF, for ASCII."""
    data = text.encode("ascii")
    return struct.pack(">H", len(data)) + data


def _digest(body: bytes) -> bytes:
    return hashlib.sha1(
        PASSWORD.encode("utf-16-be") + _WHITENER + body, usedforsecurity=False
    ).digest()
