"""Pairs of client messages that differ in what they mean (NEAR_MISSES); plain data."""

import base64
import json

from anyvcr.core.websocket.message import Binary, Message, Side, Text

QUESTION = {"role": "user", "content": [{"type": "input_text", "text": "Oi"}]}
CREATE: dict[str, object] = {
    "type": "response.create",
    "model": "gpt-4o-mini",
    "input": [QUESTION],
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
    "metadata": {"user": "u1"},
    "temperature": 1,
    "previous_response_id": "resp_0001",
    "stream_id": "lane-1",
}
SESSION = {
    "type": "realtime",
    "instructions": "Be brief.",
    "output_modalities": ["text"],
    "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.5}}},
}
SOUND = bytes(range(48))


def text(said: str) -> Message:
    return Text(Side.CLIENT, said)


def event(**fields: object) -> Message:
    """An event; a trailing `_` of a name is left out."""
    return text(json.dumps({name.rstrip("_"): each for name, each in fields.items()}))


def create(**changes: object) -> Message:
    """A `response.create` with other fields; one that is `...` is left out."""
    fields = {**CREATE, **changes}
    return event(**{name: each for name, each in fields.items() if each is not ...})


def asks(said: str, role: str = "user", kind: str = "input_text") -> Message:
    return create(input=[{"role": role, "content": [{"type": kind, "text": said}]}])


def update(**changes: object) -> Message:
    return event(type="session.update", session={**SESSION, **changes})


def detection(**fields: object) -> Message:
    return update(audio={"input": {"turn_detection": fields}})


def append(sound: bytes, **more: object) -> Message:
    audio = base64.b64encode(sound).decode()
    return event(type="input_audio_buffer.append", audio=audio, **more)


def item(**fields: object) -> Message:
    return event(type="conversation.item.create", item=fields)


def output(call: str, said: str) -> Message:
    return item(type="function_call_output", call_id=call, output=said)


