"""What other programs do to a cassette while it grows: noticed, said, and nothing lost."""

import os
import shutil
from pathlib import Path

import pytest
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteBusyError, CassetteError
from support.recordings import ids, interaction, written


def growing(path: Path) -> Recording:
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    return recording


def extending(path: Path) -> Recording:
    path.write_bytes(written(0))
    return Recording.extend(path, Style.X_VCR)


@pytest.mark.parametrize("begin", [growing, extending])
def test_a_deleted_cassette_is_saved_beside_its_place_with_all_that_follows(
    tmp_path: Path, begin: type
) -> None:
    path = tmp_path / "c.yaml"
    recording = begin(path)
    path.unlink()

    with pytest.raises(CassetteError, match=r"was deleted .* is in \S+\.saved$"):
        recording.append(interaction(1))
    recording.append(interaction(2))
    recording.close()

    assert recording.place == tmp_path / "c.yaml.partial.saved"
    assert ids(recording.place) == [0, 1, 2]
    assert list(tmp_path.iterdir()) == [recording.place]


def test_a_cassette_that_was_replaced_keeps_what_replaced_it(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = growing(path)
    (tmp_path / "edited").write_bytes(b"an editor saved this")
    (tmp_path / "edited").replace(path)

    with pytest.raises(CassetteError, match=r"replaced by another file .*\.saved$"):
        recording.append(interaction(1))
    recording.close()

    assert path.read_bytes() == b"an editor saved this"
    assert ids(recording.place) == [0, 1]


def test_a_folder_that_goes_is_made_again_for_what_is_saved(tmp_path: Path) -> None:
    recording = growing(tmp_path / "deep" / "folder" / "c.yaml")
    shutil.rmtree(tmp_path / "deep")

    with pytest.raises(CassetteError, match="was deleted"):
        recording.append(interaction(1))
    recording.close()

    assert ids(tmp_path / "deep" / "folder" / "c.yaml.partial.saved") == [0, 1]


def test_a_cassette_that_is_deleted_after_its_last_interaction_is_saved(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    recording = growing(path)
    path.unlink()

    with pytest.raises(CassetteError, match="was deleted"):
        recording.close()

    assert ids(tmp_path / "c.yaml.partial.saved") == [0]


def test_a_cassette_that_is_replaced_after_its_last_interaction_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As by `sed -i` at the end of the command that is recorded."""
    path = tmp_path / "c.yaml"
    recording = growing(path)
    (tmp_path / "edited").write_bytes(b"edited")
    (tmp_path / "edited").replace(path)

    recording.close()

    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]
    assert path.read_bytes() == b"edited"
    assert "replaced by another file" in caplog.text


def test_an_edit_in_place_is_followed_where_it_is_a_cassette(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(0, 1))
    recording = Recording.extend(path, Style.X_VCR)
    os.truncate(path, len(written(0)))

    with pytest.raises(CassetteError, match="was changed by another program"):
        recording.append(interaction(2))
    recording.append(interaction(3))
    recording.close()

    assert ids(path) == [0, 2, 3]


def test_an_edit_in_place_that_nothing_can_follow_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = extending(path)
    edited = written(0)[:-30]
    path.write_bytes(edited)

    with pytest.raises(CassetteError, match=r"changed by another .*\.saved$"):
        recording.append(interaction(1))
    recording.close()

    assert path.read_bytes() == edited
    assert ids(recording.place) == [1]


def test_a_cassette_that_came_meanwhile_is_not_replaced_by_a_new_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    path.write_bytes(b"a checkout put this here")

    with pytest.raises(CassetteError, match=r"replaced by another .*\.saved$"):
        recording.append(interaction(0))
    recording.append(interaction(1))
    recording.close()

    assert path.read_bytes() == b"a checkout put this here"
    assert ids(tmp_path / "c.yaml.partial.saved") == [0, 1]


def test_a_cassette_that_changed_meanwhile_is_not_replaced_at_the_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(7))
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    path.unlink()
    path.write_bytes(written(8))

    with pytest.raises(CassetteError, match=r"replaced by another .*\.saved$"):
        recording.close()

    assert ids(path) == [8]
    assert ids(tmp_path / "c.yaml.partial.saved") == [0]


def test_a_replaced_cassette_that_is_deleted_meanwhile_gets_its_successor(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(7))
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    path.unlink()

    recording.close()

    assert ids(path) == [0]


def test_a_closed_cassette_takes_no_late_answer(tmp_path: Path) -> None:
    recording = growing(tmp_path / "c.yaml")
    recording.close()

    with pytest.raises(CassetteError, match="was closed before an answer"):
        recording.append(interaction(1))

    assert ids(tmp_path / "c.yaml") == [0]


def test_many_cassettes_need_few_descriptors(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208  # paths would be looked up

    before = descriptors()
    recordings = [
        Recording.create(tmp_path / f"{n}.yaml", Style.X_VCR) for n in range(100)
    ]
    for number in range(3):
        for recording in recordings:
            recording.append(interaction(number))
    at_most = descriptors() - before
    for recording in recordings:
        recording.close()

    assert at_most <= 16
    assert descriptors() == before
    assert all(ids(tmp_path / f"{n}.yaml") == [0, 1, 2] for n in range(100))


def rest(folder: Path) -> list[Recording]:
    """Recordings enough to close the files of all that were open before."""
    return [growing(folder / f"other-{n}.yaml") for n in range(16)]


def test_a_resting_cassette_that_another_records_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    resting = growing(path)
    others = rest(tmp_path)
    taker = Recording.extend(path, Style.X_VCR)
    taker.append(interaction(1))

    with pytest.raises(CassetteError, match=r"was taken over by another .*\.saved$"):
        resting.append(interaction(5))
    taker.append(interaction(2))
    for recording in (taker, resting, *others):
        recording.close()

    assert ids(path) == [0, 1, 2]
    assert ids(tmp_path / "c.yaml.partial.saved") == [5]


def test_a_resting_cassette_that_was_extended_meanwhile_is_followed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    resting = growing(path)
    others = rest(tmp_path)
    other = Recording.extend(path, Style.X_VCR)
    other.append(interaction(1))
    other.close()

    with pytest.raises(CassetteError, match="was changed by another program"):
        resting.append(interaction(5))
    for recording in (resting, *others):
        recording.close()

    assert ids(path) == [0, 1, 5]


def test_no_id_is_given_twice_when_two_recorders_took_turns(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    resting = growing(path)
    others = rest(tmp_path)
    other = Recording.extend(path, Style.X_VCR)
    other.append(interaction(1))
    other.close()

    with pytest.raises(CassetteError, match=r"changed by another .*\.saved$"):
        resting.append(interaction(1, b"ours"))
    for recording in (resting, *others):
        recording.close()

    assert ids(path) == [0, 1]
    assert ids(tmp_path / "c.yaml.partial.saved") == [1]


def test_a_cassette_deleted_while_it_rests_fails_the_run(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    resting = growing(path)
    others = rest(tmp_path)
    path.unlink()

    with pytest.raises(CassetteError, match="was deleted"):
        resting.close()
    for recording in others:
        recording.close()

    assert not path.exists()


def test_an_awake_cassette_is_locked(tmp_path: Path) -> None:
    recording = growing(tmp_path / "c.yaml")

    with pytest.raises(CassetteBusyError):
        Recording.extend(tmp_path / "c.yaml", Style.X_VCR)
    recording.close()
