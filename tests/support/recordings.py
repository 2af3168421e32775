"""Small interactions, and what a cassette file holds of them."""

from pathlib import Path

from anyvcr.cassettes import store
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.cassette.style import Style


def interaction(number: int, body: bytes = b"{}") -> Interaction:
    return Interaction(
        id=number,
        request=Request(method="GET", url=f"https://api.openai.com/v1/{number}"),
        response=Response(code=200, status="200 OK", body=body),
    )


def ids(path: Path) -> list[int]:
    """The ids of the interactions in the cassette at `path`."""
    return [i.id for i in store.read(path).interactions]


def written(*numbers: int, style: Style = Style.X_VCR) -> bytes:
    """A cassette with these interactions, as its file."""
    lines = (b"".join(codec.pieces(interaction(n), style)) for n in numbers)
    return codec.header() + b"".join(lines)
