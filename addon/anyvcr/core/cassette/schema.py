"""go-vcr's structs key by key (cassette.go): names, order, types, and what is left out when empty.

Said once, for the writer, both readers, and the check that an interaction is whole.
"""

from dataclasses import dataclass
from enum import Enum, auto

VERSION = 2


class Kind(Enum):
    """The Go type of a key's value."""

    TEXT = auto()
    INT = auto()
    TEXTS = auto()
    """A list of texts."""
    MAP = auto()
    """http.Header or url.Values: a list of texts for each name."""
    BODY = auto()
    """A text of any bytes."""
    BOOL = auto()
    DURATION = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file, and the field of that name in model.py."""

    name: str
    kind: Kind
    omitempty: bool = False


_PROTO = (
    Key("proto", Kind.TEXT),
    Key("proto_major", Kind.INT),
    Key("proto_minor", Kind.INT),
)
_LENGTH = Key("content_length", Kind.INT)
_CODINGS = Key("transfer_encoding", Kind.TEXTS, omitempty=True)
_TRAILER = Key("trailer", Kind.MAP, omitempty=True)

REQUEST = (
    *(*_PROTO, _LENGTH, _CODINGS, _TRAILER),
    Key("host", Kind.TEXT),
    Key("remote_addr", Kind.TEXT, omitempty=True),
    Key("request_uri", Kind.TEXT, omitempty=True),
    Key("body", Kind.BODY, omitempty=True),
    Key("form", Kind.MAP, omitempty=True),
    Key("headers", Kind.MAP, omitempty=True),
    Key("url", Kind.TEXT),
    Key("method", Kind.TEXT),
)
RESPONSE = (
    *(*_PROTO, _CODINGS, _TRAILER, _LENGTH),
    Key("uncompressed", Kind.BOOL, omitempty=True),
    Key("body", Kind.BODY),
    Key("headers", Kind.MAP),
    Key("status", Kind.TEXT),
    Key("code", Kind.INT),
    Key("duration", Kind.DURATION),
)
MESSAGES = {"request": REQUEST, "response": RESPONSE}

EXTENSIONS = (
    Key("chunk_timing", Kind.TEXT, omitempty=True),
    Key("partial", Kind.BOOL, omitempty=True),
)
"""Keys of ours behind a response's, which go-vcr skips (extensions.py)."""
