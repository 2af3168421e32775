"""Pairs of requests that differ (NEAR_MISSES), and pairs that match (EQUAL); plain data."""

import json

from anyvcr.core.cassette.model import Request
from support.requests import (
    BASE,
    CHAT,
    FILES,
    JSON,
    LINES,
    MODEL,
    SOUND,
    WAV,
    at,
    calls,
    chat,
    form,
    image,
    lines,
    part,
    plain,
    request,
    says,
    tool,
    upload,
    wrapped,
)

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
