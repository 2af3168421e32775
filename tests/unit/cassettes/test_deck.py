"""What a cassette in use says of itself."""

import logging
from pathlib import Path

import pytest
from anyvcr.cassettes.deck import Deck
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Request
from anyvcr.core.modes import Mode
from anyvcr.settings import Settings

CODEX = "codex_exec/0.169.0 (Debian 12.0.0; x86_64)"


def test_a_profile_is_said_once_for_calls_and_for_websockets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(codec.dumps(Cassette()))
    deck = Deck.open(path, Settings(cassette=path, mode=Mode.REPLAY_ONLY))
    asked = Request(
        method="GET",
        url="https://api.openai.com/v1/responses",
        headers=(("User-Agent", (CODEX,)),),
    )

    with caplog.at_level(logging.INFO):
        deck.converse(asked, 1000)
        deck.decide(asked)

    said = [text for text in caplog.messages if text.startswith("profile codex:")]
    assert len(said) == 1
