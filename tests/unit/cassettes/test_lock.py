"""One recorder or many readers, also where they meet between two system calls."""

import errno
import fcntl
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from anyvcr.cassettes import store
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteBusyError, CassetteError
from support.recordings import ids, interaction, written

flock = fcntl.flock


def before_a_lock_on(
    name: str, act: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let `act` happen between somebody's opening of the file `name` and its locking."""
    to_do = [act]

    def late(file: BinaryIO, operation: int) -> None:
        opened = Path(f"/dev/fd/{file.fileno()}").resolve().name
        if to_do and opened == name:
            to_do.pop()()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)


def test_a_partial_file_that_takes_its_place_meanwhile_is_not_truncated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.X_VCR)

    def end_first() -> None:
        first.append(interaction(0))
        first.append(interaction(1))
        first.close()

    before_a_lock_on("c.yaml.partial", end_first, monkeypatch)
    second = Recording.create(path, Style.X_VCR)
    second.append(interaction(5))

    assert ids(path) == [0, 1]
    second.close()
    assert ids(path) == [5]


def test_a_recorder_that_comes_as_a_new_cassette_takes_its_place_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.yaml"
    first = Recording.create(path, Style.X_VCR)
    real = os.open

    def late(place: Path, flags: int, mode: int = 0o777) -> int:
        # The second recorder has seen that there is no cassette yet.
        if Path(place).name == "c.yaml.partial" and first.count == 0:
            first.append(interaction(0))
        return real(place, flags, mode)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(CassetteBusyError):
        Recording.create(path, Style.X_VCR)
    first.append(interaction(1))
    first.close()

    assert ids(path) == [0, 1]
    assert list(tmp_path.iterdir()) == [path]


def look_often(path: Path, failed: "multiprocessing.queues.Queue[str]") -> None:
    refused = ""
    for _ in range(300):
        try:
            store.refuse_if_recorded(path)
        except CassetteError as error:
            refused = str(error)
    failed.put(refused)


def test_readers_never_refuse_each_other(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(0))
    context = multiprocessing.get_context("spawn")
    refused: multiprocessing.queues.Queue[str] = context.Queue()
    readers = [context.Process(target=look_often, args=(path, refused)) for _ in "1234"]
    for reader in readers:
        reader.start()

    answers = [refused.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert answers == [""] * 4


def test_a_recorder_waits_for_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(written(0))
    reader = path.open("rb")
    flock(reader, fcntl.LOCK_SH)
    asked = []

    def late(file: BinaryIO, operation: int) -> None:
        asked.append(operation)
        if len(asked) == 5:
            reader.close()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    recording = Recording.extend(path, Style.X_VCR)
    recording.append(interaction(1))
    recording.close()

    assert ids(path) == [0, 1]


def test_a_cassette_that_is_cut_off_because_it_grows_is_busy_and_not_broken(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    with path.open("ab") as file:
        file.write(written(1)[30:90])

    with pytest.raises(CassetteBusyError, match="is being recorded"):
        store.read(path)
    recording.close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_can_be_replayed_from_and_not_recorded_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_: BinaryIO, __: int) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "c.yaml"
    path.write_bytes(written(0))
    monkeypatch.setattr(fcntl, "flock", refuse)

    store.refuse_if_recorded(path)
    assert ids(path) == [0]
    for begin in (Recording.create, Recording.extend):
        with pytest.raises(CassetteError, match="its file system has no locks"):
            begin(path, Style.X_VCR)
    assert list(tmp_path.iterdir()) == [path]
