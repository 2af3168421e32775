"""Any body is shown, whatever it holds: no reader fails on a shape that it does not know."""

import json
from typing import Any

from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.printable import printable
from anyvcr.core.viewing import reader
from anyvcr.core.viewing.text import lines
from hypothesis import given
from hypothesis import strategies as st

PATHS = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/g:streamGenerateContent",
    "/v1/embeddings",
    "/v1/images/generations",
    "/v1/realtime",
    "[::bad",
]
NAMES = [
    "model",
    "messages",
    "role",
    "content",
    "type",
    "text",
    "tool_calls",
    "index",
    "id",
    "function",
    "name",
    "arguments",
    "choices",
    "delta",
    "message",
    "finish_reason",
    "usage",
    "prompt_tokens",
    "input",
    "output",
    "instructions",
    "response",
    "output_index",
    "item",
    "system",
    "parts",
    "candidates",
    "inlineData",
    "data",
    "source",
    "error",
    "code",
    "embedding",
    "b64_json",
    "audio",
    "image_url",
    "url",
    "tools",
    "contents",
    "partial_json",
    "content_block",
]
leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.text(max_size=5),
    st.sampled_from(
        ["text", "image_url", "tool_use", "function_call", "data:x;base64,@"]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=25,
)
bodies = st.one_of(
    st.binary(max_size=40),
    values.map(lambda value: json.dumps(value).encode()),
    st.lists(values, max_size=4).map(
        lambda found: b"".join(
            f"event: {v.get('type') if isinstance(v, dict) else ''}\n"
            f"data: {json.dumps(v)}\n\n".encode("utf-8", "replace")
            for v in found
        )
    ),
)
types = st.sampled_from(
    [
        "application/json",
        "text/event-stream",
        "multipart/form-data; boundary=x",
        "application/vnd.anyvcr.websocket",
        "audio/mpeg",
        "",
    ]
)


@given(
    path=st.sampled_from(PATHS),
    sent=bodies,
    got=bodies,
    sent_type=types,
    got_type=types,
    code=st.integers(0, 599),
)
def test_any_exchange_is_shown(
    *, path: str, sent: bytes, got: bytes, sent_type: str, got_type: str, code: int
) -> None:
    found = Interaction(
        id=0,
        request=Request(
            method="POST",
            url=f"https://api.openai.com{path}",
            headers=(("Content-Type", (sent_type,)),),
            body=sent,
        ),
        response=Response(
            code=code, status="", headers=(("Content-Type", (got_type,)),), body=got
        ),
    )

    for line in lines(reader.read(found)):
        assert line.text == printable(line.text, keep="\t")
