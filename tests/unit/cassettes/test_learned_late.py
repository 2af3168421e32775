"""Credentials that are first seen after what holds them was written."""

from pathlib import Path

import pytest
from anyvcr.cassettes import store
from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette.model import Request, Response
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.settings import Settings

SECRET = "correct horse/9battery+staple"
URL = "https://api.openai.com/v1/chat/completions"


def request(body: bytes = b"{}") -> Request:
    return Request(method="POST", url=URL, body=body, content_length=len(body))


def response(body: bytes) -> Response:
    return Response(code=200, status="200 OK", body=body, content_length=len(body))


def begin(
    path: Path, mode: Mode = Mode.RECORD_ONLY, credentials: Credentials | None = None
) -> Deck:
    return Deck.open(path, Settings(cassette=path, mode=mode), credentials)


def learn(credentials: Credentials) -> None:
    credentials.see_request([("Authorization", f"Bearer {SECRET}")], URL)


BODIES = {
    "plain": f"it is {SECRET}, and more".encode(),
    "JSON": b'{"a":"' + SECRET.replace("/", "\\/").encode() + b'"}',
    "lines": f"first\n  {SECRET}\n\nlast\n".encode(),
    "data": b"\x00\x01\xff" * 50 + SECRET.encode() + b"\xfe" * 7,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_credential_seen_after_it_was_written_is_gone_at_the_end(
    tmp_path: Path, body: bytes
) -> None:
    path, credentials = tmp_path / "c.yaml", Credentials()
    deck = begin(path, credentials=credentials)
    for each in (b"before", body, b"after"):
        deck.record(request(each), response(each))
    learn(credentials)
    deck.record(request(), response(b"{}"))
    assert deck.close().failure is None
    found = store.read(path).interactions
    assert [i.id for i in found] == [0, 1, 2, 3]
    for interaction in found:
        assert SECRET.encode() not in interaction.request.body
        assert SECRET.encode() not in interaction.response.body
    assert found[0].response.body == b"before"
    assert b"REDACTED" in found[1].response.body
    assert found[1].response.content_length == len(found[1].response.body)
    assert found[2].response.body == b"after"


def test_what_an_earlier_run_wrote_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    body = BODIES["plain"]
    first = begin(path)
    first.record(request(), response(body))
    first.close()
    before = path.read_bytes()
    credentials = Credentials()
    deck = begin(path, Mode.REPLAY_WITH_NEW_EPISODES, credentials)
    deck.record(request(b"new"), response(body))
    learn(credentials)
    assert deck.close().failure is None
    assert path.read_bytes().startswith(before)
    assert SECRET.encode() not in path.read_bytes()[len(before) :]


def test_nothing_is_written_again_where_nothing_was_learned_late(
    tmp_path: Path,
) -> None:
    path, credentials = tmp_path / "c.yaml", Credentials()
    deck = begin(path, credentials=credentials)
    learn(credentials)
    deck.record(request(), response(b"one"))
    credentials.see_response([("Set-Cookie", "id=aB3dE6gH9jK2mN5p")])
    deck.record(request(), response(b"two"))
    before = path.read_bytes()
    deck.close()
    assert path.read_bytes() == before
