"""Any cassette survives its file; any bytes are a cassette or an error of ours."""

from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import fast_reader
from anyvcr.core.cassette.model import Cassette, Headers, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.go import duration
from anyvcr.core.goyaml import layout, nodes
from anyvcr.core.goyaml.emitter import in_key_order
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(ANY_SPEED, max_examples=30)
MANY = settings(ANY_SPEED, max_examples=300)

SEED = (Path(__file__).parents[2] / "cassettes" / "simple_streaming.yaml").read_bytes()[
    :4000
]

# On the wire no line break can stand in any text but a body.
LINES = st.binary(max_size=30).map(
    lambda raw: (
        raw.replace(b"\n", b" ").replace(b"\r", b" ").decode(errors="surrogateescape")
    )
) | st.text(
    st.characters(exclude_categories=["Cs", "Zl", "Zp"], exclude_characters="\n")
)
BODIES = (
    st.binary()
    | st.text().map(str.encode)
    | st.text("ab \n\t:#'\"{}\u2028é😀").map(str.encode)
)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
EXTRA_LEAVES = st.none() | st.booleans() | NUMBERS | LINES
EXTRA_VALUES = st.recursive(
    EXTRA_LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(LINES, inner, max_size=3)
    ),
    max_leaves=8,
)
EXTRA = st.dictionaries(LINES.map("x-{}".format), EXTRA_VALUES, max_size=2).map(
    lambda found: tuple(found.items())
)


def headers() -> st.SearchStrategy[Headers]:
    """In the order that a file has them: go-yaml's, which a rewrite does not change."""
    maps = st.dictionaries(LINES, st.lists(LINES, max_size=3).map(tuple), max_size=4)
    return maps.map(
        lambda found: tuple(
            (name, found[name]) for name in in_key_order(found, layout.of(Style.X_VCR))
        )
    )


COMMON = {
    "proto": LINES,
    "proto_major": NUMBERS,
    "proto_minor": NUMBERS,
    "content_length": NUMBERS,
    "transfer_encoding": st.lists(LINES, max_size=2).map(tuple),
    "trailer": headers(),
    "headers": headers(),
    "body": BODIES,
    "extra": EXTRA,
}
REQUESTS = st.builds(
    Request,
    method=LINES,
    url=LINES,
    host=LINES,
    remote_addr=LINES,
    request_uri=LINES,
    form=headers(),
    **COMMON,
)
RESPONSES = st.builds(
    Response,
    code=NUMBERS,
    status=LINES,
    uncompressed=st.booleans(),
    duration=NUMBERS,
    **COMMON,
)


@st.composite
def cassettes(draw: st.DrawFn) -> Cassette:
    ids = draw(st.lists(NUMBERS, max_size=3, unique=True))
    interactions = tuple(
        Interaction(
            id=i, request=draw(REQUESTS), response=draw(RESPONSES), extra=draw(EXTRA)
        )
        for i in ids
    )
    style = (
        draw(st.sampled_from([Style.X_VCR, Style.GO_VCR]))
        if interactions
        else Style.X_VCR
    )
    return Cassette(interactions=interactions, style=style, extra=draw(EXTRA))


def answered(body: bytes) -> Cassette:
    response = Response(code=200, status="200 OK", body=body)
    request = Request(method="GET", url="https://api.openai.com/v1/models")
    return Cassette(
        interactions=(Interaction(id=0, request=request, response=response),)
    )


@given(cassettes())
@example(answered("\u2028\n !".encode()))
@example(answered("\u2028 !\n!".encode()))
@ANY_SPEED
def test_any_cassette_survives_its_file(cassette: Cassette) -> None:
    assert cassette_format.loads(cassette_format.dumps(cassette)) == cassette


@given(cassettes())
@FEW
def test_any_cassette_is_read_alike_without_libyaml(cassette: Cassette) -> None:
    data = cassette_format.dumps(cassette)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_reader, "cassette", lambda _: None)
        patch.setattr(nodes, "LIBYAML", None)
        assert cassette_format.loads(data) == cassette


@given(NUMBERS)
def test_any_duration_survives_its_notation(nanoseconds: int) -> None:
    assert duration.parse(duration.format(nanoseconds)) == nanoseconds


def is_cassette_or_our_error(data: bytes) -> bool:
    try:
        return isinstance(cassette_format.loads(data), Cassette)
    except CassetteFormatError as error:
        return "\n" not in str(error)


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.text("[]{}&*!-?:|>'\"#% \na\t,<@`").map(str.encode)
)
@MANY
def test_any_bytes_are_a_cassette_or_an_error_of_ours(data: bytes) -> None:
    assert is_cassette_or_our_error(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_reader, "cassette", lambda _: None)
        patch.setattr(nodes, "LIBYAML", None)
        assert is_cassette_or_our_error(data)


@given(st.integers(0, len(SEED)), st.integers(0, 40), st.binary(max_size=12))
@MANY
def test_a_damaged_cassette_is_a_cassette_or_an_error_of_ours(
    at: int, removed: int, put: bytes
) -> None:
    assert is_cassette_or_our_error(SEED[:at] + put + SEED[at + removed :])
