"""Files that people send and get, in base64 and raw, come back as they were."""

import base64
import io
import json
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from random import Random
from urllib.parse import quote

import pytest
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

MEGABYTE = 1 << 20


def seen() -> Credentials:
    """Credentials of every kind, some as short as they may be."""
    credentials = Credentials()
    headers = [
        ("api-key", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("x-api-key", "ab12cd34"),
    ]
    credentials.see_request(
        [*headers, ("Authorization", "Bearer sk-proj-" + "aB3dE6gH9jK2mN5p" * 4)],
        "https://user-1:hunter2x@a.example/?key=8231746590",
    )
    return credentials


def noise(size: int) -> bytes:
    return Random(size).randbytes(size)


@cache
def jpeg() -> bytes:
    """JFIF with the sRGB profile that most programs embed, then a scan of entropy-coded bytes."""
    profile = (
        bytes(range(1, 129))
        + bytes(208)
        + b"text\0\0\0\0Copyright (c) 1998 Hewlett-Packard Company\0\0"
    ).ljust(0x240, b"\1")
    profile += b"XYZ \0\0\0\0" + bytes.fromhex("000024a000000f840000b6cf")
    for words in (
        b"IEC http://www.iec.ch",
        b"IEC 61966-2.1 Default RGB colour space - sRGB",
    ):
        described = bytes([len(words) + 1]) + words + b"\0"
        profile += b"desc\0\0\0\0\0\0\0" + described + bytes(11) + described + bytes(67)
    head = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
    tables = (
        b"\xff\xdb\0\x43\0"
        + bytes(range(64))
        + b"\xff\xc0\0\x11\x08\x04\0\x04\0\3\1\x22\0\2\x11\1\3\x11\1"
    )
    scan = noise(MEGABYTE).replace(b"\xff", b"\xff\0")
    return head + b"\xff\xe2" + struct.pack(">H", len(profile) + 16) + b"ICC_PROFILE\0\1\1" + profile + tables + b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0" + scan + b"\xff\xd9"  # fmt: skip


@cache
def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    rows = b"".join(b"\0" + noise(3 * 600 + n)[:1800] for n in range(200))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 200, 8, 2, 0, 0, 0))
        + chunk(b"tEXt", b"Software\0Adobe ImageReady")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@cache
def pdf() -> bytes:
    stream = zlib.compress(noise(MEGABYTE // 3))
    return (
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Length " + str(len(stream)).encode() + b"/Filter/FlateDecode>>\nstream\n"
        + stream + b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R/ID[<0f1e2d3c4b5a6978><8796a5b4c3d2e1f0>]>>\n%%EOF\n"
    )  # fmt: skip


@cache
def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        quiet = (level % 80 - 40 for level in noise(MEGABYTE // 5))
        file.writeframes(b"".join(struct.pack("<h", level) for level in quiet))
    return out.getvalue()


@cache
def mp3() -> bytes:
    tag = b"ID3\4\0\0\0\0\0\x1fTSSE\0\0\0\x0f\0\0\3Lavf60.16.100\0"
    frames = (b"\xff\xfb\x90\x64" + noise(413 + n % 2) for n in range(800))
    return tag + b"".join(frames)


@cache
def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(3):
            file.writestr(f"word/media/image{number}.jpeg", noise(150_000 + number))
    return out.getvalue()


@cache
def zeros() -> bytes:
    """The start of an ICC profile's tables after many zeros, over and over."""
    return (bytes(300) + b"\x10\0\2" * 40 + bytes(20)) * 500


FILES = [jpeg, png, pdf, wav, mp3, archive, zeros]


def wrapped(data: bytes) -> bytes:
    return json.dumps({"file": base64.encodebytes(data).decode()}).encode()


AROUND: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "data URL": lambda data: b'{"url": "data:image/jpeg;base64,' + base64.b64encode(data) + b'"}',
    "b64_json": lambda data: b'{"data": [{"b64_json": "' + base64.b64encode(data) + b'"}]}',
    "one byte later": lambda data: b'{"a": "' + base64.b64encode(b"x" + data) + b'"}',
    "two bytes later": lambda data: b'{"a": "' + base64.b64encode(b"xx" + data) + b'"}',
    "slashes escaped": lambda data: b'{"a": "' + base64.b64encode(data).replace(b"/", b"\\/") + b'"}',
    "in a form": lambda data: b"a=" + quote(base64.b64encode(data), safe="").encode() + b"&b=1",
    "for URLs": lambda data: b'{"a": "' + base64.urlsafe_b64encode(data) + b'"}',
    "in lines": wrapped,
    "multipart": lambda data: b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + data + b"\r\n--b--\r\n",
}  # fmt: skip


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__)
def test_a_file_is_not_damaged(
    file: Callable[[], bytes], around: Callable[[bytes], bytes]
) -> None:
    body = around(file())

    assert Redactor(RedactionRules(), seen()).bytes(body) is body


def test_a_key_of_letters_and_digits_is_still_found_where_it_stands_alone() -> None:
    token = b"EAAM" + base64.b32encode(noise(100)).rstrip(b"=")
    own = Redactor(RedactionRules(), Credentials())

    for around in (
        b"%s",
        b'{"token": "%s"}',
        b"https://a.example/v1/pages/me/%s/posts",
    ):
        assert own.bytes(around % token) == around % b"REDACTED"
