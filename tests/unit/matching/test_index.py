"""Equality of requests by meaning, volatile parts, and the index."""

import json
import re
from collections.abc import Callable, Sequence

import pytest
from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.errors import ConfigError
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.normalized import Key, NormalizedRequest
from anyvcr.core.matching.rules import Repeats, Rules

CHAT = "https://api.openai.com/v1/chat/completions"
FILES = "https://api.openai.com/v1/audio/transcriptions"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LINES = "application/jsonl"
PLAIN = Rules()


def request(
    body: str | bytes = b"",
    *,
    method: str = "POST",
    url: str = CHAT,
    content_type: str = JSON,
    headers: Headers = (),
    host: str = "",
) -> Request:
    typed: Headers = (("Content-Type", (content_type,)),) if content_type else ()
    data = body.encode() if isinstance(body, str) else body
    return Request(
        method=method, url=url, headers=(*typed, *headers), body=data, host=host
    )


def chat(**changes: object) -> str:
    """A chat call; a change to `...` leaves the field out."""
    fields: dict[str, object] = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Name a colour."},
        ],
        "temperature": 1,
        "stream": False,
    }
    fields.update(changes)
    return json.dumps({name: v for name, v in fields.items() if v is not ...})


def says(*contents: object) -> str:
    return chat(messages=[{"role": "user", "content": content} for content in contents])


