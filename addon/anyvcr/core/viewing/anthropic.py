"""Anthropic's Messages API: `/v1/messages`."""

import json
from collections.abc import Iterator

from anyvcr.core.viewing.exchange import (
    Call,
    Data,
    Exchange,
    Media,
    Part,
    Reasoning,
    Result,
    Text,
    Turn,
)
from anyvcr.core.viewing.loose import (
    Object,
    base64_size,
    index,
    obj,
    objs,
    parsed,
    settings,
    text,
)
from anyvcr.core.viewing.streams import Event
from anyvcr.core.viewing.usage import usage

_KNOWN = frozenset({"model", "messages", "system", "tools"})


def read(request: Object, response: Object, events: list[Event]) -> Exchange:
    """Read a request and its response; `events` are those of a streamed answer."""
    whole = _merged(events) if events else response
    answer = tuple(_parts(whole.get("content")))
    return Exchange(
        model=text(whole, "model") or text(request, "model"),
        settings=tuple(settings(request, _KNOWN, _tools(request))),
        asked=tuple(_asked(request)),
        answered=(Turn(text(whole, "role") or "assistant", answer),) if answer else (),
        finish=text(whole, "stop_reason"),
        usage=usage(obj(whole, "usage")),
        events=len(events),
    )


def _asked(request: Object) -> Iterator[Turn]:
    if system := tuple(_parts(request.get("system"))):
        yield Turn("system", system)
    for message in objs(request, "messages"):
        yield Turn(text(message, "role"), tuple(_parts(message.get("content"))))


def _parts(content: object) -> Iterator[Part]:
    if isinstance(content, str):
        yield Text(content)
        return
    for block in objs(content):
        yield _part(block)


def _part(block: Object) -> Part:
    match text(block, "type"):
        case "text":
            return Text(text(block, "text"))
        case "thinking" | "redacted_thinking":
            return Reasoning(text(block, "thinking"))
        case "image" | "document" as kind:
            source = obj(block, "source")
            data = text(source, "data")
            name = text(block, "title") or text(source, "url")
            size = base64_size(data) if data else None
            return Media(
                "file" if kind == "document" else kind,
                text(source, "media_type"),
                size,
                name,
            )
        case "tool_use" | "server_tool_use":
            given = block.get("input")
            return Call(text(block, "name"), _json(given), text(block, "id"))
        case "tool_result":
            said = [p.text for p in _parts(block.get("content")) if isinstance(p, Text)]
            return Result("\n".join(said), text(block, "tool_use_id"))
    return Data(block)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tools(request: Object) -> Iterator[str]:
    return (text(tool, "name") for tool in objs(request, "tools"))


def _merged(events: list[Event]) -> Object:
    """The message that the pieces make."""
    whole: Object = {}
    blocks: dict[int, Object] = {}
    pieces: dict[int, str] = {}
    for event in events:
        data = event.data
        match event.name:
            case "message_start":
                whole = dict(obj(data, "message"))
            case "content_block_start":
                blocks[index(data, 0)] = dict(obj(data, "content_block"))
            case "content_block_delta":
                at = index(data, 0)
                block = blocks.setdefault(at, {"type": "text"})
                delta = obj(data, "delta")
                pieces[at] = pieces.get(at, "") + text(delta, "partial_json")
                for name in ("text", "thinking"):
                    if piece := text(delta, name):
                        block[name] = text(block, name) + piece
            case "message_delta":
                whole |= obj(data, "delta")
                whole["usage"] = obj(whole, "usage") | obj(data, "usage")
    for at, piece in pieces.items():
        if piece:
            given = parsed(piece)
            blocks[at]["input"] = piece if given is None else given
    return whole | {"content": [blocks[at] for at in sorted(blocks)]}
