"""A file that ends in the middle of an interaction: knowing one, and keeping the rest."""

import re
from collections.abc import Iterator

from anyvcr.core.goyaml import decode
from anyvcr.core.goyaml.nodes import Collection, Node, Scalar


def is_cut_off(last: Node, data: bytes) -> bool:
    """Whether the `last` interaction of the file ends before go-vcr's last key, its duration.

    Only what go-vcr began to write counts: keys that it always writes, in its order, from
    the first one on. A cassette made by hand may leave any of them out.
    """
    present = [
        name
        for name, node in _leaves(last)
        if name in _ALWAYS or (name in _MESSAGES and isinstance(node, Collection))
    ]
    if not present or tuple(present) != _ALWAYS[: len(present)]:
        return False
    return len(present) < len(_ALWAYS) or _in_last_word(last, data)


def ends_at(data: bytes, line: int | None) -> bool:
    """Whether an error in `line` lies behind the last line end, so that more may be missing."""
    return line is not None and line > data.count(b"\n")


def last_start(data: bytes) -> int | None:
    """The offset of the last line that begins an interaction in either style."""
    found = None
    for found in _ITEM.finditer(data):  # noqa: B007
        pass
    return found.start() if found else None


def interaction_at(data: bytes, line: int | None) -> int | None:
    """The position in the list of the interaction that `line` belongs to."""
    if line is None:
        return None
    before = b"\n".join(data.split(b"\n", line)[:line])
    count = sum(1 for _ in _ITEM.finditer(before))
    return count - 1 if count else None


def _in_last_word(last: Node, data: bytes) -> bool:
    """Go ends each duration with `s`, so `12m` is the beginning of `12ms`."""
    *_, (_, node) = _leaves(last)
    return (
        not data.endswith((b"\n", b"\r"))
        and isinstance(node, Scalar)
        and node.text[-1:] != "s"
    )


def _leaves(interaction: Node) -> Iterator[tuple[str, Node]]:
    for name, node in decode.mapping(interaction, "interaction").items():
        if name in _MESSAGES and isinstance(node, Collection) and node.content:
            for key, value in decode.mapping(node, name).items():
                yield f"{name}.{key}", value
        else:
            yield name, node


_MESSAGES = frozenset({"request", "response"})
_ITEM = re.compile(rb"^(?:    )?-(?= |\Z)", re.MULTILINE)
_ALWAYS = (
    "id",
    "request.proto",
    "request.proto_major",
    "request.proto_minor",
    "request.content_length",
    "request.host",
    "request.url",
    "request.method",
    "response.proto",
    "response.proto_major",
    "response.proto_minor",
    "response.content_length",
    "response.body",
    "response.headers",
    "response.status",
    "response.code",
    "response.duration",
)