def tool(name: str, **parameters: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def image(data: str, detail: str = "low") -> list[dict[str, object]]:
    url = {"url": f"data:image/png;base64,{data}", "detail": detail}
    return [{"type": "image_url", "image_url": url}]


def calls(*identifiers: str, answers: Sequence[str] = ()) -> str:
    made = [{"id": i, "function": {"name": f"f{n}"}} for n, i in enumerate(identifiers)]
    told = [{"role": "tool", "tool_call_id": i, "content": "x"} for i in answers]
    return chat(messages=[{"role": "assistant", "tool_calls": made}, *told])


def part(
    name: str, content: str | bytes, *, filename: str = "", content_type: str = ""
) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename else ""
    head += f"\r\nContent-Type: {content_type}" if content_type else ""
    data = content.encode() if isinstance(content, str) else content
    return head.encode() + b"\r\n\r\n" + data


SOUND = b"RIFF\x00\xff\xfe"
WAV = part("file", SOUND, filename="a.wav", content_type="audio/wav")
MODEL = part("model", "whisper-1")


def upload(*parts: bytes, boundary: str = "b0", url: str = FILES) -> Request:
    mark = b"--" + boundary.encode()
    body = (
        b"".join(mark + b"\r\n" + item + b"\r\n" for item in parts) + mark + b"--\r\n"
    )
    kind = f"multipart/form-data; boundary={boundary}"
    return request(body, url=url, content_type=kind)


def plain(text: str | bytes, content_type: str = "text/plain") -> Request:
    return request(text, content_type=content_type)


def at(url: str, method: str = "GET") -> Request:
    return request(method=method, url=url, content_type="")


def form(text: str) -> Request:
    return request(text, content_type=FORM)


def lines(text: str) -> Request:
    return request(text, content_type=LINES)


def wrapped(value: str) -> Request:
    """A JSON body with `value` spelled as it is given."""
    return request(f'{{"v": {value}}}')


BASE = "https://api.openai.com/v1"
BIG = "9" * 400

NEAR_MISSES: dict[str, tuple[Request, Request]] = {
    # where it goes
    "method": (at(f"{BASE}/models"), at(f"{BASE}/models", "POST")),
    "method-delete": (at(f"{BASE}/files/f1", "DELETE"), at(f"{BASE}/files/f1")),
    "method-head": (at(f"{BASE}/models", "HEAD"), at(f"{BASE}/models")),
    "method-case": (at(f"{BASE}/models", "get"), at(f"{BASE}/models", "GET")),
    "scheme": (at("http://localhost/v1"), at("https://localhost/v1")),
    "host": (at(f"{BASE}/models"), at("https://eu.api.openai.com/v1/models")),
    "host-tld": (at(f"{BASE}/models"), at("https://api.openai.org/v1/models")),
    "port": (at("http://localhost:8080/v1"), at("http://localhost:8081/v1")),
    "port-default": (at("http://localhost:8080/v1"), at("http://localhost/v1")),
    "port-of-other-scheme": (at("http://localhost:443/"), at("http://localhost/")),
    "path": (at(f"{BASE}/models"), at(f"{BASE}/model")),
    "path-case": (at(f"{BASE}/models"), at(f"{BASE}/Models")),
    "path-slash": (at(f"{BASE}/models"), at(f"{BASE}/models/")),
    "path-double-slash": (at(f"{BASE}/models"), at(f"{BASE}//models")),
    "path-version": (at(f"{BASE}/models"), at("https://api.openai.com/v2/models")),
    "path-id": (at(f"{BASE}/files/file-1"), at(f"{BASE}/files/file-2")),
    "path-escaped-slash": (at(f"{BASE}/a%2Fb"), at(f"{BASE}/a/b")),
    "path-escaped-percent": (at(f"{BASE}/a%2541"), at(f"{BASE}/a%41")),
    "path-escaped-question": (at(f"{BASE}/a%3Fb"), at(f"{BASE}/a?b")),
    "path-dots": (at(f"{BASE}/a/../b"), at(f"{BASE}/b")),
    "path-plus": (at(f"{BASE}/a+b"), at(f"{BASE}/a%20b")),
    "query-value": (at(f"{BASE}/files?limit=1"), at(f"{BASE}/files?limit=2")),
    "query-name": (at(f"{BASE}/files?after=1"), at(f"{BASE}/files?before=1")),
    "query-absent": (at(f"{BASE}/files?limit=1"), at(f"{BASE}/files")),
    "query-more": (at(f"{BASE}/files?a=1"), at(f"{BASE}/files?a=1&b=2")),
    "query-twice": (at(f"{BASE}/files?a=1"), at(f"{BASE}/files?a=1&a=1")),
    "query-swapped": (at(f"{BASE}/files?a=1&b=2"), at(f"{BASE}/files?a=2&b=1")),
    "query-case": (at(f"{BASE}/files?a=x"), at(f"{BASE}/files?a=X")),
    "query-name-case": (at(f"{BASE}/files?a=x"), at(f"{BASE}/files?A=x")),
    "query-empty": (at(f"{BASE}/files?a="), at(f"{BASE}/files")),
    "query-plus": (at(f"{BASE}/files?a=1%2B1"), at(f"{BASE}/files?a=1+1")),
    "query-ampersand": (at(f"{BASE}/files?a=1%26b=2"), at(f"{BASE}/files?a=1&b=2")),
    "query-equals": (at(f"{BASE}/files?a=b%3Dc"), at(f"{BASE}/files?a=b%253Dc")),
    "query-api-version": (
        at("https://x.openai.azure.com/openai/models?api-version=2024-06-01"),
        at("https://x.openai.azure.com/openai/models?api-version=2024-10-21"),
    ),
    # a chat call
    "model": (request(chat()), request(chat(model="gpt-4o"))),
    "model-dated": (request(chat()), request(chat(model="gpt-4o-mini-2024-07-18"))),
    "temperature": (request(chat()), request(chat(temperature=0.9))),
    "temperature-text": (request(chat()), request(chat(temperature="1"))),
    "temperature-null": (request(chat()), request(chat(temperature=None))),
    "temperature-absent": (request(chat()), request(chat(temperature=...))),
    "temperature-true": (request(chat()), request(chat(temperature=True))),
    "null-absent": (
        request(chat(temperature=None)),
        request(chat(temperature=...)),
    ),
    "stream": (request(chat()), request(chat(stream=True))),
    "stream-absent": (request(chat()), request(chat(stream=...))),
    "stream-text": (request(chat()), request(chat(stream="false"))),
    "stream-zero": (request(chat()), request(chat(stream=0))),
    "stream-options": (
        request(chat(stream=True)),
        request(chat(stream=True, stream_options={"include_usage": True})),
    ),
    "include-usage": (
        request(chat(stream_options={"include_usage": True})),
        request(chat(stream_options={"include_usage": False})),
    ),
    "n": (request(chat(n=1)), request(chat(n=2))),
    "n-absent": (request(chat(n=1)), request(chat())),
    "seed": (request(chat(seed=1)), request(chat(seed=2))),
    "seed-big": (request(chat(seed=2**53)), request(chat(seed=2**53 + 1))),
    "seed-negative": (request(chat(seed=1)), request(chat(seed=-1))),
    "user": (request(chat(user="a")), request(chat(user="b"))),
    "stop-list": (request(chat(stop="x")), request(chat(stop=["x"]))),
    "stop-order": (request(chat(stop=["x", "y"])), request(chat(stop=["y", "x"]))),
    "stop-empty": (request(chat(stop=[])), request(chat(stop=None))),
    "stop-empty-text": (request(chat(stop="")), request(chat(stop=None))),
    "max-tokens": (request(chat(max_tokens=10)), request(chat(max_tokens=11))),
    "max-tokens-name": (
        request(chat(max_tokens=10)),
        request(chat(max_completion_tokens=10)),
    ),
    "top-p": (request(chat(top_p=0.1)), request(chat(top_p=0.10000001))),
    "logit-bias": (
        request(chat(logit_bias={"50256": -100})),
        request(chat(logit_bias={"50256": 100})),
    ),
    "logit-bias-token": (
        request(chat(logit_bias={"50256": -100})),
        request(chat(logit_bias={"50257": -100})),
    ),
    "logprobs": (request(chat(logprobs=True)), request(chat(logprobs=False))),
    "metadata-value": (
        request(chat(metadata={"run": "1"})),
        request(chat(metadata={"run": "2"})),
    ),
    "metadata-empty": (request(chat(metadata={})), request(chat(metadata=None))),
    "metadata-list": (request(chat(metadata={})), request(chat(metadata=[]))),
    "unknown-field": (request(chat()), request(chat(x_new=1))),
    "key-case": (request(chat(seed=1)), request(chat(Seed=1))),
    "key-space": (request(chat(seed=1)), request(chat(**{"seed ": 1}))),
    "reasoning-effort": (
        request(chat(reasoning_effort="low")),
        request(chat(reasoning_effort="high")),
    ),
    "service-tier": (
        request(chat(service_tier="auto")),
        request(chat(service_tier="flex")),
    ),
    "store": (request(chat(store=True)), request(chat(store=False))),
    "parallel-tool-calls": (
        request(chat(parallel_tool_calls=True)),
        request(chat(parallel_tool_calls=False)),
    ),
    # messages
    "content": (request(says("Hello")), request(says("Hello!"))),
    "content-case": (request(says("Hello")), request(says("hello"))),
    "content-space": (request(says("a b")), request(says("a  b"))),
    "content-trailing-space": (request(says("a")), request(says("a "))),
    "content-line-end": (request(says("a\nb")), request(says("a\r\nb"))),
    "content-last-line-end": (request(says("a")), request(says("a\n"))),
    "content-tab": (request(says("a\tb")), request(says("a b"))),
    "content-backslash": (request(says("a\\nb")), request(says("a\nb"))),
    "content-composed": (request(says("\u00e9")), request(says("e\u0301"))),
    "content-emoji": (request(says("\U0001f600")), request(says("\U0001f601"))),
    "content-skin-tone": (
        request(says("\U0001f44d")),
        request(says("\U0001f44d\U0001f3fd")),
    ),
    "content-no-break-space": (request(says("a b")), request(says("a\u00a0b"))),
    "content-quote": (request(says("'a'")), request(says("\u2019a\u2019"))),
    "content-nul": (request(says("a\0b")), request(says("ab"))),
    "content-null": (request(says(None)), request(says(""))),
    "content-number": (request(says("1")), request(says(1))),
    "content-parts": (
        request(says("Hi")),
        request(says([{"type": "text", "text": "Hi"}])),
    ),
    "content-json-in-text": (
        request(says('{"a": 1}')),
        request(says('{"a":1}')),
    ),
    "content-lone-surrogate": (request(says("\ud800")), request(says("\ufffd"))),
    "message-order": (request(says("a", "b")), request(says("b", "a"))),
    "message-more": (request(says("a")), request(says("a", "b"))),
    "message-twice": (request(says("a")), request(says("a", "a"))),
    "message-split": (request(says("ab")), request(says("a", "b"))),
    "message-none": (request(chat(messages=[])), request(chat(messages=...))),
    "message-role": (
        request(chat(messages=[{"role": "system", "content": "x"}])),
        request(chat(messages=[{"role": "developer", "content": "x"}])),
    ),
    "message-name": (
        request(chat(messages=[{"role": "user", "content": "x"}])),
        request(chat(messages=[{"role": "user", "content": "x", "name": "bob"}])),
    ),
    "message-wrapped": (
        request(chat(messages={"role": "user", "content": "x"})),
        request(chat(messages=[{"role": "user", "content": "x"}])),
    ),
    "image-last-byte": (
        request(says(image("iVBORw0KGgo" + "A" * 4000 + "="))),
        request(says(image("iVBORw0KGgo" + "A" * 3999 + "B="))),
    ),
    "image-detail": (
        request(says(image("iVBO"))),
        request(says(image("iVBO", detail="high"))),
    ),
    "image-link": (
        request(says([{"type": "image_url", "image_url": {"url": "https://a/1.png"}}])),
        request(says([{"type": "image_url", "image_url": {"url": "https://a/2.png"}}])),
    ),
    "audio-format": (
        request(says([{"type": "input_audio", "input_audio": {"format": "wav"}}])),
        request(says([{"type": "input_audio", "input_audio": {"format": "mp3"}}])),
    ),
    # tools
    "tools": (request(chat(tools=[tool("a")])), request(chat())),
    "tools-empty": (request(chat(tools=[])), request(chat())),
    "tool-name": (
        request(chat(tools=[tool("a")])),
        request(chat(tools=[tool("b")])),
    ),
    "tool-order": (
        request(chat(tools=[tool("a"), tool("b")])),
        request(chat(tools=[tool("b"), tool("a")])),
    ),
    "tool-enum-order": (
        request(chat(tools=[tool("a", enum=["c", "f"])])),
        request(chat(tools=[tool("a", enum=["f", "c"])])),
    ),
    "tool-required": (
        request(chat(tools=[tool("a", required=["x"])])),
        request(chat(tools=[tool("a", required=["x", "y"])])),
    ),
    "tool-type": (
        request(chat(tools=[tool("a", properties={"x": {"type": "integer"}})])),
        request(chat(tools=[tool("a", properties={"x": {"type": "number"}})])),
    ),
    "tool-additional": (
        request(chat(tools=[tool("a", additionalProperties=False)])),
        request(chat(tools=[tool("a")])),
    ),
    "tool-choice": (
        request(chat(tool_choice="auto")),
        request(chat(tool_choice="none")),
    ),
    "tool-choice-shape": (
        request(chat(tool_choice="required")),
        request(chat(tool_choice={"type": "required"})),
    ),
    "tool-call-id": (request(calls("call_1")), request(calls("call_2"))),
    "tool-call-ids-crossed": (
        request(calls("call_1", "call_2", answers=("call_1", "call_2"))),
        request(calls("call_1", "call_2", answers=("call_2", "call_1"))),
    ),
    "tool-arguments": (
        request(chat(messages=[{"tool_calls": [{"arguments": '{"a":1}'}]}])),
        request(chat(messages=[{"tool_calls": [{"arguments": '{"a":2}'}]}])),
    ),
    "response-format": (
        request(chat(response_format={"type": "json_object"})),
        request(chat(response_format={"type": "text"})),
    ),
    "response-schema-strict": (
        request(chat(response_format={"json_schema": {"strict": True}})),
        request(chat(response_format={"json_schema": {"strict": False}})),
    ),
    # other endpoints
    "responses-input": (
        request('{"model": "m", "input": "a"}'),
        request('{"model": "m", "input": ["a"]}'),
    ),
    "responses-previous": (
        request('{"input": "a", "previous_response_id": "resp_1"}'),
        request('{"input": "a", "previous_response_id": "resp_2"}'),
    ),
    "responses-instructions": (
        request('{"input": "a", "instructions": "x"}'),
        request('{"input": "a"}'),
    ),
    "embeddings-tokens": (
        request('{"input": [[1, 2, 3]]}'),
        request('{"input": [[1, 2, 4]]}'),
    ),
    "embeddings-nesting": (
        request('{"input": [[1, 2, 3]]}'),
        request('{"input": [1, 2, 3]}'),
    ),
    "embeddings-dimensions": (
        request('{"input": "a", "dimensions": 256}'),
        request('{"input": "a", "dimensions": 512}'),
    ),
    "embeddings-format": (
        request('{"input": "a", "encoding_format": "float"}'),
        request('{"input": "a", "encoding_format": "base64"}'),
    ),
    # JSON values
    "number-text": (wrapped("1"), wrapped('"1"')),
    "number-true": (wrapped("1"), wrapped("true")),
    "number-false": (wrapped("0"), wrapped("false")),
    "number-null": (wrapped("0"), wrapped("null")),
    "number-list": (wrapped("1"), wrapped("[1]")),
    "number-sign": (wrapped("1"), wrapped("-1")),
    "number-last-digit": (wrapped("0.1"), wrapped("0.10000000000000000001")),
    "number-beyond-double": (wrapped("9007199254740993"), wrapped("9007199254740992")),
    "number-float-collision": (
        wrapped("0.1"),
        wrapped("0.1000000000000000055511151231257827"),
    ),
    "number-exponent": (wrapped("1e10"), wrapped("1e11")),
    "number-infinite-double": (wrapped("1e400"), wrapped("1e401")),
    "number-huge-exponent": (wrapped("1e999999999"), wrapped("1e999999998")),
    "number-tiny": (wrapped("1e-400"), wrapped("0")),
    "number-many-digits": (wrapped(BIG), wrapped(BIG[:-1] + "8")),
    "number-thousands-of-digits": (
        wrapped("1" + "0" * 5000),
        wrapped("1" + "0" * 5001),
    ),
    "number-spelled-as-text": (wrapped("1.5"), wrapped('"1.5"')),
    "number-marked": (wrapped("1.5"), wrapped('[null, "1.5"]')),
    "text-null": (wrapped('"null"'), wrapped("null")),
    "text-true": (wrapped('"true"'), wrapped("true")),
    "text-empty": (wrapped('""'), wrapped("null")),
    "list-empty": (wrapped("[]"), wrapped("{}")),
    "list-null": (wrapped("[]"), wrapped("[null]")),
    "list-order": (wrapped("[1, 2]"), wrapped("[2, 1]")),
    "list-nesting": (wrapped("[[1], 2]"), wrapped("[1, [2]]")),
    "list-object": (wrapped('["a", 1]'), wrapped('{"a": 1}')),
    "object-null-member": (wrapped('{"a": null}'), wrapped("{}")),
    "object-nesting": (wrapped('{"a": {"b": 1}}'), wrapped('{"a": 1, "b": 1}')),
    "object-swapped": (wrapped('{"a": 1, "b": 2}'), wrapped('{"a": 2, "b": 1}')),
    "duplicate-name": (wrapped('{"a": 1, "a": 2}'), wrapped('{"a": 2}')),
    "duplicate-name-first": (wrapped('{"a": 1, "a": 2}'), wrapped('{"a": 1}')),
    "duplicate-name-order": (
        wrapped('{"a": 1, "a": 2}'),
        wrapped('{"a": 2, "a": 1}'),
    ),
    "duplicate-name-twice": (wrapped('{"a": 1, "a": 1}'), wrapped('{"a": 1}')),
    "top-level-list": (request("[1]"), request("1")),
    "top-level-empty": (request("{}"), request("")),
    "top-level-null": (request("null"), request("")),
    # not JSON after all
    "not-json": (request('{"a": 1'), request('{"a":1')),
    "not-json-nan": (wrapped("NaN"), wrapped("null")),
    "not-json-infinity": (wrapped("Infinity"), wrapped("1e999")),
    "not-json-trailing-comma": (request('{"a": 1,}'), request('{"a": 1}')),
    "not-json-two": (request("{} {}"), request("{}")),
    "not-json-utf8": (request(b'{"a": "\xff"}'), request(b'{"a": "\xfe"}')),
    "not-json-byte-order-mark": (request(b"\xef\xbb\xbf{}"), request(b"{}")),
    # JSON Lines
    "lines-value": (lines('{"a":1}\n{"b":1}'), lines('{"a":1}\n{"b":2}')),
    "lines-order": (lines('{"a":1}\n{"b":1}'), lines('{"b":1}\n{"a":1}')),
    "lines-more": (lines('{"a":1}'), lines('{"a":1}\n{"a":1}')),
    "lines-list": (lines('{"a":1}\n{"b":1}'), request('[{"a":1},{"b":1}]')),
    "lines-single": (lines('{"a":1}'), request('{"a":1}')),
    # urlencoded
    "form-value": (form("a=1&b=2"), form("a=1&b=3")),
    "form-name": (form("a=1"), form("b=1")),
    "form-same-name-order": (form("a=1&a=2"), form("a=2&a=1")),
    "form-twice": (form("a=1"), form("a=1&a=1")),
    "form-empty-value": (form("a="), form("b=1")),
    "form-absent": (form("a=1&b="), form("a=1")),
    "form-plus": (form("a=1+2"), form("a=1%2B2")),
    "form-is-text": (form("a=1"), plain("a=1")),
    "form-is-other-json": (form('{"a":1}'), request('{"a":2}')),
    "form-is-no-json": (form('{"a":x}'), request('{"a":x}')),
    # multipart
    "part-content": (upload(WAV, MODEL), upload(WAV, part("model", "whisper-2"))),
    "part-content-last-byte": (
        upload(part("file", SOUND, filename="a.wav"), MODEL),
        upload(part("file", SOUND[:-1] + b"\xfd", filename="a.wav"), MODEL),
    ),
    "part-content-line-end": (
        upload(part("prompt", "a")),
        upload(part("prompt", "a\r\n")),
    ),
    "part-content-blank-line": (
        upload(part("prompt", "a\r\n\r\nb")),
        upload(part("prompt", "a\r\nb")),
    ),
    "part-filename": (
        upload(part("file", SOUND, filename="a.wav")),
        upload(part("file", SOUND, filename="b.wav")),
    ),
    "part-filename-absent": (
        upload(part("file", SOUND, filename="a.wav")),
        upload(part("file", SOUND)),
    ),
    "part-filename-case": (
        upload(part("file", SOUND, filename="a.wav")),
        upload(part("file", SOUND, filename="a.WAV")),
    ),
    "part-filename-semicolon": (
        upload(part("file", SOUND, filename="a;b.wav")),
        upload(part("file", SOUND, filename="a")),
    ),
    "part-type": (
        upload(part("file", SOUND, content_type="audio/wav")),
        upload(part("file", SOUND, content_type="audio/mpeg")),
    ),
    "part-type-absent": (
        upload(part("file", SOUND, content_type="application/octet-stream")),
        upload(part("file", SOUND)),
    ),
    "part-name": (upload(part("model", "x")), upload(part("prompt", "x"))),
    "part-name-brackets": (
        upload(part("include[]", "x")),
        upload(part("include", "x")),
    ),
    "part-more": (upload(WAV), upload(WAV, MODEL)),
    "part-twice": (upload(MODEL), upload(MODEL, MODEL)),
    "part-same-name-order": (
        upload(part("image[]", "1"), part("image[]", "2")),
        upload(part("image[]", "2"), part("image[]", "1")),
    ),
    "part-swapped": (
        upload(part("a", "1"), part("b", "2")),
        upload(part("a", "2"), part("b", "1")),
    ),
    "part-header": (
        upload(b"X-Kind: 1\r\n" + MODEL),
        upload(b"X-Kind: 2\r\n" + MODEL),
    ),
    "part-transfer-encoding": (
        upload(b"Content-Transfer-Encoding: base64\r\n" + MODEL),
        upload(MODEL),
    ),
    "part-json": (
        upload(part("request", '{"a":1}', content_type=JSON)),
        upload(part("request", '{"a":2}', content_type=JSON)),
    ),
    "part-json-untyped": (
        upload(part("request", '{"a":1}')),
        upload(part("request", '{"a": 1}')),
    ),
    "part-lines": (
        upload(part("file", '{"a":1}\n{"b":1}', content_type=LINES)),
        upload(part("file", '{"b":1}\n{"a":1}', content_type=LINES)),
    ),
    "part-none": (upload(), upload(MODEL)),
    # bytes
    "text": (plain("a"), plain("b")),
    "text-line-end": (plain("a\n"), plain("a\r\n")),
    "text-none": (plain("a"), plain("")),
    "bytes-last": (
        plain(b"\x00" * 4096 + b"\x01", "audio/pcm"),
        plain(b"\x00" * 4096 + b"\x02", "audio/pcm"),
    ),
    "bytes-length": (
        plain(b"\x00" * 4096, "audio/pcm"),
        plain(b"\x00" * 4097, "audio/pcm"),
    ),
    "text-that-is-hex-of-bytes": (plain("6162"), plain("ab")),
}

ESCAPED = chat().replace("Name", "\\u004e\\u0061me")

EQUAL: dict[str, tuple[Request, Request]] = {
    # where it goes
    "host-case": (at("https://API.OpenAI.com/v1/models"), at(f"{BASE}/models")),
    "scheme-case": (at("HTTPS://api.openai.com/v1/models"), at(f"{BASE}/models")),
    "port-443": (at("https://api.openai.com:443/v1/models"), at(f"{BASE}/models")),
    "port-80": (at("http://localhost:80/v1"), at("http://localhost/v1")),
    "port-empty": (at("http://localhost:/v1"), at("http://localhost/v1")),
    "port-ipv6": (at("http://[::1]:80/v1"), at("http://[::1]/v1")),
    "path-empty": (at("https://api.openai.com"), at("https://api.openai.com/")),
    "path-unreserved": (at(f"{BASE}/mo%64els%2D%7E"), at(f"{BASE}/models-~")),
    "path-escape-case": (at(f"{BASE}/a%2fb"), at(f"{BASE}/a%2Fb")),
    "path-raw-space": (at(f"{BASE}/a b|c"), at(f"{BASE}/a%20b%7Cc")),
    "path-raw-letter": (at(f"{BASE}/caf\u00e9"), at(f"{BASE}/caf%C3%A9")),
    "fragment": (at(f"{BASE}/models#top"), at(f"{BASE}/models")),
    "credentials-in-url": (
        at("https://me:pw@api.openai.com/v1/models"),
        at(f"{BASE}/models"),
    ),
    "host-of-header": (
        request(method="GET", url="/v1/models", host="localhost"),
        request(method="GET", url="//localhost/v1/models"),
    ),
    "method-empty": (at(f"{BASE}/models", ""), at(f"{BASE}/models", "GET")),
    "query-order": (at(f"{BASE}/f?a=1&b=2"), at(f"{BASE}/f?b=2&a=1")),
    "query-order-of-one-name": (at(f"{BASE}/f?a=1&a=2"), at(f"{BASE}/f?a=2&a=1")),
    "query-space": (at(f"{BASE}/f?a=x+y"), at(f"{BASE}/f?a=x%20y")),
    "query-escapes": (at(f"{BASE}/f?include%5B%5D=x"), at(f"{BASE}/f?include[]=x")),
    "query-escape-case": (at(f"{BASE}/f?a=%c3%a9"), at(f"{BASE}/f?a=%C3%A9")),
    "query-none": (at(f"{BASE}/models?"), at(f"{BASE}/models")),
    "query-without-equals": (at(f"{BASE}/f?a"), at(f"{BASE}/f?a=")),
    "query-ampersands": (at(f"{BASE}/f?a=1&&b=2&"), at(f"{BASE}/f?a=1&b=2")),
    # headers
    "headers": (
        request("{}", headers=(("User-Agent", ("Go-http-client/1.1",)),)),
        request("{}", headers=(("User-Agent", ("OpenAI/Python 1.0",)),)),
    ),
    "authorization": (
        request("{}", headers=(("Authorization", ("Bearer a",)),)),
        request("{}"),
    ),
    "charset": (
        request("{}", content_type="application/json; charset=utf-8"),
        request("{}"),
    ),
    "type-case": (request("{}", content_type="Application/JSON"), request("{ }")),
    "type-suffix": (
        request("{}", content_type="application/vnd.api+json"),
        request("{ }"),
    ),
    "type-absent": (request(chat(), content_type=""), request(chat())),
    "type-text": (request("[1, 2]", content_type="text/plain"), request("[1,2]")),
    "type-of-empty-body": (at(CHAT), request("", method="GET")),
    # JSON
    "key-order": (
        request('{"model": "m", "stream": true}'),
        request('{"stream": true, "model": "m"}'),
    ),
    "key-order-deep": (
        request('{"messages": [{"role": "user", "content": "x"}]}'),
        request('{"messages": [{"content": "x", "role": "user"}]}'),
    ),
    "spacing": (request('{"a": [1, 2]}'), request('{"a":[1,2]}')),
    "indented": (
        request(json.dumps(json.loads(chat()), indent=2)),
        request(chat()),
    ),
    "line-ends-between": (request('{\r\n"a":\t1}'), request('{"a":1}')),
    "spaces-around": (request("\n {} \r\n"), request("{}")),
    "escape-letter": (request(ESCAPED), request(chat())),
    "escape-accent": (wrapped('"caf\\u00e9"'), wrapped('"caf\u00e9"')),
    "escape-case": (wrapped('"\\u00E9"'), wrapped('"\\u00e9"')),
    "escape-pair": (wrapped('"\\ud83d\\ude00"'), wrapped('"\U0001f600"')),
    "escape-slash": (wrapped('"https:\\/\\/a"'), wrapped('"https://a"')),
    "escape-html": (wrapped('"\\u003cb\\u003e \\u0026"'), wrapped('"<b> &"')),
    "escape-line-end": (wrapped('"a\\u000ab"'), wrapped('"a\\nb"')),
    "escape-quote": (wrapped('"\\u0022"'), wrapped('"\\""')),
    "escape-separator": (wrapped('"\\u2028"'), wrapped('"\u2028"')),
    "escape-delete": (wrapped('"\\u007f"'), wrapped('"\x7f"')),
    "escape-name": (request('{"\\u0061": 1}'), request('{"a": 1}')),
    "number-fraction": (wrapped("1.0"), wrapped("1")),
    "number-zeros": (wrapped("0.70"), wrapped("0.7")),
    "number-exponent": (wrapped("1e0"), wrapped("1")),
    "number-exponent-case": (wrapped("1E+2"), wrapped("100")),
    "number-negative-exponent": (wrapped("7e-1"), wrapped("0.7")),
    "number-hundreds": (wrapped("1.5e3"), wrapped("1500")),
    "number-negative-zero": (wrapped("-0"), wrapped("0")),
    "number-negative-zero-fraction": (wrapped("-0.0"), wrapped("0")),
    "number-zero-exponent": (wrapped("0e5"), wrapped("0")),
    "number-negative": (wrapped("-2.50"), wrapped("-2.5")),
    "number-big": (wrapped("1e21"), wrapped("1000000000000000000000")),
    "number-beyond-double": (
        wrapped("9007199254740993.0"),
        wrapped("9007199254740993"),
    ),
    "number-infinite-double": (wrapped("10e399"), wrapped("1e400")),
    "number-huge-exponent": (wrapped("10e999999998"), wrapped("1.0e999999999")),
    "number-thousands-of-digits": (
        wrapped("1" + "0" * 5000),
        wrapped("1e5000"),
    ),
    "number-at-top": (request("1.0"), request("1")),
    "number-in-list": (wrapped("[0.10, 2.0]"), wrapped("[1e-1, 2]")),
    "duplicate-name-spacing": (
        wrapped('{"a": 1, "b": 0, "a": 2}'),
        wrapped('{"b":0,"a":1.0,"a":2}'),
    ),
    "tool-schema-order": (
        request(chat(tools=[{"type": "function", "function": {"name": "a"}}])),
        request(chat(tools=[{"function": {"name": "a"}, "type": "function"}])),
    ),
    # JSON Lines
    "lines-spacing": (lines('{"a": 1}\n{"b": 1}'), lines('{"a":1}\n{"b":1}')),
    "lines-last": (lines('{"a":1}\n'), lines('{"a":1}')),
    "lines-blank": (lines('{"a":1}\n\n{"b":1}'), lines('{"a":1}\n{"b":1}')),
    "lines-carriage-return": (lines('{"a":1}\r\n{"b":1}'), lines('{"a":1}\n{"b":1}')),
    "lines-type": (
        lines('{"a":1}'),
        request('{"a": 1}', content_type="application/x-ndjson"),
    ),
    "lines-type-absent": (
        request('{"a":1}\n{"b":1}', content_type=""),
        lines('{"a":1}\n{"b":1}'),
    ),
    # urlencoded
    "form-order": (form("a=1&b=2"), form("b=2&a=1")),
    "form-space": (form("a=x+y"), form("a=x%20y")),
    "form-escapes": (form("a%5B%5D=1"), form("a[]=1")),
    "form-type-absent": (request("a=1&b=x%20y", content_type=""), form("b=x+y&a=1")),
    "form-is-json": (form('{"a":1,"b":2}'), request('{"b": 2.0, "a": 1}')),
    "form-is-spaced-json": (form(' ["x"]'), form('["x"]')),
    # multipart
    "boundary": (upload(WAV, MODEL), upload(WAV, MODEL, boundary="----x9")),
    "boundary-quoted": (
        upload(MODEL),
        request(
            b"--a b\r\n" + MODEL + b"\r\n--a b--\r\n",
            url=FILES,
            content_type='multipart/form-data; charset=utf-8; Boundary="a b"',
        ),
    ),
    "part-order": (upload(WAV, MODEL), upload(MODEL, WAV)),
    "part-order-around-same-name": (
        upload(part("f[]", "1"), MODEL, part("f[]", "2")),
        upload(part("f[]", "1"), part("f[]", "2"), MODEL),
    ),
    "part-header-order": (
        upload(WAV),
        upload(
            b"content-type:audio/wav\r\n"
            b"content-disposition: form-data; filename=a.wav; name=file\r\n\r\n" + SOUND
        ),
    ),
    "part-type-case": (
        upload(part("file", SOUND, content_type="Audio/WAV")),
        upload(part("file", SOUND, content_type="audio/wav")),
    ),
    "part-length": (upload(b"Content-Length: 9\r\n" + MODEL), upload(MODEL)),
    "part-binary": (
        upload(b"Content-Transfer-Encoding: binary\r\n" + MODEL),
        upload(MODEL),
    ),
    "part-filename-escaped": (
        upload(part("file", SOUND, filename='a\\"b.wav')),
        upload(
            b"Content-Disposition: form-data; name=file; filename*=UTF-8''a%22b.wav"
            b"\r\n\r\n" + SOUND
        ),
    ),
    "part-json": (
        upload(part("request", '{"a":1,"b":2}', content_type=JSON)),
        upload(part("request", '{"b": 2, "a": 1.0}', content_type=JSON)),
    ),
    "part-lines": (
        upload(part("file", '{"a":1}\n', content_type=LINES)),
        upload(part("file", '{"a": 1}', content_type=LINES)),
    ),
    "multipart-type-absent": (
        request(upload(WAV, MODEL).body, url=FILES, content_type=""),
        upload(MODEL, WAV, boundary="other"),
    ),
    "multipart-boundary-absent": (
        request(upload(MODEL).body, url=FILES, content_type="multipart/form-data"),
        upload(MODEL),
    ),
    # bytes
    "bytes": (plain(b"\x00\xff", "audio/pcm"), plain(b"\x00\xff", "audio/pcm")),
    "bytes-type": (plain("hello"), plain("hello", "text/html")),
    "not-json-under-any-type": (request("hello"), plain("hello")),
    "not-multipart": (
        request("--b\r\nno end", content_type="multipart/form-data; boundary=b"),
        plain("--b\r\nno end"),
    ),
}


def cases(
    table: dict[str, tuple[Request, Request]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    pairs = [pytest.param(one, other, id=name) for name, (one, other) in table.items()]
    return pytest.mark.parametrize(("one", "other"), pairs)


def key(asked: Request, rules: Rules) -> Key:
    return NormalizedRequest(asked, rules).key


def recorded(*requests: Request) -> list[Interaction]:
    answer = Response(code=200, status="200 OK")
    return [
        Interaction(id=number, request=asked, response=answer)
        for number, asked in enumerate(requests)
    ]


def played(index: Index, asked: Request) -> int | None:
    """Id of the interaction that answers, None for a miss."""
    found = index.take(asked)
    return found.interaction.id if isinstance(found, Hit) else None


def missed(index: Index, asked: Request) -> Miss:
    found = index.take(asked)
    assert isinstance(found, Miss)
    return found


@cases(NEAR_MISSES)
def test_a_near_miss_is_not_answered(one: Request, other: Request) -> None:
    assert key(one, PLAIN) != key(other, PLAIN)
    assert not NormalizedRequest(one, PLAIN).matches(NormalizedRequest(other, PLAIN))
    for asked, there in ((one, other), (other, one)):
        miss = missed(Index(recorded(there)), asked)
        assert not miss.used_up
        assert miss.nearest[0].differences


@cases(EQUAL)
def test_an_equal_request_is_answered(one: Request, other: Request) -> None:
    assert key(one, PLAIN) == key(other, PLAIN)
    for asked, there in ((one, other), (other, one)):
        assert played(Index(recorded(there)), asked) == 0


def test_the_tables_are_as_long_as_promised() -> None:
    assert len(NEAR_MISSES) >= 150
    assert len(EQUAL) >= 60


# Volatile parts

IGNORED: dict[str, tuple[tuple[str, ...], Request, Request]] = {
    "path": (("$.user",), request(chat(user="a")), request(chat(user="b"))),
    "path-absent": (("$.user",), request(chat(user="a")), request(chat())),
    "path-deep": (
        ("$.messages[*].content",),
        request(says("a", "b")),
        request(says("c", "d")),
    ),
    "path-last": (
        ("$.messages[-1].content",),
        request(says("a", "b")),
        request(says("a", "c")),
    ),
    "path-element": (
        ("$.stop[0]",),
        request(chat(stop=[1, 2])),
        request(chat(stop=[3, 2])),
    ),
    "path-elements": (
        ("$.stop[0]", "$.stop[1]", "$.stop"),
        request(chat(stop=[1, 2, 3])),
        request(chat()),
    ),
    "path-anywhere": (
        ("$..name",),
        request(chat(tools=[tool("a")])),
        request(chat(tools=[tool("b")])),
    ),
    "path-filter": (
        ("$.messages[?@.role == 'system']",),
        request(chat()),
        request(chat(messages=[{"role": "user", "content": "Name a colour."}])),
    ),
    "path-filter-fraction": (
        ("$.runs[?@.score > 0.5]",),
        request('{"runs": [{"score": 0.25}, {"score": 0.75}]}'),
        request('{"runs": [{"score": 0.25}]}'),
    ),
    "path-quoted": (
        ("$['odd name']",),
        request('{"odd name": 1}'),
        request('{"odd name": 2}'),
    ),
    "path-of-duplicate-name": (
        ("$.a",),
        request('{"a": 1, "b": 1, "a": 2}'),
        request('{"b": 1, "a": 3, "a": 4}'),
    ),
    "path-of-lines": (
        ("$[*].custom_id",),
        lines('{"custom_id":"1","a":1}'),
        lines('{"custom_id":"2","a":1}'),
    ),
    "path-in-the-deepest": (
        ("$..z",),
        request('{"a":' * 95 + '{"z":1}' + "}" * 95),
        request('{"a":' * 95 + "{}" + "}" * 95),
    ),
    "query": (("query:after",), at(f"{BASE}/f?after=1&b=2"), at(f"{BASE}/f?b=2")),
    "form": (("form:user",), form("user=1&a=2"), form("a=2&user=3")),
    "part": (("form:user",), upload(WAV, part("user", "1")), upload(WAV)),
    "part-type": (
        ("form-type:file",),
        upload(part("file", SOUND, filename="a", content_type="audio/wav")),
        upload(
            part("file", SOUND, filename="a", content_type="application/octet-stream")
        ),
    ),
    "tool-calls": (
        ("tool-call-ids",),
        request(calls("call_a", "call_b", answers=("call_b", "call_a"))),
        request(calls("toolu_1", "toolu_2", answers=("toolu_2", "toolu_1"))),
    ),
    "tool-calls-of-responses": (
        ("tool-call-ids",),
        request(
            '{"input": [{"id": "fc_1", "call_id": "call_1"}, {"call_id": "call_1"}]}'
        ),
        request(
            '{"input": [{"id": "fc_2", "call_id": "call_2"}, {"call_id": "call_2"}]}'
        ),
    ),
}


@pytest.mark.parametrize(
    ("ignore", "one", "other"), IGNORED.values(), ids=list(IGNORED)
)
def test_a_declared_part_does_not_count(
    ignore: tuple[str, ...], one: Request, other: Request
) -> None:
    rules = Rules(ignore=ignore)
    assert key(one, rules) == key(other, rules)
    assert key(one, PLAIN) != key(other, PLAIN)
    assert played(Index(recorded(one), rules), other) == 0
    assert played(Index(recorded(other), rules), one) == 0


STILL_COUNTED: dict[str, tuple[tuple[str, ...], Request, Request]] = {
    "other-member": (("$.user",), request(chat(seed=1)), request(chat(seed=2))),
    "same-name-deeper": (
        ("$.user",),
        request('{"a": {"user": 1}}'),
        request('{"a": {"user": 2}}'),
    ),
    "other-query": (("query:a",), at(f"{BASE}/f?b=1"), at(f"{BASE}/f?b=2")),
    "other-field": (("form:a",), form("b=1"), form("b=2")),
    "query-is-not-form": (("query:a",), form("a=1"), form("a=2")),
    "content-of-part": (
        ("form-type:file",),
        upload(part("file", "1")),
        upload(part("file", "2")),
    ),
    "text-at-the-top": (("$.a",), request('"x"'), request('"y"')),
    "tool-calls-crossed": (
        ("tool-call-ids",),
        request(calls("call_1", "call_2", answers=("call_1", "call_2"))),
        request(calls("call_1", "call_2", answers=("call_2", "call_1"))),
    ),
    "tool-calls-merged": (
        ("tool-call-ids",),
        request(calls("call_1", "call_2")),
        request(calls("call_1", "call_1")),
    ),
    "tool-call-absent": (
        ("tool-call-ids",),
        request(calls("call_1", answers=("call_1",))),
        request(calls("call_1")),
    ),
    "tool-call-name": (
        ("tool-call-ids",),
        request('{"messages": [{"tool_calls": [{"id": "call_1", "name": "a"}]}]}'),
        request('{"messages": [{"tool_calls": [{"id": "call_1", "name": "b"}]}]}'),
    ),
    "tool-call-null": (
        ("tool-call-ids",),
        request('{"messages": [{"tool_call_id": null}]}'),
        request('{"messages": [{"tool_call_id": "call_1"}]}'),
    ),
    "item-reference": (
        ("tool-call-ids",),
        request('{"input": [{"type": "item_reference", "id": "msg_1"}]}'),
        request('{"input": [{"type": "item_reference", "id": "msg_2"}]}'),
    ),
    "id-elsewhere": (
        ("tool-call-ids",),
        request('{"metadata": {"tool_call_id": "call_1"}}'),
        request('{"metadata": {"tool_call_id": "call_2"}}'),
    ),
}


@pytest.mark.parametrize(
    ("ignore", "one", "other"), STILL_COUNTED.values(), ids=list(STILL_COUNTED)
)
def test_what_is_not_declared_counts(
    ignore: tuple[str, ...], one: Request, other: Request
) -> None:
    rules = Rules(ignore=ignore)
    assert key(one, rules) != key(other, rules)


@pytest.mark.parametrize(
    ("entry", "says_so"),
    [
        ("", "cannot ignore ''"),
        ("user", "expected a JSON path such as $.user"),
        ("query:", "cannot ignore 'query:'"),
        ("header:x", "cannot ignore 'header:x'"),
        ("$.a[", "not a JSON path of RFC 9535"),
        ("$.a, $.b", "not a JSON path of RFC 9535"),
        ("$[?nosuch(@)]", "not a JSON path of RFC 9535"),
        ("$", "that is the whole body"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_refused(entry: str, says_so: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says_so)):
        Rules(ignore=(entry,))


@pytest.mark.parametrize("name", ["", "two words", "colon:", "line\n"])
def test_a_header_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not the name of a header"):
        Rules(headers=(name,))


def test_named_headers_count() -> None:
    rules = Rules(headers=("OpenAI-Beta",))
    one = request("{}", headers=(("Openai-Beta", ("assistants=v2",)),))
    lower = request("{}", headers=(("openai-beta", (" assistants=v2",)),))
    other = request("{}", headers=(("Openai-Beta", ("assistants=v1",)),))
    assert key(one, rules) == key(lower, rules)
    assert len({key(asked, rules) for asked in (one, other, request("{}"))}) == 3


def test_rules_with_the_same_declarations_are_equal() -> None:
    assert Rules(ignore=("$.a",)) == Rules(ignore=("$.a",)) != Rules(ignore=("$.b",))


# The index

FIRST, SECOND = request(chat(seed=1)), request(chat(seed=2))
OTHERWISE_SPELLED = request(json.dumps(json.loads(chat(seed=1)), sort_keys=True))


def test_identical_requests_get_their_answers_in_order_each_once() -> None:
    index = Index(recorded(FIRST, SECOND, OTHERWISE_SPELLED, FIRST))
    assert [played(index, FIRST) for _ in range(4)] == [0, 2, 3, None]
    assert played(index, SECOND) == 1


def test_bodies_that_share_all_texts_are_told_apart() -> None:
    spelled = [request(chat(seed=seed)) for seed in (1, 2, 1)]
    index = Index(recorded(*spelled, OTHERWISE_SPELLED))
    assert [played(index, OTHERWISE_SPELLED) for _ in range(4)] == [0, 2, 3, None]
    assert played(index, SECOND) == 1


def test_used_up_is_another_miss_than_unknown() -> None:
    index = Index(recorded(FIRST))
    played(index, OTHERWISE_SPELLED)
    assert missed(index, FIRST).used_up
    assert not missed(index, SECOND).used_up


def test_sticky_repeats_the_last_answer() -> None:
    index = Index(recorded(FIRST, SECOND, FIRST), PLAIN, Repeats.STICKY)
    assert [played(index, FIRST) for _ in range(4)] == [0, 2, 2, 2]
    assert [played(index, SECOND) for _ in range(2)] == [1, 1]
    assert not missed(index, request("{}")).used_up


def test_cycle_starts_again() -> None:
    index = Index(recorded(FIRST, SECOND, FIRST), PLAIN, Repeats.CYCLE)
    assert [played(index, FIRST) for _ in range(5)] == [0, 2, 0, 2, 0]


def test_strict_keeps_the_order_of_the_file() -> None:
    index = Index(recorded(FIRST, SECOND, at(f"{BASE}/models")), PLAIN, Repeats.STRICT)
    early = missed(index, SECOND)
    assert (early.expected, early.used_up) == (0, False)
    assert [near.id for near in early.nearest] == [0, 1]
    assert played(index, FIRST) == 0
    again = missed(index, FIRST)
    assert (again.expected, again.used_up) == (1, True)
    assert [played(index, SECOND), played(index, at(f"{BASE}/models"))] == [1, 2]
    assert missed(index, FIRST).expected is None


def test_what_nobody_asked_for_is_unused() -> None:
    interactions = recorded(FIRST, SECOND, FIRST)
    index = Index(interactions, PLAIN, Repeats.CYCLE)
    assert index.unused() == tuple(interactions)
    played(index, FIRST)
    assert index.unused() == tuple(interactions[1:])
    for _ in range(2):
        played(index, FIRST)
    assert index.unused() == (interactions[1],)


def test_an_empty_cassette_has_nothing_near() -> None:
    miss = missed(Index(), FIRST)
    assert (miss.nearest, miss.recorded, miss.used_up) == ((), 0, False)


def test_a_miss_that_nobody_reads_is_not_explained() -> None:
    index = Index(recorded(FIRST))
    miss = index.take(SECOND, explain=False)
    assert isinstance(miss, Miss)
    assert miss.nearest == ()


def test_any_answer_is_found_among_thousands_of_one_url() -> None:
    index = Index(recorded(*(request(chat(seed=seed)) for seed in range(2000))))
    order = [*range(1999, -1, -7), *range(0, 1999, 5)]
    seen: set[int] = set()
    for seed in order:
        expected = None if seed in seen else seed
        found = index.take(request(chat(seed=seed)), explain=False)
        assert (found.interaction.id if isinstance(found, Hit) else None) == expected
        seen.add(seed)


@pytest.mark.parametrize("name", ["once", " Sticky", "CYCLE", "strict"])
def test_repeats_are_read_from_text(name: str) -> None:
    assert Repeats.parse(name) == name.strip().lower()


def test_an_unknown_rule_for_repeats_is_refused() -> None:
    with pytest.raises(ConfigError, match="once, sticky, cycle, strict"):
        Repeats.parse("twice")
