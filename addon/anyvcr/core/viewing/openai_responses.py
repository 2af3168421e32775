"""The Responses API: `/responses`, over HTTP and over a WebSocket."""

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
    number,
    obj,
    objs,
    settings,
    text,
)
from anyvcr.core.viewing.openai_chat import media
from anyvcr.core.viewing.streams import Event
from anyvcr.core.viewing.usage import usage

_KNOWN = frozenset({"model", "input", "instructions", "tools", "type", "event_id"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_RESULTS = frozenset(
    {"function_call_output", "custom_tool_call_output", "local_shell_call_output"}
)


def read(request: Object, response: Object, events: list[Event]) -> Exchange:
    """Read a request and its response; `events` are those of a streamed answer."""
    whole = _whole(events) if events else response
    return Exchange(
        model=text(whole, "model") or text(request, "model"),
        settings=tuple(settings(request, _KNOWN, _tools(request))),
        asked=tuple(_asked(request)),
        answered=tuple(map(_turn, objs(whole, "output"))),
        finish=text(whole, "incomplete_details", "reason") or text(whole, "status"),
        usage=usage(obj(whole, "usage")),
        error=text(whole, "error", "message"),
        events=len(events),
    )


def _asked(request: Object) -> Iterator[Turn]:
    if said := text(request, "instructions"):
        yield Turn("instructions", (Text(said),))
    given = request.get("input")
    if isinstance(given, str):
        yield Turn("user", (Text(given),))
    yield from map(_turn, objs(given))


def _turn(item: Object) -> Turn:
    """One item of the input or the output."""
    kind = text(item, "type")
    role = text(item, "role")
    if role or kind == "message":
        said = item.get("content")
        if isinstance(said, str):
            return Turn(role, (Text(said),))
        return Turn(role, tuple(map(_part, objs(said))))
    if kind == "reasoning":
        thoughts = [*objs(item, "summary"), *objs(item, "content")]
        thought = "\n".join(filter(None, (text(each, "text") for each in thoughts)))
        return Turn("assistant", (Reasoning(thought),))
    if kind in _RESULTS:
        given = item.get("output")
        parts = [part for part in map(_part, objs(given)) if isinstance(part, Text)]
        answer = "\n".join(part.text for part in parts) or text(item, "output")
        return Turn("tool", (Result(answer, text(item, "call_id")),))
    if kind in {"function_call", "custom_tool_call"}:
        arguments = text(item, "arguments") or text(item, "input")
        call = Call(text(item, "name"), arguments, text(item, "call_id"))
        return Turn("assistant", (call,))
    if kind == "image_generation_call":
        image = text(item, "result")
        return Turn("assistant", (Media("image", "", base64_size(image)),))
    return Turn("assistant" if kind.endswith("_call") else "", (Data(item),))


def _part(part: Object) -> Part:
    match text(part, "type"):
        case "input_text" | "output_text" | "text" | "summary_text":
            return Text(text(part, "text"))
        case "refusal":
            return Refusal(text(part, "refusal"))
        case "input_image":
            url = text(part, "image_url") or text(part, "file_id")
            return media("image", url)
        case "input_file":
            data = text(part, "file_data")
            size = base64_size(data.rpartition(",")[2]) if data else None
            names = ("filename", "file_id", "file_url")
            name = next(filter(None, (text(part, each) for each in names)), "")
            return Media("file", "", size, name)
        case "input_audio" | "output_audio" | "audio":
            data = text(part, "data") or text(part, "audio")
            size = base64_size(data) if data else None
            return Media("audio", text(part, "format"), size, text(part, "transcript"))
    return Data(part)


def _tools(request: Object) -> Iterator[str]:
    for tool in objs(request, "tools"):
        yield text(tool, "name") or text(tool, "type")


def _whole(events: list[Event]) -> Object:
    """The response as its last event has it, or what came of it."""
    known: Object = {}
    done: dict[int, Object] = {}
    texts: dict[int, str] = {}
    for event in events:
        data = event.data
        if response := obj(data, "response"):
            known = response
        if event.name in _ENDS and objs(known, "output"):
            return known
        if event.name == "error":
            known = {**known, "error": obj(data, "error") or data}
        at = number(data, "output_index") or 0
        if event.name == "response.output_item.done":
            done[at] = obj(data, "item")
        elif event.name in {"response.output_text.delta", "response.text.delta"}:
            texts[at] = texts.get(at, "") + text(data, "delta")
    items = {
        at: {"role": "assistant", "content": said} for at, said in texts.items()
    } | done
    return {**known, "output": [items[at] for at in sorted(items)]}
