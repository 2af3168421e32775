"""A WebSocket conversation: what each side said, with the pieces of a response put together."""

from collections.abc import Iterator

from anyvcr.core import utf8
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.viewing import openai_responses
from anyvcr.core.viewing.exchange import Data, Exchange, Media, Part, Text, Turn
from anyvcr.core.viewing.loose import Object, base64_size, obj, parsed, text
from anyvcr.core.viewing.resources import without_bytes
from anyvcr.core.viewing.streams import Event
from anyvcr.core.websocket import message as said
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, End, Message, Side

_AUDIO = "input_audio_buffer.append"
_ROLES = {Side.CLIENT: "client", Side.SERVER: "server", Side.RECORDER: "recorder"}


def read(body: bytes) -> Exchange:
    """The conversation as turns; a body that is no transcript is a text."""
    whole = utf8.decode(body)
    try:
        messages = transcript.read(whole)
    except CassetteFormatError:
        return Exchange(answered=(Turn("", (Text(whole),)),))
    model = ""
    for message in messages:
        event = _event(message)
        for place in (event, obj(event, "session"), obj(event, "response")):
            model = model or text(place, "model")
    return Exchange(model=model, answered=tuple(_turns(messages)), events=len(messages))


def _turns(messages: tuple[Message, ...]) -> Iterator[Turn]:
    audio = 0
    deltas: list[Event] = []
    for message in messages:
        event = _event(message)
        kind = text(event, "type")
        if message.side is Side.CLIENT and kind == _AUDIO:
            audio += base64_size(text(event, "audio"))
            continue
        if audio:
            yield Turn("client", (Media("audio", "", audio),))
            audio = 0
        if message.side is Side.SERVER and kind.startswith("response."):
            deltas.append(Event(kind, event))
            if kind in {"response.completed", "response.done", "response.failed"}:
                yield from openai_responses.read({}, {}, deltas).answered
                deltas.clear()
            continue
        yield Turn(_ROLES[message.side], (_part(message, event),))
    if audio:
        yield Turn("client", (Media("audio", "", audio),))
    if deltas:
        yield from openai_responses.read({}, {}, deltas).answered


def _event(message: Message) -> Object:
    return obj(parsed(message.text)) if isinstance(message, said.Text) else {}


def _part(message: Message, event: Object) -> Part:
    match message:
        case said.Text(text=words):
            return Data(without_bytes(event)) if event else Text(words)
        case Binary(data=data):
            return Media("message", "", len(data))
        case said.Close(code=code, reason=reason):
            return Data({"close": code, "reason": reason})
        case End(how=how):
            return Data({"ended": how or "without a close"})
