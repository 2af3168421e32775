"""The event with which a streamed answer is whole to the program that reads it.

A stream's HTTP message ends some time after its last event, and programs do not wait for
that. What counts as the last event, with who sends it:

    data: [DONE]                  OpenAI's chat, completions and assistants; Azure, Mistral,
                                  Groq, OpenRouter and others that copy them
    response.completed, response.failed, response.incomplete
                                  OpenAI's responses
    speech.audio.done, transcript.text.done
                                  OpenAI's speech and transcriptions
    image_generation.completed, image_edit.completed
                                  OpenAI's images
    message_stop                  Anthropic's messages, also inside Bedrock's InvokeModel
    message-end                   Cohere's chat, version 2
    {"done": true}                a line of JSON: Ollama
    {"is_finished": true}         a line of JSON: Cohere's chat, version 1
    metadata                      the last frame of Bedrock's ConverseStream
    an exception frame            of any Bedrock stream

An event is known by its name (`event:`) or by the `type` at the top of its JSON, never by
text within it. Whoever is not in the table says only by the end of the HTTP message that a
stream is whole: so do Gemini's streams, whose last chunk is like those before it but for its
`finishReason`, and whose clients wait for the end.

More may follow a terminal event: some gateways send `[DONE]` after `response.completed`.
That is for the caller to add.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Protocol

from anyvcr.core import sse
from anyvcr.core.content_coding import Decoder, DecodingError
from anyvcr.core.media_type import JSON_LINES, media_type

NAMES = frozenset(
    {
        "response.completed",
        "response.failed",
        "response.incomplete",
        "speech.audio.done",
        "transcript.text.done",
        "image_generation.completed",
        "image_edit.completed",
        "message_stop",
        "message-end",
    }
)
"""Of server-sent events: the name, or the `type` in the data."""
DONE = b"[DONE]"
"""The whole data of a server-sent event."""
FLAGS = ("done", "is_finished")
"""Keys at the top of a line of JSON that say by `true` that it is the last."""

_AWS_EVENTS = "application/vnd.amazon.eventstream"

_NAMED = b"|".join(re.escape(name.encode()) for name in sorted(NAMES))
_IN_EVENT = re.compile(rb"\[DONE\]|(?:event:|\"type\"\s*:\s*\")[ ]?(?:%b)" % _NAMED)
_IN_LINE = re.compile(
    rb"\"(?:%b)\"\s*:\s*true" % b"|".join(flag.encode() for flag in FLAGS)
)
_LONGEST_MARK = 256
"""Bytes; no mark is longer, but for white space that nobody writes."""
_LINE_END = re.compile(rb"\n")
_AWS_HEADER_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; of 6 and 7 two bytes say how many follow."""
_AWS_FRAME_LIMIT = 24 << 20
"""Bytes; AWS sends none of more than 16 MiB."""


class Watch:
    """Looks for the terminal event in a body that comes in pieces, as they travel."""

    def __init__(self, scanner: "_Scanner", content_encoding: str) -> None:
        self.is_over = False
        """Whether the terminal event has come."""
        self._scanner = scanner
        self._decoder = Decoder(content_encoding)
        self._is_blind = False

    def feed(self, data: bytes) -> bool:
        """Whether the terminal event has come with `data`, or before; never again False."""
        if self.is_over or self._is_blind:
            return self.is_over
        try:
            self.is_over = self._scanner.feed(self._decoder.feed(data))
        except DecodingError:
            self._is_blind = True  # only the end of the message will say
        return self.is_over


def watch(content_type: str, content_encoding: str) -> Watch | None:
    """What to watch a body with; None where only the end of its message can say that it is whole."""
    kind = media_type(content_type)
    scanner: _Scanner
    if sse.is_stream(content_type):
        scanner = _Texts(_IN_EVENT, sse.END, _is_last_event)
    elif kind in JSON_LINES:
        scanner = _Texts(_IN_LINE, _LINE_END, _is_last_line)
    elif kind == _AWS_EVENTS:
        scanner = _Frames()
    else:
        return None
    try:
        return Watch(scanner, content_encoding)
    except DecodingError:
        return None


