"""Cassettes whose last interaction was cut off: healed by the next recorder, or by hand."""

import os
from pathlib import Path

import pytest
from anyvcr.cassettes.recording import Recording
from anyvcr.cassettes.repair import repair
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import (
    CassetteBusyError,
    CassetteFormatError,
    CassetteNotFoundError,
)
from support.recordings import ids, interaction, written

WHOLE = written(0, 1)
CUTS = range(len(WHOLE) + 5, len(written(0, 1, 2)), 23)


@pytest.mark.parametrize("cut", CUTS)
def test_the_next_recorder_cuts_off_what_is_torn_and_keeps_it(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(0, 1, 2)[:cut])
    path.chmod(0o640)

    recording = Recording.extend(path, Style.X_VCR)
    recording.append(interaction(3))
    recording.close()

    tail = tmp_path / "c.yaml.partial.torn"
    assert path.read_bytes() == written(0, 1, 3)
    assert WHOLE + tail.read_bytes() == written(0, 1, 2)[:cut]
    assert tail.stat().st_mode & 0o777 == 0o640


def test_a_torn_end_never_overwrites_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for cut in (60, 80, 100):
        path.write_bytes(written(0, 1)[: len(written(0)) + cut])
        Recording.extend(path, Style.X_VCR).close()

    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sizes == {
        "c.yaml": len(written(0)),
        "c.yaml.partial.torn": 60,
        "c.yaml.partial.torn.2": 80,
        "c.yaml.partial.torn.3": 100,
    }


def test_a_cassette_of_one_torn_interaction_is_recorded_anew(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(0)[:90])

    recording = Recording.extend(path, Style.X_VCR)
    recording.append(interaction(5))
    recording.close()

    assert ids(path) == [5]
    assert (tmp_path / "c.yaml.partial.torn").exists()


def test_repairing_by_hand_says_what_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(WHOLE + written(2)[29:80])

    done = repair(path)

    assert done is not None
    assert done.length == 51
    assert done.place == tmp_path / "c.yaml.partial.torn"
    assert path.read_bytes() == WHOLE
    assert repair(path) is None


def test_a_link_is_repaired_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(WHOLE[:-60])
    (tmp_path / "link.yaml").symlink_to("c.yaml")

    assert repair(tmp_path / "link.yaml") is not None

    assert ids(tmp_path / "c.yaml") == [0]
    assert (tmp_path / "link.yaml").is_symlink()


def test_what_is_broken_otherwise_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    broken = WHOLE.replace(b"version: 2", b"version: 3") + b"- id: 2\n"
    path.write_bytes(broken)

    with pytest.raises(CassetteFormatError, match=r"c\.yaml.*version"):
        repair(path)

    assert path.read_bytes() == broken
    assert list(tmp_path.iterdir()) == [path]


def test_a_cassette_that_is_being_recorded_is_not_repaired(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    os.truncate(path, 100)

    with pytest.raises(CassetteBusyError):
        repair(path)
    recording.close()


def test_a_cassette_to_repair_must_exist(tmp_path: Path) -> None:
    with pytest.raises(CassetteNotFoundError, match=r"c\.yaml does not exist"):
        repair(tmp_path / "c.yaml")
