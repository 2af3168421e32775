"""An interaction as JSON values, for machines; documented in docs/json.md."""

from dataclasses import asdict, fields, is_dataclass

from anyvcr.core.viewing.exchange import Media, Part, Shown, Turn


def plain(shown: Shown) -> dict[str, object]:
    """The interaction: members of Shown and Exchange, each part with its `kind`."""
    exchange = shown.exchange
    return {
        "id": shown.id,
        "method": shown.method,
        "url": shown.url,
        "code": shown.code,
        "model": exchange.model,
        "settings": dict(exchange.settings),
        "asked": [_turn(turn) for turn in exchange.asked],
        "answered": [_turn(turn) for turn in exchange.answered],
        "finish": exchange.finish,
        "error": exchange.error,
        "usage": None if exchange.usage is None else asdict(exchange.usage),
        "events": exchange.events,
        "seconds": {
            "headers": shown.duration,
            "first_chunk": shown.first,
            "last_chunk": shown.last,
        },
        "tokens_per_second": shown.rate,
        "bytes": {"request": shown.request_size, "response": shown.response_size},
    }


def _turn(turn: Turn) -> dict[str, object]:
    return {"role": turn.role, "parts": [_part(part) for part in turn.parts]}


def _part(part: Part) -> dict[str, object]:
    assert is_dataclass(part)
    members = {field.name: getattr(part, field.name) for field in fields(part)}
    if isinstance(part, Media):
        members["media"] = members.pop("kind")
    return {"kind": type(part).__name__.lower(), **members}
