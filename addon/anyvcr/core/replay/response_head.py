"""The head of an answer as HTTP/1.1 writes it, in which nothing can be taken for anything else.

`playable.py` mends what a cassette holds, or refuses it, before it comes here; this is the
last guard: whatever came by another way ends no line and adds no header (RFC 9112, 11.1).
"""

import re

from anyvcr.core.cassette.model import encode
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.replay.answer import Answer


class UnplayableError(AnyvcrError):
    """HTTP cannot carry the head of an answer; the text names the code alone."""


def response_head(answer: Answer) -> bytes:
    """Status line and end-to-end headers, each with its line's end; raises UnplayableError."""
    lines = [b"HTTP/1.1 %d %s\r\n" % (answer.code, encode(answer.reason))]
    lines += [
        b"%s: %s\r\n" % (encode(name), encode(value)) for name, value in answer.headers
    ]
    head = b"".join(lines)
    # Counted, so that no value brings a line of its own.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(lines):
        msg = (
            f"an answer with code {answer.code} has a status or a header that HTTP cannot "
            "carry; run anyvcr check on the cassette to find it"
        )
        raise UnplayableError(msg)
    return head


_HEAD = re.compile(
    rb"HTTP/1\.1 [2-9][0-9][0-9] [^\r\n\0]*\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*"
)
