import gzip
import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # no types are published
import pytest
from anyvcr.core import content_coding
from anyvcr.core.content_coding import Decoder, DecodingError, TooLargeError, codings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = b'{"a":1}'


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", ()),
        ("identity", ()),
        ("GZIP", ("gzip",)),
        ("gzip, br", ("br", "gzip")),
        ("gzip , , identity", ("gzip",)),
        ("aws-chunked,gzip", ("aws-chunked", "gzip")),
    ],
)
def test_codings_are_taken_off_in_the_reverse_order(
    text: str, order: tuple[str, ...]
) -> None:
    assert codings(text) == order


def test_a_coding_that_is_not_known_is_named() -> None:
    with pytest.raises(DecodingError, match="coding 'compress', which is not known"):
        Decoder("gzip, compress")


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY, mtime=0) + b"garbage"),
        ("deflate", zlib.compress(BODY) + b"x"),
        ("deflate", gzip.compress(BODY, mtime=0)),
        ("br", brotli.compress(BODY) + b"x"),
        ("zstd", BODY),
        ("zstd", zstd.compress(BODY) + b"garbage"),
        ("aws-chunked", b"3;chunk-signature=00\r\nabc\r\nno size\r\n"),
    ],
    ids=range(8),
)
def test_a_body_that_is_not_in_its_coding_is_not_decoded(
    coding: str, data: bytes
) -> None:
    with pytest.raises(DecodingError, match=f"is not in the coding {coding}"):
        content_coding.decode([data], coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "aws-chunked"])
def test_no_body_is_a_body_in_any_coding(coding: str) -> None:
    assert content_coding.decode([], coding).body == b""
    assert content_coding.decode([b""], coding).body == b""


def test_what_is_not_framed_by_aws_passes_as_it_is() -> None:
    """S3 keeps the name of a coding in answers that no longer have it."""
    found = content_coding.decode([gzip.compress(BODY)], "aws-chunked,gzip")

    assert found.body == BODY


def test_an_event_is_decoded_with_the_piece_that_flushes_it() -> None:
    deflater = zlib.compressobj(wbits=31)
    pieces = [
        deflater.compress(event) + deflater.flush(zlib.Z_SYNC_FLUSH)
        for event in (b"data: 1\n\n", b"data: 22\n\n")
    ]
    decoder = Decoder("gzip")

    assert [decoder.feed(piece) for piece in pieces] == [
        b"data: 1\n\n",
        b"data: 22\n\n",
    ]
    with pytest.raises(DecodingError, match="ends before its gzip does"):
        decoder.end()


@pytest.mark.parametrize(
    "compress", [gzip.compress, zlib.compress, brotli.compress, zstd.compress]
)
def test_a_body_that_decompresses_without_end_is_given_up(
    compress: Callable[[bytes], bytes],
) -> None:
    coding = {
        gzip.compress: "gzip",
        zlib.compress: "deflate",
        brotli.compress: "br",
        zstd.compress: "zstd",
    }[compress]
    bomb = compress(bytes(8 << 20))
    assert len(bomb) < 20_000

    with pytest.raises(TooLargeError, match="decodes to more than 1048576 bytes"):
        content_coding.decode([bomb], coding, limit=1 << 20)
    assert len(content_coding.decode([bomb], coding).body) == 8 << 20
    twice = gzip.compress(bomb)
    with pytest.raises(TooLargeError):
        content_coding.decode([twice], f"{coding}, gzip", limit=1 << 20)
