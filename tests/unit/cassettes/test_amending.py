"""Interactions that are written once more, since more of their answer came."""

from pathlib import Path

import pytest
from anyvcr.cassettes import store
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteError
from support.recordings import interaction
from unit.cassettes.test_durability import no_file_longer_than


def bodies(path: Path) -> list[bytes]:
    return [i.response.body for i in store.read(path).interactions]


@pytest.mark.parametrize("body", [b"a longer body than before", b""])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_interaction_is_written_anew_where_it_stands(
    tmp_path: Path, number: int, body: bytes
) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    for each in range(3):
        recording.append(interaction(each, b"body"))

    recording.amend(interaction(number, body))
    recording.amend(interaction(2, b"the last"))
    recording.append(interaction(3, b"more"))
    recording.close()

    expected = [b"body", b"body", b"the last", b"more"]
    if number < 2:
        expected[number] = body
    assert bodies(path) == expected


def test_what_was_there_before_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.X_VCR)
    first.append(interaction(0, b"old"))
    first.close()
    path.write_bytes(path.read_bytes().rstrip(b"\n"))

    recording = Recording.extend(path, Style.X_VCR)
    recording.append(interaction(1, b"begun"))
    recording.amend(interaction(1, b"begun and ended"))
    recording.close()

    assert bodies(path) == [b"old", b"begun and ended"]


def test_a_write_that_fails_leaves_the_interaction_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    for number in range(2):
        recording.append(interaction(number, b"body"))
    before = path.read_bytes()

    with (
        no_file_longer_than(len(before) + 50),
        pytest.raises(CassetteError, match="cannot write"),
    ):
        recording.amend(interaction(0, b"x" * 500))

    assert path.read_bytes() == before
    recording.close()


def test_a_deleted_cassette_is_amended_where_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    for number in range(2):
        recording.append(interaction(number, b"body"))
    path.unlink()

    with pytest.raises(CassetteError, match="was deleted"):
        recording.amend(interaction(0, b"whole"))
    recording.close()

    assert bodies(tmp_path / "c.yaml.partial.saved") == [b"whole", b"body"]


def test_an_edited_cassette_keeps_its_edit_and_the_interaction_is_saved(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0, b"begun"))
    with path.open("ab") as file:
        file.write(b"# a remark\n")

    with pytest.raises(CassetteError, match="was changed by another program"):
        recording.amend(interaction(0, b"whole"))
    recording.close()

    assert bodies(path) == [b"begun"]
    assert bodies(tmp_path / "c.yaml.partial.saved") == [b"whole"]


def test_an_interaction_is_put_in_front_of_others_which_move_up(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.X_VCR)
    first.append(interaction(0, b"old"))
    first.close()

    recording = Recording.extend(path, Style.X_VCR)
    for number, body in (
        (1, b"b"),
        (2, b"c"),
        (4, b"d"),
    ):  # what came as 3 was not stored
        recording.append(interaction(number, body))
    recording.insert(interaction(5, b"a longer body"), before=1)
    recording.insert(interaction(6, b"between"), before=2)
    recording.amend(interaction(1, b"amended, and longer"))
    recording.append(interaction(7, b"the last"))
    recording.insert(interaction(8, b"nearly the last"), before=7)
    recording.close()

    stored = store.read(path).interactions
    assert [(i.id, i.response.body) for i in stored] == [
        (0, b"old"),
        (1, b"a longer body"),
        (2, b"amended, and longer"),
        (4, b"between"),
        (5, b"c"),
        (6, b"d"),
        (7, b"nearly the last"),
        (8, b"the last"),
    ]
    assert recording.count == 7


def test_what_cannot_be_put_in_front_of_anything_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0, b"a"))
    recording.insert(interaction(1, b"b"), before=7)
    recording.close()

    assert bodies(path) == [b"a", b"b"]
