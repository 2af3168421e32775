"""Cassette files on disk: nothing lost, nothing damaged, one recorder at a time."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import BinaryIO

import pytest
from anyvcr.cassettes import regular_file, store
from anyvcr.cassettes.store import Recording
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteBusyError, CassetteError, CassetteNotFoundError
from support.recordings import ids, interaction


def test_a_new_cassette_is_in_place_after_its_first_interaction(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    assert not path.exists()

    recording.append(interaction(0))
    assert ids(path) == [0]
    recording.append(interaction(1))
    assert ids(path) == [0, 1]
    recording.close()

    assert ids(path) == [0, 1]
    assert list(path.parent.iterdir()) == [path]


def test_a_recording_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    recording = Recording.create(tmp_path / "new" / "c.yaml", Style.X_VCR)
    recording.close()

    assert list(tmp_path.iterdir()) == []


def test_an_existing_cassette_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"the old one")
    path.chmod(0o644)
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    assert path.read_bytes() == b"the old one"
    assert ids(recording.place) == [0]

    recording.close()

    assert ids(path) == [0]
    assert path.stat().st_mode & 0o777 == 0o644


def test_extending_keeps_every_byte_before(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.GO_VCR)
    first.append(interaction(0))
    first.close()
    before = path.read_bytes()

    second = Recording.extend(path, Style.GO_VCR)
    second.append(interaction(1))
    second.close()

    assert path.read_bytes().startswith(before)
    assert ids(path) == [0, 1]


def test_a_file_without_a_last_line_end_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    whole = cassette_format.header()
    whole += b"".join(cassette_format.pieces(interaction(0), Style.X_VCR))
    path.write_bytes(whole.rstrip(b"\n"))

    recording = Recording.extend(path, Style.X_VCR)
    recording.append(interaction(1))
    recording.close()

    assert ids(path) == [0, 1]


def test_a_file_that_would_break_by_an_append_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    whole = cassette_format.header()
    whole += b"".join(cassette_format.pieces(interaction(0), Style.X_VCR))
    path.write_bytes(whole + b"later: key\n")

    with pytest.raises(CassetteError, match=r"c\.yaml"):
        Recording.extend(path, Style.X_VCR)
    store.refuse_if_recorded(path)


def test_one_recorder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.X_VCR)
    for attempt in range(2):
        with pytest.raises(CassetteBusyError, match="is being recorded by another"):
            Recording.create(path, Style.X_VCR)
        with pytest.raises(CassetteBusyError):
            store.refuse_if_recorded(path)
        if attempt == 0:
            first.append(interaction(0))
    with pytest.raises(CassetteBusyError):
        Recording.extend(path, Style.X_VCR)
    first.close()

    store.refuse_if_recorded(path)
    Recording.extend(path, Style.X_VCR).close()


def record_and_be_killed(path: Path, one: Interaction) -> None:
    Recording.create(path, Style.X_VCR).append(one)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_recording_left_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"old")
    killed = multiprocessing.get_context("spawn").Process(
        target=record_and_be_killed, args=(path, interaction(7))
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL

    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    recording.close()

    assert ids(path) == [0]
    assert ids(tmp_path / "c.yaml.partial.old") == [7]


def test_appending_writes_the_interaction_and_nothing_else(tmp_path: Path) -> None:
    """So the ten-thousandth costs what the first did."""

    def written_by(number: int) -> int:
        def total() -> int:
            text = Path("/proc/self/io").read_text()
            return int(text.split("wchar: ")[1].split()[0])

        before = total()
        recording.append(interaction(number, b"x" * 500))
        return total() - before

    if not Path("/proc/self/io").exists():
        pytest.skip("counts bytes by /proc/self/io, which is Linux's")
    recording = Recording.create(tmp_path / "c.yaml", Style.X_VCR)
    recording.append(interaction(0))
    costs = {number: written_by(number) for number in range(1000, 1100)}
    recording.close()

    assert len(set(costs.values())) == 1


def test_a_cassette_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CassetteNotFoundError, match=r"c\.yaml does not exist: record"):
        store.read(tmp_path / "c.yaml")


def test_a_folder_where_the_cassette_should_be(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="cannot read cassette"):
        store.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match="cannot create the folder of cassette"):
        Recording.create(tmp_path / "file" / "c.yaml", Style.X_VCR)


def test_an_interaction_is_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on the disk whole or not at all, unless its body is large."""
    recording = Recording.create(tmp_path / "c.yaml", Style.X_VCR)
    recording.append(interaction(0))
    sizes: list[int] = []
    write = regular_file.write

    def watched(file: BinaryIO, data: bytes) -> None:
        sizes.append(len(data))
        write(file, data)

    monkeypatch.setattr(regular_file, "write", watched)
    recording.append(interaction(1))
    recording.append(interaction(2, b"x" * (4 << 20)))
    recording.close()

    assert len(sizes) <= 1 + 5
    assert ids(tmp_path / "c.yaml") == [0, 1, 2]
