"""Bytes as text and back: UTF-8, in which other bytes stand as surrogate escapes (PEP 383).

So Go's strings, which are any bytes, survive as `str`, and nothing is lost on the way back.
"""

import re

SURROGATE = re.compile("[\ud800-\udfff]")
"""A byte that is not UTF-8, or half of a character of UTF-16."""
ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


def decode(data: bytes | bytearray) -> str:
    """`data` as text; a byte that is not UTF-8 becomes a surrogate."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that `text` stands for; raises UnicodeEncodeError for any other surrogate."""
    return text.encode("utf-8", "surrogateescape")
