"""A cassette that is changed keeps the bytes of its file where nothing changed."""

import difflib
from dataclasses import replace
from typing import TypeVar

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.goyaml import nodes

Message = TypeVar("Message", Request, Response)

GOCCY = r"""---
version: 2
interactions:
- id: 0
  request:
    proto: HTTP/1.1
    proto_major: 1
    proto_minor: 1
    content_length: 21
    host: api.openai.com
    body: "{\"key\":\"sk-old\",\"n\":1}"
    headers:
      Authorization:
      - Bearer sk-old
      X-Number:
      - 1e3
    url: https://api.openai.com/v1/models
    method: POST
  response:
    proto: HTTP/2.0
    proto_major: 2
    proto_minor: 0
    content_length: -1
    uncompressed: true
    body: "data: {\"id\":\"sk-old\"}\n\ndata: [DONE]\n\n"
    headers:
      Content-Type:
      - text/event-stream; charset=utf-8
    status: 200 OK
    code: 200
    duration: 12.5ms
"""
BY_HAND = """\
# Recorded by hand.
version: 2
interactions:
  - id: 0   # the first
    request:
      method: POST
      url: 'https://api.openai.com/v1/models?key=sk-old'
      body: |
        {"key": "sk-old",
         "n": 1}

    response:
      body: >
        a sk-old
        folded text
      headers: {X-Key: [sk-old, other], "X-More": ["it's"]}
      code: 200

# The end.
"""
AS_JSON = """\
{"version": 2, "interactions": [{"id": 0,
  "request": {"method": "POST", "url": "https://a/sk-old", "body": "{\\"k\\": \\"sk-old\\"}"},
  "response": {"code": 200, "headers": {"X-Key": ["sk-old"]}}}]}
"""


@pytest.fixture(autouse=True, params=["libyaml", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(nodes, "LIBYAML", None)
    elif nodes.LIBYAML is None:
        pytest.skip("this PyYAML has no libyaml")


def cleaned(cassette: Cassette, old: str = "sk-old", new: str = "REDACTED") -> Cassette:
    """With `new` in place of `old` in all texts of its messages."""
    return replace(
        cassette,
        interactions=tuple(
            replace(
                each,
                request=_cleaned(each.request, old, new),
                response=_cleaned(each.response, old, new),
            )
            for each in cassette.interactions
        ),
    )


def _cleaned(message: Message, old: str, new: str) -> Message:
    def text(value: str) -> str:
        return value.replace(old, new)

    headers = tuple(
        (name, tuple(map(text, values))) for name, values in message.headers
    )
    body = message.body.replace(old.encode(), new.encode())
    if isinstance(message, Request):
        return replace(message, headers=headers, body=body, url=text(message.url))
    return replace(message, headers=headers, body=body)


def sample(style: Style) -> bytes:
    """Two interactions in the layout of `style`, with a secret in most places."""
    data = GOCCY.replace("- 1e3", "- no").replace("\\n\\n", " \\n\\n")
    one = cassette_format.loads(data.encode()).interactions[0]
    other = replace(
        one, id=1, response=replace(one.response, body=b"\n\n  {sk-old}\n\xc3\xa9")
    )
    return cassette_format.dumps(Cassette(interactions=(one, other), style=style))


@pytest.mark.parametrize(
    "text", [GOCCY, BY_HAND, AS_JSON], ids=["goccy", "hand", "json"]
)
def test_only_what_changed_is_written(text: str) -> None:
    data = text.encode()
    changed = cassette_format.dumps(cleaned(cassette_format.loads(data)))
    if "folded" in text:  # a folded text has no other form to keep
        text = text.replace(
            "body: >\n        a sk-old\n        folded text",
            "body: |\n        a sk-old folded text",
        )
    assert changed.decode() == text.replace("sk-old", "REDACTED")


@pytest.mark.parametrize("style", list(Style))
def test_any_layout_is_kept(style: Style) -> None:
    data = sample(style)
    cassette = cassette_format.loads(data)
    assert cassette.style is style
    assert cassette_format.dumps(cleaned(cassette)) == data.replace(
        b"sk-old", b"REDACTED"
    )


def test_a_value_that_its_quotes_cannot_hold_gets_others() -> None:
    data = BY_HAND.encode()
    changed = cassette_format.dumps(
        cleaned(cassette_format.loads(data), "https://api.openai.com", "\t\x01")
    )
    assert [
        line
        for line in difflib.ndiff(BY_HAND.splitlines(), changed.decode().splitlines())
        if line[0] in "+-"
    ] == [
        "-       url: 'https://api.openai.com/v1/models?key=sk-old'",
        '+       url: "\\t\\x01/v1/models?key=sk-old"',
    ]


def test_binary_data_and_text_take_each_others_place() -> None:
    data = sample(Style.X_VCR)
    cassette = cassette_format.loads(data)
    one, other = cassette.interactions
    wanted = replace(
        cassette,
        interactions=(
            one,
            replace(other, response=replace(other.response, body=b"\xff" * 99)),
        ),
    )
    changed = cassette_format.dumps(wanted)
    assert cassette_format.loads(changed) == wanted
    assert (
        cassette_format.dumps(
            replace(cassette_format.loads(changed), interactions=cassette.interactions)
        )
        == data
    )


def test_what_is_not_changed_is_the_file_itself() -> None:
    for text in (GOCCY, BY_HAND, AS_JSON):
        assert (
            cassette_format.dumps(cassette_format.loads(text.encode())) == text.encode()
        )


def test_a_change_of_structure_is_written_anew_and_whole() -> None:
    cassette = cassette_format.loads(BY_HAND.encode())
    (one,) = cassette.interactions
    more = (("X-New", ("1",)),)
    wanted = replace(
        cassette,
        interactions=(replace(one, request=replace(one.request, headers=more)),),
    )
    assert cassette_format.loads(cassette_format.dumps(wanted)) == wanted


def test_two_values_of_one_anchor_are_written_apart() -> None:
    text = (
        "version: 2\ninteractions:\n- id: 0\n  request: {url: &u a, method: GET}\n"
        "- id: 1\n  request: {url: *u, method: GET}\n"
    )
    cassette = cassette_format.loads(text.encode())
    one, other = cassette.interactions
    wanted = replace(
        cassette,
        interactions=(one, replace(other, request=replace(other.request, url="b"))),
    )
    assert cassette_format.loads(cassette_format.dumps(wanted)) == wanted
