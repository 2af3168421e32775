"""Everything of an API beside its conversations: embeddings, images, audio, files, errors, polls."""

from collections.abc import Iterator

from anyvcr.core.matching.body import Form, Json, Lines, Multipart, Raw, read
from anyvcr.core.media_type import media_type
from anyvcr.core.viewing.exchange import Data, Exchange, Media, Part, Text, Turn
from anyvcr.core.viewing.loose import Object, base64_size, obj, objs, parsed, text
from anyvcr.core.viewing.streams import Event
from anyvcr.core.viewing.usage import usage

_BYTES = ("audio/", "image/", "video/", "application/octet-stream", "application/zip")
_SAID = ("text", "input", "prompt", "query", "instructions")
_LONG = 2000


def asked(body: bytes, content_type: str) -> tuple[Turn, ...]:
    """What a request holds: its form's fields and files, its texts, else its JSON."""
    parts = tuple(_asked(body, content_type))
    return (Turn("", parts),) if parts else ()


def answered(body: bytes, content_type: str, events: list[Event]) -> tuple[Turn, ...]:
    """What an answer holds."""
    parts = tuple(_answered(body, content_type, events))
    return (Turn("", parts),) if parts else ()


def exchange(
    request: tuple[Turn, ...],
    response: tuple[Turn, ...],
    sent: Object,
    got: Object,
    events: list[Event],
) -> Exchange:
    """Read what no other reader knows."""
    return Exchange(
        model=text(got, "model") or text(sent, "model"),
        asked=request,
        answered=response,
        finish=text(got, "status"),
        usage=usage(obj(got, "usage")),
        events=len(events),
    )


def error(answer: object) -> str:
    """The message of an error in any API's shape; empty where it is none."""
    if isinstance(answer, list):  # Gemini's streams
        answer = answer[0] if answer else None
    for message in (text(answer, "error", "message"), text(answer, "message")):
        if message:
            return message
    return text(answer, "error") or text(answer, "detail")


def _asked(body: bytes, content_type: str) -> Iterator[Part]:
    match read(body, content_type):
        case Json(value) if isinstance(value, dict):
            yield from _fields(obj(parsed(body)))
        case Json() | Lines():
            yield _json(body)
        case Form(pairs):
            yield Data(dict(pairs))
        case Multipart(parts):
            for part in parts:
                yield _field(part.name, part.filename, part.type, part.content)
        case Raw(data) if data:
            yield _raw(data, content_type)


def _field(
    name: str, filename: str | None, kind: str, content: Json | Lines | Raw
) -> Part:
    if filename is not None:
        size = len(content.data) if isinstance(content, Raw) else None
        return Media(_family(kind), kind, size, filename)
    value = content.data.decode("utf-8", "replace") if isinstance(content, Raw) else ""
    return Data({name: value})


def _fields(value: Object) -> Iterator[Part]:
    """Its texts by themselves, what else it says as JSON."""
    rest = dict(value)
    for name in _SAID:
        said = rest.get(name)
        if isinstance(said, str):
            yield Text(said)
        elif isinstance(said, list) and all(isinstance(each, str) for each in said):
            yield from (Text(each) for each in said)
        else:
            continue
        del rest[name]
    rest.pop("model", None)
    if rest:
        yield Data(without_bytes(rest))


def _answered(body: bytes, content_type: str, events: list[Event]) -> Iterator[Part]:
    if events:
        yield from _streamed(events)
        return
    value = parsed(body) if body else None
    if isinstance(value, dict):
        if vectors := _vectors(value):
            yield vectors
        elif images := list(_images(value)):
            yield from images
        elif isinstance(said := value.get("text"), str):
            yield Text(said)
        else:
            yield Data(without_bytes(value))
    elif value is not None:
        yield Data(without_bytes(value))
    elif body:
        yield _raw(body, content_type)


def _streamed(events: list[Event]) -> Iterator[Part]:
    """Words that came in pieces, audio by its size, and the last event."""
    said = "".join(
        text(event.data, "delta") for event in events if event.name.endswith(".delta")
    )
    audio = sum(base64_size(text(event.data, "audio")) for event in events)
    if audio:
        yield Media("audio", "", audio)
    elif said:
        yield Text(said)
    yield Data(without_bytes(events[-1].data))


def _vectors(value: Object) -> Data | None:
    found = objs(value, "data")
    if not found or "embedding" not in found[0]:
        return None
    vector = found[0]["embedding"]
    size = base64_size(vector) // 4 if isinstance(vector, str) else 0
    size = len(vector) if isinstance(vector, list) else size
    return Data({"embeddings": len(found), "dimensions": size})


def _images(value: Object) -> Iterator[Part]:
    for image in objs(value, "data"):
        if data := text(image, "b64_json"):
            kind = text(value, "output_format")
            yield Media("image", kind, base64_size(data))
        elif "revised_prompt" in image and (url := text(image, "url")):
            yield Media("image", name=url)


def _json(body: bytes) -> Part:
    value = parsed(body)
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    return Data({"lines": lines} if value is None else without_bytes(value))


def _raw(data: bytes, content_type: str) -> Part:
    bare = media_type(content_type)
    if not bare.startswith(_BYTES):
        try:
            return Text(data.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return Media(_family(bare), bare, len(data))


def _family(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in {"image", "audio", "video"} else "file"


def without_bytes(value: object, name: str = "") -> object:
    """`value` with the size of a text in place of what must be data: long, and no words in it."""
    if isinstance(value, dict):
        return {key: without_bytes(item, key) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) > _LONG and all(isinstance(each, int | float) for each in value):
            return f"({len(value)} numbers)"
        return [without_bytes(item, name) for item in value]
    if isinstance(value, str) and len(value) > _LONG and " " not in value:
        return f"({base64_size(value)} bytes)"
    return value
