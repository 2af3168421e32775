"""Chat completions: `/chat/completions` of OpenAI and of all that speak like it."""

from collections.abc import Iterator

from anyvcr.core.viewing.exchange import (
    Call,
    Data,
    Exchange,
    Media,
    Part,
    Reasoning,
    Refusal,
    Result,
    Text,
    Turn,
)
from anyvcr.core.viewing.loose import (
    Object,
    base64_size,
    data_url,
    index,
    obj,
    objs,
    settings,
    text,
)
from anyvcr.core.viewing.streams import Event
from anyvcr.core.viewing.usage import usage

_KNOWN = frozenset({"model", "messages", "tools", "functions"})


def read(request: Object, response: Object, events: list[Event]) -> Exchange:
    """Read a request and its response; `events` are those of a streamed answer."""
    merged = _merged(events) if events else response
    choices = objs(merged, "choices")
    return Exchange(
        model=text(merged, "model") or text(request, "model"),
        settings=tuple(settings(request, _KNOWN, _tools(request))),
        asked=tuple(map(_turn, objs(request, "messages"))),
        answered=tuple(_turn(obj(choice, "message")) for choice in choices),
        finish=", ".join(filter(None, (text(c, "finish_reason") for c in choices))),
        usage=usage(obj(merged, "usage")),
        events=len(events),
    )


def _content(value: object) -> Iterator[Part]:
    """The parts of a message's content: a text, or a list of typed parts."""
    if isinstance(value, str):
        if value:
            yield Text(value)
        return
    for part in objs(value):
        yield _part(part)


def media(kind: str, url: str) -> Media:
    """What a URL shows, by its type and size if it holds them."""
    if (found := data_url(url)) is not None:
        return Media(kind, *found)
    return Media(kind, name=url)


def _part(part: Object) -> Part:
    match text(part, "type"):
        case "text" | "input_text" | "output_text":
            return Text(text(part, "text"))
        case "refusal":
            return Refusal(text(part, "refusal"))
        case "image_url":
            return media("image", text(part, "image_url", "url"))
        case "input_audio":
            audio = obj(part, "input_audio")
            size = base64_size(text(audio, "data"))
            return Media("audio", text(audio, "format"), size)
        case "file":
            file = obj(part, "file")
            name = text(file, "filename") or text(file, "file_id")
            if (found := data_url(text(file, "file_data"))) is not None:
                return Media("file", *found, name)
            return Media("file", name=name)
    return Data(part)


def _turn(message: Object) -> Turn:
    role = text(message, "role")
    parts: list[Part] = []
    if thought := text(message, "reasoning_content") or text(message, "reasoning"):
        parts.append(Reasoning(thought))
    said = message.get("content")
    if role in {"tool", "function"}:
        answer = "\n".join(p.text for p in _content(said) if isinstance(p, Text))
        identifier = text(message, "tool_call_id") or text(message, "name")
        parts.append(Result(answer, identifier))
    else:
        parts += _content(said)
    if refused := text(message, "refusal"):
        parts.append(Refusal(refused))
    if audio := obj(message, "audio"):
        size = base64_size(text(audio, "data"))
        parts.append(Media("audio", "", size, text(audio, "id")))
        if spoken := text(audio, "transcript"):
            parts.append(Text(spoken))
    for call in objs(message, "tool_calls"):
        what = obj(call, "function") or obj(call, "custom")
        arguments = text(what, "arguments") or text(what, "input")
        parts.append(Call(text(what, "name"), arguments, text(call, "id")))
    if old := obj(message, "function_call"):
        parts.append(Call(text(old, "name"), text(old, "arguments")))
    return Turn(role, tuple(parts))


def _tools(request: Object) -> Iterator[str]:
    for tool in [*objs(request, "tools"), *objs(request, "functions")]:
        yield text(tool, "function", "name") or text(tool, "name") or text(tool, "type")


def _merged(events: list[Event]) -> Object:
    """The answer that the pieces make."""
    whole: Object = {}
    choices: dict[int, Object] = {}
    for event in events:
        whole |= {k: v for k, v in event.data.items() if k != "choices" and v}
        for position, piece in enumerate(objs(event.data, "choices")):
            choice = choices.setdefault(index(piece, position), {"message": {}})
            if finish := piece.get("finish_reason"):
                choice["finish_reason"] = finish
            _add(obj(choice, "message"), obj(piece, "delta"))
    return whole | {"choices": [choices[n] for n in sorted(choices)]}


def _add(message: Object, delta: Object) -> None:
    for name, value in delta.items():
        if name == "tool_calls":
            _add_calls(message, objs(delta, name))
        elif isinstance(value, dict):
            inner = message.setdefault(name, {})
            if isinstance(inner, dict):
                _add(inner, value)
        elif isinstance(value, str) and name not in {"role", "id", "type"}:
            message[name] = f"{text(message, name)}{value}"
        elif value is not None:
            message[name] = value


def _add_calls(message: Object, pieces: list[Object]) -> None:
    calls = message.setdefault("tool_calls", [])
    if not isinstance(calls, list):
        return
    for position, piece in enumerate(pieces):
        at = min(max(index(piece, position), 0), len(calls))
        if at == len(calls):
            calls.append({})
        call = calls[at]
        for name, value in piece.items():
            if isinstance(value, dict):
                _add(call.setdefault(name, {}), value)
            elif value is not None:
                call[name] = value
