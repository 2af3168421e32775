"""A body decodes to the same, or fails the same, however it is cut into pieces."""

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # no types are published
import pytest
from anyvcr.core import content_coding
from anyvcr.core.content_coding import DecodingError
from hypothesis import given
from hypothesis import strategies as st

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


TRAILER = b"x-amz-checksum-crc32:AA==\r\n\r\n"


def bare_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(body) + deflater.flush()


def aws_chunked(body: bytes) -> bytes:
    signature = b";chunk-signature=" + b"0a" * 32
    chunks = [body[at : at + 7] for at in range(0, len(body), 7)]
    framed = [b"%x%b\r\n%b\r\n" % (len(c), signature, c) for c in chunks]
    return b"".join((*framed, b"0", signature, b"\r\n", TRAILER))


def in_two(compress: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The body in two members or frames."""
    return lambda body: compress(body[:5]) + compress(body[5:])


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "identity": ("identity", bytes),
    "none": ("", bytes),
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "gzip in members": ("gzip", in_two(gzip.compress)),
    "zlib": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "zstd in frames": ("zstd", in_two(zstd.compress)),
    "gzip, br": ("gzip, br", lambda body: brotli.compress(gzip.compress(body))),
    "gzip twice": ("gzip,gzip", lambda body: gzip.compress(gzip.compress(body))),
    "aws-chunked": ("aws-chunked", aws_chunked),
    "aws-chunked, gzip": (
        "aws-chunked,gzip",
        lambda body: aws_chunked(gzip.compress(body)),
    ),
}
CODINGS = st.sampled_from(list(CODERS.values()))
ENDED = [name for name in CODERS if name not in ("identity", "none")]
CUTS = st.lists(st.integers(0, 400), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = [*sorted(min(place, len(data)) for place in places), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def outcome(pieces: list[bytes], coding: str, *, is_whole: bool = True) -> bytes | str:
    try:
        return content_coding.decode(pieces, coding, is_whole=is_whole).body
    except DecodingError as error:
        return str(error)


@given(CODINGS, st.binary(max_size=200), CUTS)
def test_what_was_encoded_comes_back(
    coder: tuple[str, Callable[[bytes], bytes]], body: bytes, places: list[int]
) -> None:
    coding, encode = coder
    pieces = cut(encode(body), places)

    found = content_coding.decode(pieces, coding)

    assert found.body == body
    assert len(found.sizes) == len(pieces)
    assert sum(found.sizes) == len(body)


@given(CODINGS, st.binary(max_size=60), CUTS, st.integers(0, 60), st.binary(max_size=5))
def test_a_damaged_body_is_judged_alike_in_one_piece_and_in_many(
    coder: tuple[str, Callable[[bytes], bytes]],
    body: bytes,
    places: list[int],
    end: int,
    more: bytes,
) -> None:
    coding, encode = coder
    data = encode(body)[:end] + more

    assert outcome(cut(data, places), coding) == outcome([data], coding)


@pytest.mark.parametrize("name", ENDED)
def test_a_body_that_ends_early_is_not_decoded_as_a_whole(name: str) -> None:
    coding, encode = CODERS[name]
    data = encode(b"a body, a body, a body")

    for end in range(1, len(data) - (len(TRAILER) if "aws" in name else 0)):
        if name.endswith(("members", "frames")):
            continue  # which may end after one of them
        with pytest.raises(
            DecodingError, match=r"ends before its|is not in the coding"
        ):
            content_coding.decode([data[:end]], coding)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_part_of_a_body_decodes_to_a_part_of_it(body: bytes, end: int) -> None:
    data = gzip.compress(body)[:end]

    found = content_coding.decode([data], "gzip", is_whole=False)

    assert body.startswith(found.body)