NEAR_MISSES: dict[str, tuple[Message, Message]] = {
    # what kind of message
    "type": (event(type="response.create"), event(type="response.cancel")),
    "type-case": (event(type="response.create"), event(type="Response.create")),
    "type-absent": (event(type="a", x=1), event(x=1)),
    "text-binary": (text("{}"), Binary(Side.CLIENT, b"{}")),
    "binary": (Binary(Side.CLIENT, b"\x00\x01"), Binary(Side.CLIENT, b"\x00\x02")),
    "binary-longer": (Binary(Side.CLIENT, b"ab"), Binary(Side.CLIENT, b"abc")),
    "binary-empty": (Binary(Side.CLIENT, b"a"), Binary(Side.CLIENT, b"")),
    "binary-that-is-json": (
        Binary(Side.CLIENT, b'{"a":1}'),
        Binary(Side.CLIENT, b'{"a": 1}'),
    ),
    "plain": (text("hello"), text("hullo")),
    "plain-case": (text("hello"), text("Hello")),
    "plain-blank": (text("hello"), text("hello ")),
    "plain-empty": (text("hello"), text("")),
    "plain-looks-binary": (text("binary:a"), Binary(Side.CLIENT, b"a")),
    "json-plain": (text('{"a":1}'), text('{"a":1')),
    "json-list": (text('[{"a":1}]'), text('{"a":1}')),
    "json-text": (text('"1"'), text("1")),
    "json-null": (text("null"), text('"null"')),
    "json-false": (text("false"), text("0")),
    "list-order": (text("[1,2]"), text("[2,1]")),
    "list-longer": (text("[1,2]"), text("[1,2,2]")),
    # what is asked for
    "model": (create(), create(model="gpt-4o")),
    "model-absent": (create(), create(model=...)),
    "temperature": (create(), create(temperature=1.1)),
    "temperature-text": (create(), create(temperature="1")),
    "temperature-true": (create(), create(temperature=True)),
    "temperature-null": (create(temperature=...), create(temperature=None)),
    "number-large": (create(seed=2**53), create(seed=2**53 + 1)),
    "more": (create(), create(store=False)),
    "generate": (create(), create(generate=False)),
    "previous": (create(), create(previous_response_id="resp_0002")),
    "previous-absent": (create(), create(previous_response_id=...)),
    "metadata": (create(), create(metadata={"user": "u2"})),
    "metadata-more": (create(), create(metadata={"user": "u1", "event_id": "e"})),
    "metadata-empty": (create(metadata={}), create(metadata=...)),
    "said": (asks("Oi"), asks("Oi!")),
    "said-case": (asks("Oi"), asks("OI")),
    "said-blank": (asks("a b"), asks("a  b")),
    "said-line-end": (asks("a\nb"), asks("a\r\nb")),
    "said-accent": (asks("\u00e9"), asks("e\u0301")),
    "said-emoji": (asks("\U0001f600"), asks("\U0001f601")),
    "said-number": (asks("1"), asks("1.0")),
    "said-escaped": (asks("%41"), asks("A")),
    "role": (asks("Oi"), asks("Oi", role="system")),
    "content-type": (asks("Oi"), asks("Oi", kind="output_text")),
    "input-twice": (create(), create(input=[QUESTION, QUESTION])),
    "input-string": (create(input="Oi"), create(input=["Oi"])),
    "tools": (create(), create(tools=[])),
    "tool-name": (create(), create(tools=[{"type": "function", "name": "g"}])),
    "steered": (
        event(type="response.steer", previous_response_id="resp_1", input="a"),
        event(type="response.steer", previous_response_id="resp_2", input="a"),
    ),
    "cancelled": (
        event(type="response.cancel", response_id="resp_1"),
        event(type="response.cancel", response_id="resp_2"),
    ),
    "cancelled-any": (
        event(type="response.cancel", response_id="resp_1"),
        event(type="response.cancel"),
    ),
    # a session of Realtime
    "instructions": (update(), update(instructions="Be long.")),
    "modalities": (update(), update(output_modalities=["audio"])),
    "modalities-more": (update(), update(output_modalities=["text", "audio"])),
    "detection": (update(), detection(type="semantic_vad", threshold=0.5)),
    "detection-threshold": (update(), detection(type="server_vad", threshold=0.6)),
    "detection-off": (update(), update(audio={"input": {"turn_detection": None}})),
    "voice": (
        update(audio={"output": {"voice": "marin"}}),
        update(audio={"output": {"voice": "cedar"}}),
    ),
    "audio": (append(SOUND), append(SOUND[::-1])),
    "audio-bit": (append(SOUND), append(SOUND[:-1] + b"\x2e")),
    "audio-longer": (append(SOUND), append(SOUND + b"\x00")),
    "audio-unreadable": (append(SOUND), event(type="input_audio_buffer.append", audio="!")),
    "audio-absent": (append(SOUND), event(type="input_audio_buffer.append")),
    "audio-more": (append(SOUND), append(SOUND, channel=2)),
    "item-text": (
        item(type="message", role="user", content=[{"type": "input_text", "text": "a"}]),
        item(type="message", role="user", content=[{"type": "input_text", "text": "b"}]),
    ),
    "item-output": (output("call_1", '{"t":20}'), output("call_1", '{"t":21}')),
    "item-call": (output("call_1", "{}"), output("call_2", "{}")),
    "item-place": (
        event(type="conversation.item.create", previous_item_id="root", item={}),
        event(type="conversation.item.create", previous_item_id="item_1", item={}),
    ),
    "item-deleted": (
        event(type="conversation.item.delete", item_id="item_1"),
        event(type="conversation.item.delete", item_id="item_2"),
    ),
    "item-truncated": (
        event(type="conversation.item.truncate", item_id="item_1", audio_end_ms=100),
        event(type="conversation.item.truncate", item_id="item_1", audio_end_ms=101),
    ),
    "item-id-elsewhere": (
        event(type="other", item={"id": "item_1"}),
        event(type="other", item={"id": "item_2"}),
    ),
}  # fmt: skip
"""By what differs. Neither of a pair may be answered with what was said to the other."""
