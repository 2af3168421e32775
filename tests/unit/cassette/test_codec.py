"""Cassette files as people and tools leave them, read with libyaml and without."""

from dataclasses import replace

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Extra, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.goyaml import nodes

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
QUESTION = '{"input": "é 😀", "instructions": "'.encode() + b"answer " * 20 + b'"}'


@pytest.fixture(autouse=True, params=["libyaml", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(nodes, "LIBYAML", None)
    elif nodes.LIBYAML is None:
        pytest.skip("this PyYAML has no libyaml")


def interaction(number: int) -> Interaction:
    return Interaction(
        id=number,
        request=Request(
            method="POST",
            url="https://api.openai.com/v1/responses?a=1",
            headers=(
                ("Accept", ("application/json",)),
                ("Content-Type", ("application/json",)),
            ),
            body=QUESTION,
            content_length=4,
            form=(("a", ("1",)),),
        ),
        response=Response(
            code=200,
            status="200 OK",
            headers=(
                ("Content-Type", ("text/event-stream; charset=utf-8",)),
                ("X-Accel-Buffering", ("no",)),
            ),
            body=b"data: a \n\ndata: b\n\n",
            duration=12_500_000,
        ),
    )


def cassette(count: int, style: Style = Style.X_VCR) -> Cassette:
    return Cassette(
        interactions=tuple(interaction(i) for i in range(count)), style=style
    )


def load(text: str) -> Cassette:
    return cassette_format.loads(text.encode())


def request_field(line: str) -> Request:
    """The request of the minimal cassette with one more line in it."""
    return (
        load(MINIMAL.replace("    method: GET\n", f"    method: GET\n    {line}\n"))
        .interactions[0]
        .request
    )


def response_field(line: str) -> Response:
    return (
        load(MINIMAL.replace("    code: 200\n", f"    code: 200\n    {line}\n"))
        .interactions[0]
        .response
    )


@pytest.mark.parametrize("style", list(Style))
def test_a_cassette_survives_its_file(style: Style) -> None:
    recorded = cassette(3, style)
    assert cassette_format.loads(cassette_format.dumps(recorded)) == recorded


@pytest.mark.parametrize("style", list(Style))
def test_header_and_interactions_one_by_one_are_the_whole_file(style: Style) -> None:
    recorded = cassette(3, style)
    lines = [
        b"".join(cassette_format.pieces(each, style)) for each in recorded.interactions
    ]
    assert cassette_format.header() + b"".join(lines) == cassette_format.dumps(recorded)


def test_an_empty_cassette_is_written_as_go_vcr_writes_it() -> None:
    data = b"---\nversion: 2\ninteractions: []\n"
    assert cassette_format.dumps(Cassette()) == data
    assert cassette_format.loads(data) == Cassette()


def test_absent_keys_are_zero_as_for_go() -> None:
    (found,) = load("interactions:\n- request: {}\n  response:\n").interactions
    assert found.request == Request(
        method="", url="", proto="", proto_major=0, proto_minor=0, content_length=0
    )
    assert found.response == Response(
        code=0, status="", proto="", proto_major=0, proto_minor=0, content_length=0
    )


def test_null_is_as_good_as_absent() -> None:
    request = request_field(
        "body: ~\n    headers:\n    content_length: null\n    host:"
    )
    assert request == request_field("body: ''")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("body: 123", b"123"),
        ("body: 0x1F", b"0x1F"),
        ("body: true", b"true"),
        ("body: 1.50", b"1.50"),
        ("body: !!str 12", b"12"),
        ("body: !!binary aP8=", b"h\xff"),
        ("body: !!binary |\n      aP\n      8=", b"h\xff"),
        ("body: >\n      folded\n      text", b"folded text\n"),
        ("body: |2-\n       a\n      b", b" a\nb"),
        ('body: "\\U0001F600\\x85\\N\\0"', "\U0001f600\x85\x85\0".encode()),
        ("body: a\n      b", b"a b"),
        ("body: 'it''s'", b"it's"),
    ],
)
def test_a_body_may_be_written_in_any_style(line: str, body: bytes) -> None:
    assert request_field(line).body == body


