"""The head of an answer as HTTP/1.1 writes it, in which nothing can be taken for anything else.

`playable.py` mends what a cassette holds, or refuses it, before it comes here; this is the
last guard: whatever came by another way ends no line and adds no header (RFC 9112, 11.1).
"""

import re
from functools import lru_cache

from anyvcr.core import utf8
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.replay.answer import Answer, Pairs

_HEAD = re.compile(
    rb"HTTP/1\.1 [2-9][0-9][0-9] [^\r\n\0]*\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*"
)


class UnplayableError(AnyvcrError):
    """HTTP cannot carry the head of an answer; the text names the code alone."""


def response_head(answer: Answer) -> bytes:
    """Status line and end-to-end headers, each with its line's end; raises UnplayableError."""
    return _head(answer.code, answer.reason, answer.headers)


@lru_cache(maxsize=256)
def _head(code: int, reason: str, headers: Pairs) -> bytes:
    lines = [b"HTTP/1.1 %d %s\r\n" % (code, utf8.encode(reason))]
    lines += [
        b"%s: %s\r\n" % (utf8.encode(name), utf8.encode(value))
        for name, value in headers
    ]
    head = b"".join(lines)
    # Counted, so that no value brings a line of its own.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(lines):
        msg = (
            f"an answer with code {code} has a status or a header that HTTP cannot "
            "carry; run anyvcr check on the cassette to find it"
        )
        raise UnplayableError(msg)
    return head
