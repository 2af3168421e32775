"""Gemini's API: `…:generateContent` and `…:streamGenerateContent`."""

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
    obj,
    objs,
    settings,
    text,
)
from anyvcr.core.viewing.usage import usage

_KNOWN = frozenset({"contents", "systemInstruction", "system_instruction", "tools"})


def read(request: Object, answers: list[Object], model: str) -> Exchange:
    """Read a request and its response; `answers` are the pieces of a streamed one, or the only one."""
    parts: list[Part] = []
    finish, tokens = "", None
    for answer in answers:
        candidate = next(iter(objs(answer, "candidates")), {})
        for part in map(_part, objs(candidate, "content", "parts")):
            last = parts[-1] if parts else None
            if isinstance(part, Text) and isinstance(last, Text):
                parts[-1] = Text(last.text + part.text)
            elif isinstance(part, Reasoning) and isinstance(last, Reasoning):
                parts[-1] = Reasoning(last.text + part.text)
            else:
                parts.append(part)
        finish = text(candidate, "finishReason") or finish
        tokens = usage(obj(answer, "usageMetadata")) or tokens
    return Exchange(
        model=text(answers[0], "modelVersion") if answers else model,
        settings=tuple(settings(request, _KNOWN, _tools(request))),
        asked=tuple(_asked(request)),
        answered=(Turn("model", tuple(parts)),) if parts else (),
        finish=finish,
        usage=tokens,
        events=len(answers) if len(answers) > 1 else 0,
    )


def _asked(request: Object) -> Iterator[Turn]:
    system = obj(request, "systemInstruction") or obj(request, "system_instruction")
    if system:
        yield Turn("system", tuple(map(_part, objs(system, "parts"))))
    for content in objs(request, "contents"):
        yield Turn(text(content, "role"), tuple(map(_part, objs(content, "parts"))))


def _part(part: Object) -> Part:
    if "text" in part:
        said = text(part, "text")
        return Reasoning(said) if part.get("thought") is True else Text(said)
    if inline := obj(part, "inlineData") or obj(part, "inline_data"):
        kind = text(inline, "mimeType") or text(inline, "mime_type")
        size = base64_size(text(inline, "data"))
        return Media(kind.partition("/")[0] or "file", kind, size)
    if call := obj(part, "functionCall"):
        arguments = json.dumps(call.get("args"), ensure_ascii=False)
        return Call(text(call, "name"), arguments, text(call, "id"))
    if result := obj(part, "functionResponse"):
        given = json.dumps(result.get("response"), ensure_ascii=False)
        return Result(given, text(result, "id") or text(result, "name"))
    return Data(part)


def _tools(request: Object) -> Iterator[str]:
    for tool in objs(request, "tools"):
        yield from (text(each, "name") for each in objs(tool, "functionDeclarations"))
