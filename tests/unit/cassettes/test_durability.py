"""Full disks, kills and losses of power: what was whole stays, and what is torn heals."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyvcr.cassettes import partial_file, regular_file
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteError
from support.recordings import ids, interaction, written


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """A disk with room for so many bytes of each file: a write that crosses it is cut short."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    before = path.read_bytes()

    with (
        no_file_longer_than(len(before) + 50),
        pytest.raises(
            CassetteError, match=r"cannot write cassette \S+c\.yaml: File too"
        ),
    ):
        recording.append(interaction(1))
    assert path.read_bytes() == before
    recording.append(interaction(2))
    recording.close()

    assert ids(path) == [0, 2]


def test_what_a_failed_write_left_is_cut_off_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk did not even let it be cut off at once."""
    path = tmp_path / "c.yaml"
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    whole = path.stat().st_size
    file = recording._file

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken, no_file_longer_than(whole + 50):
        broken.setattr(file, "_cut_back", refuse)
        with pytest.raises(CassetteError, match="File too large"):
            recording.append(interaction(1))
        assert path.stat().st_size == whole + 50
        with pytest.raises(CassetteError, match="Input/output error"):
            recording.append(interaction(2))
    recording.append(interaction(3))
    recording.close()

    assert ids(path) == [0, 3]


def test_a_recording_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    with (
        no_file_longer_than(10),
        pytest.raises(CassetteError, match=r"cannot record .*: File too large"),
    ):
        Recording.create(tmp_path / "new" / "c.yaml", Style.X_VCR)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("exists", [False, True])
def test_a_cassette_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    path = tmp_path / "c.yaml"
    if exists:
        path.write_bytes(written(7))
    done: list[tuple[str, str]] = []
    fsync, rename = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        done.append(("fsync", Path(f"/dev/fd/{descriptor}").resolve().name))
        fsync(descriptor)

    def watched_rename(self: Path, target: Path) -> Path:
        done.append(("rename", self.name))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_rename)
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(0))
    recording.append(interaction(1))
    in_between = len(done)
    recording.append(interaction(2))
    assert len(done) == in_between  # no append waits for the disk
    recording.close()

    taking_place = [("fsync", "c.yaml.partial"), ("rename", "c.yaml.partial")]
    ending = [] if exists else [("fsync", "c.yaml")]
    assert done == [*taking_place, *ending, ("fsync", tmp_path.name)]


KILLED = """
import os, signal, sys
from pathlib import Path
from anyvcr.cassettes import store
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from support.recordings import interaction, written

os.fsync = lambda _: None  # a kill does not need it, and a disk takes long

def record(path, how, said):
    recording = getattr(Recording, how)(path, Style.X_VCR)
    for number in (1, 2):
        recording.append(interaction(number))
        os.write(said, b"%d" % number)
    recording.close()
    os.write(said, b".")

def killed_at(line, path, how):
    "What a recorder said that was killed at that line of ours."
    heard, said = os.pipe()
    if os.fork() == 0:
        left = [line]
        def step(frame, event, _):
            if "/cassettes/" not in frame.f_code.co_filename:
                return None
            if event == "line":
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
            return step
        sys.settrace(step)
        record(path, how, said)
        os._exit(0)
    os.close(said)
    with os.fdopen(heard, "rb") as pipe:
        text = pipe.read().decode()
    os.wait()
    return text

def check(folder, path, said, old, how):
    recorded = [int(n) for n in said if n != "."]
    def ids(place):
        return [i.id for i in store.read(place).interactions] if place.exists() else []
    found = ids(path)
    if how == "create" and old:
        assert found == ([1, 2] if found != [0] else [0]), found
        assert "." not in said or found == [1, 2]
    before = path.read_bytes() if path.exists() else b""
    again = Recording.extend(path, Style.X_VCR) if before else Recording.create(path, Style.X_VCR)
    again.append(interaction(9))
    again.close()
    if how == "create" and old and not "." in said and found == [0]:
        Recording.create(path, Style.X_VCR).close()  # puts the killed one aside
    kept = {n for file in folder.iterdir() if file.stat().st_size for n in ids(file)}
    assert {*old, *recorded, 9} <= kept | ({0} if found == [1, 2] else set()), (said, kept)

folder = Path(sys.argv[1])
lines = 0
for how, old in (("create", ()), ("create", (0,)), ("extend", (0,))):
    said, line = "", 0
    while "." not in said:
        line += 1
        home = folder / f"{how}-{len(old)}-{line}"
        home.mkdir()
        path = home / "c.yaml"
        if old:
            path.write_bytes(written(*old))
        said = killed_at(line, path, how)
        check(home, path, said, old, how)
    lines += line
print(lines)
"""


def test_a_kill_at_any_line_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["tests", *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_folders_that_cannot_be_synced_do_no_harm(tmp_path: Path) -> None:
    regular_file.sync_folder(tmp_path / "nothing")
    partial_file.remove_folders([tmp_path / "nothing"])
