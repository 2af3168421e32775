"""The plainest requests and answers of HTTP/1.1, read and written in one step.

Most calls of an API are one packet with a Content-Length. A grammar that is stricter than
RFC 9112 picks them out; whatever is spelt in another way is left to a real parser, as is
all that changes how a connection goes on.
"""

import re
from dataclasses import dataclass

from anyvcr.core.replay.answer import Answer

Fields = tuple[tuple[str, str], ...]

LARGEST = 256 * 1024
"""Bytes of an answer's body that are put together with its head."""


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A whole request in origin form, after which the connection is kept."""

    method: str
    target: str
    fields: Fields
    body: bytes


def read(data: bytes) -> PlainRequest | None:
    """The request that `data` is, from its first byte to its last; None for anything else."""
    match = _HEAD.match(data)
    if match is None:
        return None
    fields = tuple(_FIELD.findall(match[3].decode("ascii")))
    hosts, lengths = 0, ["0"]
    for name, value in fields:
        match name.lower():
            case "host":
                hosts += 1
            case "content-length":
                lengths.append(value)
            case "connection" if value.lower() != "keep-alive":
                return None
            case "transfer-encoding" | "expect" | "upgrade":
                return None
    body = data[match.end() :]
    if hosts != 1 or len(lengths) > 2 or lengths[-1] != str(len(body)):
        return None
    return PlainRequest(match[1].decode(), match[2].decode(), fields, body)


def write(answer: Answer) -> bytes | None:
    """All of `answer` as it goes out at once; None where it does not."""
    body = answer.body
    at_once = answer.schedule is None and not answer.breaks_off and answer.has_body
    if not at_once or len(body) > LARGEST:
        return None
    lines = [f"HTTP/1.1 {answer.code} {answer.reason}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in answer.headers]
    text = "".join(lines)
    # Counted, so that no value brings a line of its own.
    if not _ANSWER.fullmatch(text) or text.count("\r") != len(lines):
        return None
    head = text.encode("ascii")
    if answer.length is not None:
        return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    if body:
        body = b"%x\r\n%s\r\n" % (len(body), body)
    return b"%sTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % (head, body)


_HEAD = re.compile(
    rb"(GET|POST|DELETE) (/[!-~]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_FIELD = re.compile(r"([^:\r\n]+): ?([^\r\n]+)")
_ANSWER = re.compile(
    r"HTTP/1\.1 [2-9][0-9][0-9] [ -~]*\r\n"
    r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [!-~](?:[ -~]*[!-~])?\r\n)*"
)
