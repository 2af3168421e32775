"""Large bodies are written as go-yaml writes them, whatever is in them."""

import pytest
from anyvcr.core.cassette import codec, writer
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.goyaml import layout
from hypothesis import example, given
from hypothesis import strategies as st

SIZE = 200
LINES = st.text(st.sampled_from("ab \t\né\xa0\u2028\u3000中😀'\"\\:#-\r"), max_size=40)
BODIES = (
    st.binary(max_size=40)
    | LINES.map(str.encode)
    | st.builds(bytes.__add__, LINES.map(str.encode), st.binary(max_size=3))
)


def long(body: bytes) -> bytes:
    """As often as it takes to be large, and to be cut."""
    return body * (SIZE // max(1, len(body)) + 2)


@given(BODIES.map(long), BODIES.map(long) | BODIES, st.sampled_from(Style))
@example(b"\x00\xff" * 5000, b"x\n" * 400, Style.X_VCR)
@example(b"a\n\n" * 400, b"\n" * 400, Style.GO_VCR)
@example(b"a\n" * 400 + b"b", b"  body: |\n" * 40, Style.X_VCR)
@example(
    b" body: anyvcr-large-body-0\n" * 40, b"anyvcr-large-body-0\n" * 20, Style.X_VCR
)
def test_the_pieces_are_what_is_written_at_once(
    sent: bytes, answered: bytes, style: Style
) -> None:
    interaction = Interaction(
        id=7,
        request=Request(method="POST", url="https://x/anyvcr-large-body-0", body=sent),
        response=Response(code=200, status="200 OK", body=answered),
    )

    pieces = list(writer.interaction(interaction, layout.of(style), large=SIZE))

    assert b"".join(pieces) == b"".join(codec.pieces(interaction, style))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"n": 1}\n\n' * 500_000, id="text"),
        pytest.param(b"\xc3\xa9" * 400 + b"\n" + b"x\n\n" * 2_000_000, id="utf-8"),
        pytest.param(bytes(range(256)) * 20_000, id="binary"),
    ],
)
def test_a_body_is_written_in_blocks(body: bytes) -> None:
    interaction = Interaction(
        id=0,
        request=Request(method="GET", url="https://x/"),
        response=Response(code=200, status="200 OK", body=body),
    )

    pieces = list(codec.pieces(interaction, Style.X_VCR))

    whole = codec.dumps(Cassette(interactions=(interaction,)))
    assert whole.endswith(b"".join(pieces))
    assert max(map(len, pieces)) < len(body) / 2