def test_text_that_is_not_utf_8_is_kept_byte_by_byte() -> None:
    assert request_field("host: !!binary /w==").host == "\udcff"


@pytest.mark.parametrize(
    ("line", "nanoseconds"),
    [("duration: 1m2s", 62_000_000_000), ("duration: 0", 0), ("duration: 1.0", 1), ("duration: ''", None)],
)  # fmt: skip
def test_a_duration_is_read_as_go_reads_it(line: str, nanoseconds: int | None) -> None:
    if nanoseconds is None:
        with pytest.raises(
            CassetteFormatError, match="expected a duration with its unit"
        ):
            response_field(line)
    else:
        assert response_field(line).duration == nanoseconds


@pytest.mark.parametrize("word", ["true", "True", "yes", "'on'", "Y"])
def test_any_word_for_true_is_true(word: str) -> None:
    assert response_field(f"uncompressed: {word}").uncompressed is True


def test_json_is_yaml() -> None:
    text = '{"version": 2, "interactions": [{"id": 7, "request": {"url": "a"}, "response": {"code": 1}}]}'
    (found,) = load(text).interactions
    assert (found.id, found.request.url, found.response.code) == (7, "a", 1)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="BOM"),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda data: b"# by hand\n" + data + b"# end\n", id="comments"),
    ],
)
def test_the_bytes_around_the_values_do_not_matter(change: object) -> None:
    assert callable(change)
    recorded = cassette(2)
    assert cassette_format.loads(change(cassette_format.dumps(recorded))) == recorded


def test_interactions_without_ids_are_numbered() -> None:
    found = load("interactions:\n- request: {url: a}\n- request: {url: b}\n")
    assert [each.id for each in found.interactions] == [0, 1]


def test_aliases_and_merge_keys_stand_for_what_they_name() -> None:
    found = load(
        "version: 2\ninteractions:\n- id: 0\n  request: &r {url: a, method: GET}\n"
        "- id: 1\n  request:\n    <<: *r\n    url: b\n"
    )
    assert [(each.request.url, each.request.method) for each in found.interactions] == [
        ("a", "GET"),
        ("b", "GET"),
    ]


def test_keys_that_go_vcr_does_not_know_survive_a_rewrite() -> None:
    extra: Extra = (
        ("note", "by: hand"),
        ("tags", ("a", 1, None, True, {"deep": ("x", {})})),
        ("empty", ()),
    )
    one = interaction(0)
    recorded = Cassette(
        interactions=(
            replace(
                one,
                extra=extra,
                request=replace(one.request, extra=extra),
                response=replace(one.response, extra=extra),
            ),
        ),
        extra=extra,
    )
    assert cassette_format.loads(cassette_format.dumps(recorded)) == recorded


def test_unknown_numbers_and_dates_are_rewritten_as_they_stood() -> None:
    text = (
        cassette_format.dumps(cassette(1)).decode() + "seen: 2001-01-01\nrate: 1.50\n"
    )
    assert cassette_format.dumps(load(text)).decode() == text


def test_only_the_first_document_counts_as_for_go() -> None:
    assert load(MINIMAL + "---\nversion: 3\n") == load(MINIMAL)


