"""What is read without a YAML parser means the same to one."""

import re
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import fast_reader
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError
from hypothesis import example, given, settings
from hypothesis import strategies as st

MANY = settings(deadline=None, max_examples=1000)

SEED = Path(__file__).parents[2] / "cassettes" / "simple_streaming.yaml"
BODIES = (
    b"",
    b'{"it\'s": "one line"}',
    b"data: {}\n\ndata: [DONE]\n\n",
    b"two\nlines",
    b"ends\n",
    b"\n\nbegins late\n  indented\n\n    more\n",
    "é\u2028\x85\x00\t".encode(),
    b"plain text, [in] {braces}",
    b"# no comment",
    b"12",
    b"\xff\x00",
    bytes(range(256)) * 2,
    b"\xff" * 51,
)


def interaction(number: int, asked: bytes, answered: bytes) -> Interaction:
    """One with every key that go-vcr knows."""
    return Interaction(
        id=number,
        request=Request(
            method="POST",
            url="https://api.openai.com/v1/files?include[]=a&q=it's #1",
            host="api.openai.com",
            remote_addr="127.0.0.1:80",
            request_uri="/v1/files",
            headers=(("Accept", ("*/*",)), ("X-Several", ("a: b", "1", "true"))),
            form=(("include[]", ("a",)), ("q", ("it's #1",))),
            transfer_encoding=("chunked",),
            trailer=(("X-End", ("",)),),
            body=asked,
        ),
        response=Response(
            code=200,
            status="200 OK",
            headers=(("Content-Type", ("text/event-stream; charset=utf-8",)),),
            transfer_encoding=("chunked",),
            trailer=(("X-Announced", ()),),
            uncompressed=True,
            body=answered,
            duration=877_310_000,
            extra=EXTRA if number % 2 else (),
        ),
    )


EXTRA = (("chunk_timing", "66@0.412 120@20.115"), ("partial", True))
SAMPLES = tuple(
    cassette_format.dumps(
        Cassette(
            interactions=tuple(
                interaction(n, body, BODIES[-n]) for n, body in enumerate(BODIES)
            ),
            style=style,
        )
    )
    for style in (Style.X_VCR, Style.GO_VCR, Style.GO_VCR_4_0_3)
)
DAMAGE = st.sampled_from(
    (*"-?:,[]{}#&*!|>'\"%@` \n\t\r\\~é\u2028\x85\ufeff\x00", "", ": ", " #", "- ", "''")
    + ("|-", ">+", "|2", "&a ", "*a", "!!str ", "!!binary ", "---\n", "...\n", "null")
    + ("\\x41", "\\u00e9", "\\ud83d", "\\q", "0x1", "1_0", ".inf", "2020-01-01", "<<")
    + ("\n\n", "\n ", "\n  ", "    ", "id", "true", "1.5s", "1m", "09", "-1", "+1")
).map(str.encode)


def by_yaml(data: bytes) -> Cassette | None:
    """What `data` means to a YAML parser; None where it is no cassette."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_reader, "cassette", lambda _: None)
        try:
            return cassette_format.loads(data)
        except CassetteFormatError:
            return None


def means_the_same(data: bytes) -> bool:
    return fast_reader.cassette(data) is None or cassette_format.loads(data) == by_yaml(
        data
    )


@pytest.mark.parametrize("data", [SEED.read_bytes(), *SAMPLES])
def test_what_go_yaml_writes_needs_no_parser(data: bytes) -> None:
    assert fast_reader.cassette(data) is not None
    assert cassette_format.loads(data) == by_yaml(data)


@given(
    st.sampled_from(SAMPLES),
    st.lists(
        st.tuples(st.integers(0, len(SAMPLES[1])), st.integers(0, 30), DAMAGE),
        min_size=1,
        max_size=3,
    ),
)
@example(SAMPLES[0], [(SAMPLES[0].index(b"api.openai.com\n"), 0, b"a: ")])
@example(SAMPLES[0], [(SAMPLES[0].index(b"200 OK"), 6, b"null")])
@MANY
def test_what_is_damaged_means_the_same(
    data: bytes, damage: list[tuple[int, int, bytes]]
) -> None:
    for at, removed, put in damage:
        data = data[:at] + put + data[at + removed :]

    assert means_the_same(data)


@given(st.sampled_from(SAMPLES), st.data())
@MANY
def test_lines_in_another_order_mean_the_same(
    sample: bytes, data: st.DataObject
) -> None:
    lines = sample.splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start, len(lines)))
    to = data.draw(st.integers(0, len(lines)))
    keep = data.draw(st.booleans())
    rest = lines if keep else lines[:start] + lines[end:]

    assert means_the_same(b"".join(rest[:to] + lines[start:end] + rest[to:]))


@given(st.sampled_from(SAMPLES), st.data())
@MANY
def test_values_that_are_exchanged_mean_the_same(
    sample: bytes, data: st.DataObject
) -> None:
    """One value takes the place of another: a body that of a number, a list that of a text."""
    values = [match.span(1) for match in re.finditer(rb"(?m)[:-] (.*)$", sample)]
    start, end = data.draw(st.sampled_from(values))
    other, until = data.draw(st.sampled_from(values))

    assert means_the_same(sample[:start] + sample[other:until] + sample[end:])
