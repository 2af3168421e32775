"""An interaction as lines for people: plain, with marks that a terminal or Markdown gives a look."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from anyvcr.core.printable import printable
from anyvcr.core.viewing.exchange import (
    Call,
    Data,
    Exchange,
    Media,
    Part,
    Reasoning,
    Refusal,
    Result,
    Shown,
    Text,
    Turn,
    Usage,
)

_INDENT = "    "


class Look(Enum):
    """What kind of line it is, for whoever gives it colours."""

    TITLE = "title"
    ROLE = "role"
    PLAIN = "plain"
    FAINT = "faint"
    TOOL = "tool"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Line:
    """A line; its text can be printed as it is."""

    look: Look
    text: str


def lines(shown: Shown) -> Iterator[Line]:
    """The interaction, from its title to its cost."""
    exchange = shown.exchange
    yield Line(Look.TITLE, _title(shown))
    if exchange.settings:
        named = ", ".join(
            f"{name}={_short(value)}" for name, value in exchange.settings
        )
        yield Line(Look.FAINT, printable(f"{_INDENT}{named}"))
    for turn in exchange.asked:
        yield from _turn(turn, "asked")
    for turn in exchange.answered:
        yield from _turn(turn, "answered")
    if exchange.error:
        yield Line(Look.ERROR, printable(f"  error: {exchange.error}"))
    if end := _end(shown):
        yield Line(Look.FAINT, printable(f"  {end}"))


def size(count: int) -> str:
    """`count` bytes, in the unit that reads best."""
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def _title(shown: Shown) -> str:
    parts = urlsplit(shown.url) if "[" not in shown.url else None
    where = (parts.path or "/") if parts else shown.url
    host = "" if parts is None or parts.netloc == "api.openai.com" else parts.netloc
    query = f"?{parts.query}" if parts and parts.query else ""
    words = [f"#{shown.id}", shown.method, f"{host}{where}{query}", str(shown.code)]
    if shown.exchange.model:
        words.append(shown.exchange.model)
    return printable("  ".join(words))


def _turn(turn: Turn, default: str) -> Iterator[Line]:
    yield Line(Look.ROLE, printable(f"  {turn.role or default}"))
    for part in turn.parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[Line]:
    match part:
        case Text(text):
            yield from _block(Look.PLAIN, text)
        case Reasoning(text):
            yield from _block(Look.FAINT, text or "(reasoning, not shown)")
        case Refusal(text):
            yield from _block(Look.ERROR, text)
        case Call(name, arguments, identifier):
            mark = f"  {identifier}" if identifier else ""
            yield from _block(Look.TOOL, f"→ {name}({_tidy(arguments)}){mark}")
        case Result(text, identifier):
            mark = f"{identifier}: " if identifier else ""
            yield from _block(Look.TOOL, f"← {mark}{text}")
        case Media() as media:
            yield from _block(Look.TOOL, f"[{describe(media)}]")
        case Data(value):
            tidy = json.dumps(value, ensure_ascii=False, indent=2, default=str)
            yield from _block(Look.FAINT, tidy)


def describe(media: Media) -> str:
    """An image, audio or a file in words."""
    words = [media.kind, media.type, media.name]
    if media.size is not None:
        words.append(size(media.size))
    return " ".join(filter(None, words))


def _block(look: Look, text: str) -> Iterator[Line]:
    for line in text.split("\n"):
        yield Line(look, printable(f"{_INDENT}{line}".rstrip(), keep="\t"))


def _tidy(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _end(shown: Shown) -> str:
    exchange = shown.exchange
    words = [exchange.finish, *_tokens(exchange.usage), *_times(shown, exchange)]
    return ", ".join(filter(None, words))


def _tokens(usage: Usage | None) -> Iterator[str]:
    if usage is None:
        return
    if usage.input is not None:
        cached = f" ({usage.cached} cached)" if usage.cached else ""
        yield f"{usage.input} tokens in{cached}"
    if usage.output is not None:
        thought = f" ({usage.reasoning} reasoning)" if usage.reasoning else ""
        yield f"{usage.output} out{thought}"


def _times(shown: Shown, exchange: Exchange) -> Iterator[str]:
    if exchange.events:
        yield f"{exchange.events} events"
    if shown.duration:
        yield f"headers after {shown.duration:.2f} s"
    if shown.first is not None and shown.last is not None:
        yield f"first byte {shown.first:.2f} s and last {shown.last:.2f} s later"
    if shown.rate is not None:
        yield f"{shown.rate:.0f} tokens/s"