class _Scanner(Protocol):
    def feed(self, data: bytes) -> bool:
        """Whether a terminal event is complete with `data`."""


class _Judge(Protocol):
    def __call__(self, text: bytes) -> bool:
        """Whether this event or line, of which nothing is missing, is the last."""


class _Texts:
    """Events or lines: parsed only where something in them looks like the mark of the last."""

    def __init__(
        self, mark: re.Pattern[bytes], end: re.Pattern[bytes], is_last: _Judge
    ) -> None:
        self._mark = mark
        self._end = end
        self._is_last = is_last
        self._buffer = bytearray()
        """From the start of an event, or of one before it."""
        self._is_marked = False
        self._searched = 0
        """Where to go on looking for the end of a marked event."""

    def feed(self, data: bytes) -> bool:
        start = max(0, len(self._buffer) - _LONGEST_MARK)
        self._buffer += data
        if not self._is_marked:
            if self._mark.search(self._buffer, start) is None:
                self._forget()
                return False
            self._is_marked = True
        # An end may be cut in two: a line end is of two bytes at most.
        ends = list(self._end.finditer(self._buffer, max(0, self._searched - 3)))
        self._searched = len(self._buffer)
        begin = 0
        for end in ends:
            if self._is_last(bytes(self._buffer[begin : end.end()])):
                self._buffer.clear()
                return True
            begin = end.end()
        if begin:
            del self._buffer[:begin]
            self._searched = len(self._buffer)
            self._is_marked = self._mark.search(self._buffer) is not None
        return False

    def _forget(self) -> None:
        """Drop the events that are over, as far as that is found out in no time."""
        at = max(self._buffer.rfind(b"\n\n") + 2, self._buffer.rfind(b"\r\n\r\n") + 4)
        if at > 4:
            del self._buffer[:at]


def _is_last_event(text: bytes) -> bool:
    """Whether a server-sent event is terminal."""
    name, data = sse.fields(text)
    if name.decode("latin-1") in NAMES:
        return True
    return data.strip() == DONE or _type(data) in NAMES


def _is_last_line(text: bytes) -> bool:
    found = _object(text)
    return any(found.get(flag) is True for flag in FLAGS)


def _type(data: bytes) -> object:
    found = _object(data).get("type")
    return found if isinstance(found, str) else None


def _object(data: bytes) -> dict[str, object]:
    """The JSON object that `data` is; an empty one where it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class _Frames:
    """AWS's event stream: total length, headers' length, a checksum; headers, payload, a checksum."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bool:
        self._buffer += data
        is_over = False
        while len(self._buffer) >= 12:
            length = int.from_bytes(self._buffer[:4])
            if not 16 <= length <= _AWS_FRAME_LIMIT:
                msg = "is no event stream of AWS's"
                raise DecodingError(msg)
            if len(self._buffer) < length:
                break
            headers = 12 + int.from_bytes(self._buffer[4:8])
            frame = bytes(self._buffer[: length - 4])
            is_over |= _is_last_frame(
                dict(_aws_headers(frame[12:headers])), frame[headers:]
            )
            del self._buffer[:length]
        return is_over


def _is_last_frame(headers: dict[bytes, bytes], payload: bytes) -> bool:
    if headers.get(b":message-type") in (b"exception", b"error"):
        return True
    match headers.get(b":event-type"):
        case b"metadata":
            return "usage" in _object(payload)
        case b"chunk":
            inner = _object(payload).get("bytes")
            try:
                return _type(base64.b64decode(str(inner))) in NAMES
            except (binascii.Error, ValueError):
                return False
    return False


def _aws_headers(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and value of each header, as far as they can be read."""
    at = 0
    while at + 2 <= len(data):
        name = data[at + 1 : (at := at + 1 + data[at])]
        kind = data[at] if at < len(data) else -1
        at += 1
        if kind in (6, 7):
            size = int.from_bytes(data[at : at + 2])
            at += 2
        elif kind in _AWS_HEADER_SIZES:
            size = _AWS_HEADER_SIZES[kind]
        else:
            return
        yield name, data[at : at + size]
        at += size
