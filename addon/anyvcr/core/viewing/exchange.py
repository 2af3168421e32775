"""What an interaction was: who said what, with which tools, at what cost."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a person or a model."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought; empty where it is encrypted or not shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a model said in place of an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model calls."""

    name: str
    arguments: str
    """JSON as a rule; any text for a custom tool."""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """An image, audio or a file, by its kind and size, never by its bytes."""

    kind: str
    """`image`, `audio`, `video`, `file` and the like."""
    type: str = ""
    """Its media type or format, where it is known."""
    size: int | None = None
    """Bytes, None where only a name or a URL is there."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Data:
    """Anything else: a JSON value."""

    value: object


Part: TypeAlias = Text | Reasoning | Refusal | Call | Result | Media | Data


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says at once."""

    role: str
    """`user`, `assistant`, `system`, `tool` and what else an API knows; may be empty."""
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens; None where the API did not say."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    """Of the input, those read from the API's cache."""
    reasoning: int | None = None
    """Of the output, those that the model thought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, read."""

    model: str = ""
    settings: tuple[tuple[str, object], ...] = ()
    """What else the request asked for: `stream`, `temperature`, names of tools …"""
    asked: tuple[Turn, ...] = ()
    answered: tuple[Turn, ...] = ()
    finish: str = ""
    """Why the answer ended, in the API's word."""
    usage: Usage | None = None
    error: str = ""
    """The API's message, where it answered with an error."""
    events: int = 0
    """Events of the stream that the answer came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An interaction of a cassette, with what its exchange was."""

    id: int
    method: str
    url: str
    code: int
    exchange: Exchange
    duration: float = 0.0
    """Seconds from the request until the answer's headers."""
    first: float | None = None
    """Seconds from the headers to the first chunk, with --timing."""
    last: float | None = None
    """Seconds from the headers to the last chunk, with --timing."""
    request_size: int = 0
    response_size: int = 0

    @property
    def rate(self) -> float | None:
        """Output tokens a second while the answer streamed; None where it is not known."""
        usage = self.exchange.usage
        if usage is None or not usage.output or self.last is None or self.first is None:
            return None
        took = self.last - self.first
        return usage.output / took if took > 0 else None
