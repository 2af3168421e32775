"""A conversation as text in a response's body, one message a line.

    line    = [side] [kind] ["@" ms] [" " payload] LF
    side    = ">" the client's | "<" the server's | nothing: the recorder's
    kind    = nothing: a text message as it was
              "%" a text message, percent-escaped where YAML could not keep it on its line
              "=" a binary message, base64
              "#" a close frame: nothing, or CODE, or CODE " " REASON (escaped as above)
              "!" the connection ended without a close frame; the payload may say how
    ms      = milliseconds since the upgrade was answered

A payload that is empty has no space before it. Every line ends with LF, the last one too,
so a body without it was cut off. Pings, pongs and the cuts between frames are not kept.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from anyvcr.core.cassette.extensions import CONVERSATION
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.websocket.message import Binary, Close, End, Message, Side, Text

CONTENT_TYPE = CONVERSATION
"""Content-Type of a response whose body is a transcript."""

# go-yaml gives up the block style for a whole body that holds one of these, and x/vcr's
# version of it for a blank at the end of a line; other readers of YAML break a line at some.
_ESCAPED = re.compile(
    "[\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\U00010000-\U0010ffff]"
    "|[ \t]+$"
)
_LINE = re.compile(r"([<>]?)([%=#!]?)(?:@([0-9]+(?:\.[0-9]+)?))?(?: (.+))?", re.DOTALL)
_ESCAPE = re.compile("%(?![0-9A-F]{2})")
_CODE = re.compile("[0-9]{4}")


def write(message: Message) -> str:
    """The line of `message`, with its LF."""
    kind, payload = _written(message)
    mark = "" if message.at is None else f"@{_milliseconds(message.at)}"
    space = " " if payload else ""
    return f"{message.side.value}{kind}{mark}{space}{payload}\n"


def read(body: str) -> tuple[Message, ...]:
    """The messages of a transcript; raises CassetteFormatError that names the line in it.

    A last line without its LF is left out: what it says may be cut off.
    """
    # Not splitlines(): it breaks a line at a dozen other characters.
    return tuple(_read(line, number) for number, line in _numbered(body.split("\n")))


def is_whole(body: str) -> bool:
    """Whether the conversation was recorded to its end."""
    last = body[body[:-1].rfind("\n") + 1 :]
    return last.endswith("\n") and last[:2] in {">#", "<#", ">!", "<!"}


def _numbered(lines: list[str]) -> Iterable[tuple[int, str]]:
    return enumerate(lines[:-1], 1)


def _written(message: Message) -> tuple[str, str]:
    match message:
        case Text(text=text):
            if _ESCAPED.search(text):
                return "%", _escape(text)
            return "", text
        case Binary(data=data):
            return "=", b64encode(data).decode("ascii")
        case Close(code=code, reason=reason):
            return "#", "" if code is None else f"{code} {_escape(reason)}".rstrip(" ")
        case End(how=how):
            return "!", _escape(how)


def _read(line: str, number: int) -> Message:
    found = _LINE.fullmatch(line)
    if found is None or not (found[1] or found[2] == "!"):
        raise _fault(number, "expected a line such as '> {…}' or '< {…}'")
    side = Side(found[1])
    at = None if found[3] is None else float(found[3])
    payload = found[4] or ""
    match found[2]:
        case "=":
            try:
                return Binary(side, b64decode(payload, validate=True), at)
            except Base64Error:
                raise _fault(number, "the message after '=' is no base64") from None
        case "#":
            code, _, reason = payload.partition(" ")
            if code and not _CODE.fullmatch(code):
                raise _fault(number, "expected a close code of four digits after '#'")
            return Close(
                side, int(code) if code else None, _unescape(reason, number), at
            )
        case "!":
            return End(side, _unescape(payload, number), at)
        case "%":
            return Text(side, _unescape(payload, number), at)
        case _:
            return Text(side, payload, at)


def _escape(text: str) -> str:
    return _ESCAPED.sub(_percent, text.replace("%", "%25"))


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _unescape(text: str, number: int) -> str:
    if _ESCAPE.search(text):
        raise _fault(number, "a '%' is not followed by two of 0-9 and A-F")
    try:
        return unquote_to_bytes(text).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise _fault(number, "the escaped bytes are no UTF-8") from None


def _milliseconds(at: float) -> str:
    return f"{at:.3f}".rstrip("0").rstrip(".")


def _fault(number: int, what: str) -> CassetteFormatError:
    return CassetteFormatError(
        f"line {number} of a WebSocket conversation cannot be read: {what}"
    )