def field(line: str) -> str:
    return MINIMAL.replace("    method: GET\n", f"    method: GET\n    {line}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.yaml: expected a cassette, found an empty file"),
        ("---\n", "x.yaml: expected a cassette, found an empty file"),
        ("- a\n", "x.yaml, line 1: expected a mapping in `cassette`, found a list"),
        ("text\n", "x.yaml, line 1: expected a mapping in `cassette`, found text"),
        ("a: [\n", "x.yaml, line 2: expected YAML, but "),
        ("a: b: c\n", "x.yaml, line 1: expected YAML, but mapping values are not allowed"),
        ("version: 1\ninteractions: []\n", "line 1: expected cassette format version 2, found 1"),
        ("version: '2'\ninteractions: []\n", "line 1: expected a whole number in `version`, found text"),
        ("version: 2\n", "line 1: expected the key `interactions`, found none"),
        ("version: 2\ninteractions: {}\n", "line 2: expected a list in `interactions`, found a mapping"),
        ("version: 2\ninteractions:\n- a\n", "line 3, interaction 0: expected a mapping in `interaction`"),
        ("version: 2\ninteractions:\n- ~\n", "line 3, interaction 0: expected a mapping in `interaction`"),
        (MINIMAL + MINIMAL.partition("interactions:\n")[2], "line 10, interaction 1: the id 0 stands twice"),
        (field("body: [a]"), "line 6, interaction 0: expected text in `request.body`, found a list"),
        (field("body: {a: b}"), "expected text in `request.body`, found a mapping"),
        (field("body: 2001-01-01"), "expected text in `request.body`, found a date (quote it"),
        (field("body: !!binary a"), "expected base64 in `request.body`, as !!binary says, found other text"),
        (field("body: !!int sk-1"), "line 6, interaction 0: the tag !!int does not fit its text"),
        (field("url: [a]"), "a key stands twice in `request`"),
        (field("headers: [a]"), "expected a mapping in `request.headers`, found a list"),
        (field("headers: {A: sk-1}"), "expected a list in `request.headers`, found text"),
        (field("headers: {A: [[a]]}"), "expected text in `request.headers`, found a list"),
        (field("content_length: sk-1"), "expected a whole number in `request.content_length`, found text"),
        (field("content_length: 1.5"), "expected a whole number in `request.content_length`, found a number"),
        (field("transfer_encoding: chunked"), "expected a list in `request.transfer_encoding`, found text"),
        (field("form: 1"), "expected a mapping in `request.form`, found a whole number"),
        (field("host: *nobody"), "line 6, interaction 0: expected an anchor for the alias, found none"),
        (field("x: &x [*x]"), "line 6, interaction 0: the alias stands inside its own anchor"),
        (field("body: !!python/object/apply:os.system [id]"), "found a tag that asks for another"),
        (field("body: !!python/name:os.system"), "line 6, interaction 0: expected one of YAML's own types"),
        (field('body: "\\ud800"'), "expected YAML, but "),
        (field('body: "\x01"'), "line 6, interaction 0: expected YAML, found a control character"),
        (field("x: " + "[" * 200 + "]" * 200), "expected at most 100 levels of lists and mappings"),
        (MINIMAL.replace("code: 200", "code: ok"), "expected a whole number in `response.code`, found text"),
        (MINIMAL.replace("code: 200", "code: " + "9" * 100_000), "expected a whole number in `response.code`"),
        (MINIMAL + "    duration: 5\n", "expected a duration with its unit, such as 1.5s, in `response.dur"),
        (MINIMAL + "    uncompressed: 1\n", "expected true or false in `response.uncompressed`, found a who"),
    ],
)  # fmt: skip
def test_bad_input_is_one_error_that_names_the_place(text: str, message: str) -> None:
    with pytest.raises(CassetteFormatError) as caught:
        cassette_format.loads(text.encode(), file="x.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("x.yaml")
    assert "sk-1" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_not_utf_8_are_named_with_their_line() -> None:
    with pytest.raises(
        CassetteFormatError, match="line 2: expected YAML, found bytes that are not"
    ):
        cassette_format.loads(b"version: 2\nx: \xff\n")


def test_aliases_cannot_stand_for_more_than_a_file_has() -> None:
    levels = "".join(
        f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    with pytest.raises(
        CassetteFormatError, match="the aliases stand for far more text"
    ):
        load("l0: &l0 [a]\n" + levels + MINIMAL)


def test_a_long_text_cannot_be_repeated_without_end() -> None:
    long = f"x: &x {'a' * 100_000}\n"
    with pytest.raises(
        CassetteFormatError, match="the aliases stand for far more text"
    ):
        load(long + "y: [" + ", ".join(["*x"] * 100) + "]\n" + MINIMAL)


@pytest.mark.parametrize("style", list(Style))
def test_a_file_cut_off_anywhere_is_an_error_that_says_how_to_keep_the_rest(
    style: Style,
) -> None:
    data = cassette_format.dumps(cassette(2, style))
    start = len(cassette_format.dumps(cassette(1, style)))
    kept = data.count(b"\n", 0, start)
    for end in range(start + 5, len(data) - 1, 7):
        with pytest.raises(CassetteFormatError) as caught:
            cassette_format.loads(data[:end], file="x.yaml")
        message = str(caught.value)
        assert (
            f"line {kept + 1}, interaction 1: the last interaction is cut off"
            in message
        )
        assert (
            f"to keep the 1 before it, keep the first {kept} lines (`head -n {kept}`)"
            in message
        )
        head = b"".join(data.splitlines(keepends=True)[:kept])
        assert cassette_format.loads(head) == cassette(1, style)


def test_the_only_interaction_cut_off_leaves_nothing_to_keep() -> None:
    data = cassette_format.dumps(cassette(1))
    with pytest.raises(
        CassetteFormatError, match="it is the only one, so record the cassette again"
    ):
        cassette_format.loads(data[: len(data) // 2])


def test_an_error_before_the_end_is_no_missing_end() -> None:
    data = cassette_format.dumps(cassette(2)).replace(b"code: 200", b"code: ok", 1)
    with pytest.raises(
        CassetteFormatError, match=r"expected a whole number in `response\.code`"
    ):
        cassette_format.loads(data)


def test_a_file_without_its_last_line_end_is_whole() -> None:
    data = cassette_format.dumps(cassette(2))
    assert cassette_format.loads(data[:-1]) == cassette(2)


@pytest.mark.parametrize(
    "body", [b"\n  {\n}\n", b"\t{\n}", b"\n\n\t", b"\n a\nb", b"\n \ta\n\n"]
)
@pytest.mark.parametrize("style", list(Style))
def test_a_body_that_go_yaml_writes_but_cannot_read_is_read(
    body: bytes, style: Style
) -> None:
    one = interaction(0)
    recorded = Cassette(
        interactions=(
            replace(one, request=replace(one.request, body=body), response=replace(one.response, body=body)),
        ),
        style=style,
    )  # fmt: skip
    found = cassette_format.loads(cassette_format.dumps(recorded))
    assert found.interactions == recorded.interactions


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("end", [b"", b"# a comment\n"])
def test_interactions_can_be_added_behind_the_last_one(
    style: Style, end: bytes
) -> None:
    data = cassette_format.dumps(cassette(1, style)) + end
    cassette_format.appendable(data)
    longer = data + b"".join(cassette_format.pieces(interaction(1), style))
    assert cassette_format.loads(longer) == cassette(2, style)


def test_interactions_can_be_added_behind_the_header() -> None:
    cassette_format.appendable(cassette_format.header())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "note: by hand\n", "expected nothing after the list of interactions"),
        (MINIMAL + "...\n", "expected nothing after the list of interactions"),
        (MINIMAL + "---\na: b\n", "expected nothing after the list of interactions"),
        ("version: 2\ninteractions: []\n", "expected a list with each `- ` in column 1"),
        ("interactions:\n  - id: 1\n    request: {}\n", "expected a list with each `- ` in column 1"),
        ("interactions:\n     - id: 1\n       request: {}\n", "expected a list with each `- ` in column 5"),
        ("{interactions: []}\n", "expected block style from column 0"),
        (MINIMAL + "    status: |\n      a", "expected a line end after the last line"),
        ("version: 1\n", "expected cassette format version 2"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_simply_grow_says_why(text: str, message: str) -> None:
    with pytest.raises(CassetteFormatError) as caught:
        cassette_format.appendable(text.encode(), file="x.yaml")
    assert message in str(caught.value)
