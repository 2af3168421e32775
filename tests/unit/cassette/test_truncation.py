"""A cassette that is cut off at any byte: what is whole is known, and nothing else is called cut off."""

from dataclasses import replace

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import truncation
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError

BODIES = {
    "json": b'{"a": 1}',
    "events": b"data: one\n\ndata: two\n\n" * 3,
    "binary": b"\x00\xff\xfe" * 60,
    "short binary": b"\xff",
    "one long line": b'{"a": "' + b"x y" * 90 + b'"}',
    "a cassette": b"- id: 3\n  request:\n    proto: x\nmore\n    - id: 0\n\n" * 2,
    "separators": "é\u2028\nline\n".encode() * 3,
    "indented": b"\n\n  indented\n\ttab\n" * 2,
    "only line ends": b"\n\n\n",
    "nothing": b"",
}
MINIMAL = """\
version: 2
interactions:
- id: 0
  request:
    method: GET
    url: https://api.openai.com/v1/models
  response:
    body: '{}'
    code: 200
"""


def interaction(number: int, body: bytes, *, chunked: bool) -> Interaction:
    codings = ("chunked",) if chunked else ()
    return Interaction(
        id=number,
        request=Request(
            method="POST",
            url="https://api.openai.com/v1/responses?a=1",
            headers=(("Content-Type", ("application/json",)),),
            body=body,
            content_length=len(body),
            transfer_encoding=codings,
            form=(("a", ("1",)),),
        ),
        response=Response(
            code=200,
            status="200 OK",
            headers=(("Content-Type", ("text/event-stream; charset=utf-8",)),),
            body=body,
            transfer_encoding=codings,
            trailer=(("X-Sum", ("abc",)),) if chunked else (),
            duration=62_000_500_000,
        ),
    )


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "plain"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("style", list(Style))
def test_a_cut_at_any_byte_is_known_and_all_before_it_kept(
    style: Style, body: bytes, chunked: bool
) -> None:
    ones = [interaction(number, body, chunked=chunked) for number in range(2)]
    data = cassette_format.dumps(Cassette(interactions=tuple(ones), style=style))
    start = len(
        cassette_format.dumps(Cassette(interactions=tuple(ones[:1]), style=style))
    )
    dash = data.index(b"-", start)

    for end in range(dash + 1, len(data) - 1):
        found = truncation.find(data[:end])
        assert found is not None, data[:end][-60:]
        assert (found.kept, found.tail) == (start, data[start:end])
    assert cassette_format.torn(data[:-2]) == truncation.find(data[:-2])
    for end in (start, dash, len(data) - 1, len(data)):
        assert cassette_format.torn(data[:end]) is None


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_loading_says_how_to_keep_what_is_whole(body: bytes) -> None:
    ones = tuple(interaction(number, body, chunked=True) for number in range(2))
    data = cassette_format.dumps(Cassette(interactions=ones))
    start = len(cassette_format.dumps(Cassette(interactions=ones[:1])))
    kept = data.count(b"\n", 0, start)

    for end in range(start + 1, len(data) - 1, 17):
        with pytest.raises(CassetteFormatError) as caught:
            cassette_format.loads(data[:end], file="x.yaml")
        assert f"keep the first {kept} lines (`head -n {kept}`)" in str(caught.value)


def test_the_only_interaction_cut_off_leaves_an_empty_cassette() -> None:
    whole = cassette_format.dumps(
        Cassette(interactions=(interaction(0, b"{}", chunked=False),))
    )
    found = cassette_format.torn(whole[:-40])
    assert found is not None
    assert cassette_format.loads(whole[: found.kept]).interactions == ()


def test_a_cut_in_the_keys_of_our_own_is_known() -> None:
    one = interaction(0, b"abc", chunked=False)
    extra = (("chunk_timing", "1@0.5 2@20.25"), ("partial", True))
    timed = replace(one, response=replace(one.response, extra=extra))
    data = cassette_format.dumps(Cassette(interactions=(timed,)))

    for end in range(data.index(b"chunk_timing") + 1, len(data) - 1):
        if data[end - 1 : end] != b"\n":
            assert cassette_format.torn(data[:end]) is not None, data[:end][-30:]


def test_what_a_file_system_fills_with_nul_is_cut_off() -> None:
    ones = tuple(interaction(number, b"{}", chunked=False) for number in range(2))
    data = cassette_format.dumps(Cassette(interactions=ones))
    start = len(cassette_format.dumps(Cassette(interactions=ones[:1])))

    whole = cassette_format.torn(data + b"\0" * 4096)
    cut = cassette_format.torn(data[:-50] + b"\0" * 50)

    assert (whole and whole.kept, cut and cut.kept) == (len(data), start)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_line_ends_of_a_checkout_do_not_matter(ending: str) -> None:
    ones = tuple(interaction(number, b"{}", chunked=True) for number in range(2))
    data = cassette_format.dumps(Cassette(interactions=ones))
    data = data.replace(b"\n", ending.encode())
    start = data.index(b"- id: 1")

    for end in range(start + 1, len(data) - 3):
        found = truncation.find(data[:end])
        assert found is not None, data[:end][-60:]
        assert found.kept == start
    assert cassette_format.torn(data) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MINIMAL, id="few keys"),
        pytest.param(MINIMAL + "# the end\n", id="a comment behind"),
        pytest.param(MINIMAL + "note: by hand\n", id="a key behind"),
        pytest.param(MINIMAL + "  note: by hand\n", id="a key of the interaction"),
        pytest.param(MINIMAL + "    note: by hand", id="a key without its line end"),
        pytest.param("version: 2\ninteractions: []\n", id="none"),
        pytest.param("version: 2\ninteractions:\n", id="none, and no list"),
        pytest.param('{"version": 2, "interactions": [{"id": 7}]}', id="JSON"),
    ],
)
def test_a_cassette_made_by_hand_is_not_called_cut_off(text: str) -> None:
    assert cassette_format.torn(text.encode()) is None


def test_what_is_wrong_before_the_cut_is_the_error() -> None:
    ones = tuple(interaction(number, b"{}", chunked=True) for number in range(2))
    data = cassette_format.dumps(Cassette(interactions=ones))[:-30]
    for read in (cassette_format.torn, cassette_format.loads):
        with pytest.raises(
            CassetteFormatError, match=r"in `response\.code`, found text"
        ):
            read(data.replace(b"code: 200", b"code: ok", 1))
