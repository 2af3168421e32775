"""One cassette or a folder of them: names, states, and files that change."""

from pathlib import Path

import pytest
from anyvcr.cassettes.library import Library
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.errors import (
    AnyvcrError,
    CassetteError,
    CassetteNotFoundError,
    ConfigError,
)
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.replay.answer import Answer
from anyvcr.core.session import Forward
from anyvcr.settings import Settings

ASKED = Request(method="GET", url="https://api.openai.com/v1/models")


def answered(body: bytes) -> Response:
    return Response(code=200, status="200 OK", body=body, content_length=len(body))


def write(path: Path, *bodies: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    interactions = tuple(
        Interaction(id=n, request=ASKED, response=answered(body))
        for n, body in enumerate(bodies)
    )
    path.write_bytes(cassette_format.dumps(Cassette(interactions=interactions)))


def library(folder: Path, mode: Mode = Mode.REPLAY_ONLY) -> Library:
    opened = Library(
        Settings(cassette=folder, is_folder=True, mode=mode), Credentials()
    )
    opened.open()
    return opened


def body(decision: Answer | Forward) -> bytes | None:
    return (
        decision.body if isinstance(decision, Answer) and decision.code == 200 else None
    )


def test_each_name_has_a_state_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", b"a0", b"a1")
    write(tmp_path / "sub" / "b.yaml", b"b0")
    shelf = library(tmp_path)

    played = [body(shelf.deck(name).decide(ASKED)) for name in ("a", "sub/b", "a", "a")]

    assert played == [b"a0", b"b0", b"a1", None]


def test_only_what_is_asked_for_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("nonsense")
    write(tmp_path / "a.yaml", b"a0")
    shelf = library(tmp_path)

    assert body(shelf.deck("a").decide(ASKED)) == b"a0"
    with pytest.raises(CassetteError, match=r"broken\.yaml"):
        shelf.deck("broken")


def test_a_request_without_a_name_is_told_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="http://NAME:x@HOST:PORT"):
        library(tmp_path).deck(None)


def test_the_one_opened_by_hand_is_meant_where_none_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", b"a0")
    shelf = library(tmp_path)
    shelf.start("a")
    assert body(shelf.deck(None).decide(ASKED)) == b"a0"

    shelf.close("a")

    with pytest.raises(ConfigError):
        shelf.deck(None)


def test_a_test_may_be_run_again(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", b"a0")
    shelf = library(tmp_path)
    for _ in range(2):
        shelf.start("a")
        assert body(shelf.deck("a").decide(ASKED)) == b"a0"

    [first, second] = shelf.close_all()
    assert (first.played, second.played) == (1, 1)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", b"old")
    shelf = library(tmp_path)
    assert body(shelf.deck("a").decide(ASKED)) == b"old"

    write(tmp_path / "a.yaml", b"newer")

    assert body(shelf.deck("a").decide(ASKED)) == b"newer"


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "outside.yaml", b"x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "sub").symlink_to(tmp_path)
    (folder / "inside.yaml").symlink_to(folder / "real.yaml")
    write(folder / "real.yaml", b"real")
    shelf = library(folder)

    for name in ("a", "sub/outside"):
        with pytest.raises(ConfigError, match="leads out of"):
            shelf.deck(name)
    assert body(shelf.deck("inside").decide(ASKED)) == b"real"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a\0b", "a/../../b"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(CassetteNotFoundError) as caught:
        library(folder).deck(name)

    missing = Path(str(caught.value).split()[1])
    assert missing.is_relative_to(folder)
    assert ".." not in missing.parts


def test_a_replaying_proxy_opens_nothing_that_forwards(tmp_path: Path) -> None:
    shelf = library(tmp_path)

    with pytest.raises(ConfigError, match="started in replay-only"):
        shelf.start("a", Mode.RECORD_ONLY)
    assert not shelf.may_forward


def test_names_mean_nothing_to_a_single_cassette(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml", b"0")
    single = Library(
        Settings(cassette=tmp_path / "c.yaml", mode=Mode.REPLAY_ONLY), Credentials()
    )
    single.open()

    assert single.deck("any").path == single.deck(None).path == tmp_path / "c.yaml"


def test_recording_into_a_folder_makes_a_file_for_each_name(tmp_path: Path) -> None:
    shelf = library(tmp_path / "new", Mode.RECORD_ONCE)
    for name in ("a", "sub/b"):
        deck = shelf.deck(name)
        assert deck.decide(ASKED) == Forward(record=True)
        deck.record(ASKED, answered(name.encode()))
    summaries = shelf.close_all()

    assert [s.recorded for s in summaries] == [1, 1]
    assert sorted(p.name for p in (tmp_path / "new").rglob("*.yaml")) == [
        "a.yaml",
        "b.yaml",
    ]
    again = library(tmp_path / "new", Mode.RECORD_ONCE)
    assert body(again.deck("sub/b").decide(ASKED)) == b"sub/b"


def test_a_folder_that_is_not_there_cannot_be_replayed(tmp_path: Path) -> None:
    missing = Library(
        Settings(cassette=tmp_path / "no", is_folder=True, mode=Mode.REPLAY_ONLY),
        Credentials(),
    )
    with pytest.raises(AnyvcrError, match="does not exist"):
        missing.open()
