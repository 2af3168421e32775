"""Links, devices and names that a checkout or a shared folder may hold where files are expected."""

import os
import stat
from pathlib import Path

import pytest
from anyvcr.cassettes import leftovers, regular_file, store
from anyvcr.cassettes.leftovers import Kind
from anyvcr.cassettes.recording import Recording
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteError
from support.recordings import ids, interaction, written

PRIVATE = b"PRIVATE KEY\n"


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A file of the user's that is no cassette."""
    path = tmp_path / "id_ed25519"
    path.write_bytes(PRIVATE)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cassettes"
    folder.mkdir()
    return folder


def record(path: Path, number: int = 0) -> Recording:
    recording = Recording.create(path, Style.X_VCR)
    recording.append(interaction(number))
    recording.close()
    return recording


def test_a_link_where_the_recording_grows_is_refused_and_its_target_untouched(
    folder: Path, private: Path
) -> None:
    (folder / "c.yaml.partial").symlink_to(private)

    with pytest.raises(CassetteError, match=r"c\.yaml\.partial: .*found a link"):
        record(folder / "c.yaml")

    assert private.read_bytes() == PRIVATE
    assert [file.name for file in folder.iterdir()] == ["c.yaml.partial"]


def test_a_leftover_never_goes_where_a_link_leads(folder: Path, private: Path) -> None:
    (folder / "c.yaml.partial").write_bytes(written(7))
    (folder / "c.yaml.partial.old").symlink_to(private)

    record(folder / "c.yaml")

    assert private.read_bytes() == PRIVATE
    assert ids(folder / "c.yaml.partial.old.2") == [7]


def test_a_dangling_link_for_a_leftover_makes_no_file(folder: Path) -> None:
    (folder / "c.yaml.partial").write_bytes(written(7))
    (folder / "c.yaml.partial.old").symlink_to("made")

    record(folder / "c.yaml")

    assert not (folder / "made").exists()


def test_a_hard_link_where_the_recording_grows_keeps_its_content(
    folder: Path, private: Path
) -> None:
    (folder / "c.yaml.partial").hardlink_to(private)

    record(folder / "c.yaml")

    assert private.read_bytes() == PRIVATE
    assert ids(folder / "c.yaml") == [0]


def test_a_cassette_that_is_a_link_is_recorded_where_it_leads(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "c.yaml").write_bytes(written(7))
    (folder / "c.yaml").symlink_to("shared/c.yaml")

    record(folder / "c.yaml")

    assert (folder / "c.yaml").is_symlink()
    assert ids(folder / "shared" / "c.yaml") == [0]
    assert sorted(file.name for file in folder.iterdir()) == ["c.yaml", "shared"]


def test_a_link_to_a_cassette_that_is_not_there_yet_makes_it(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "c.yaml").symlink_to("shared/new.yaml")

    record(folder / "c.yaml")

    assert ids(folder / "shared" / "new.yaml") == [0]


@pytest.mark.parametrize("target", ["id_ed25519", ".profile"])
def test_a_link_to_what_is_no_cassette_is_refused(
    folder: Path, private: Path, target: str
) -> None:
    (folder / "c.yaml").symlink_to(private.with_name(target))

    with pytest.raises(CassetteError, match=r"is a link to .*, expected a cassette"):
        record(folder / "c.yaml")

    assert private.read_bytes() == PRIVATE
    assert not private.with_name(".profile").exists()
    assert [file.name for file in folder.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("at", ["c.yaml", "c.yaml.partial"])
def test_a_pipe_is_neither_waited_for_nor_recorded_into(folder: Path, at: str) -> None:
    os.mkfifo(folder / at)

    with pytest.raises(CassetteError, match="expected a regular file"):
        record(folder / "c.yaml")
    assert stat.S_ISFIFO((folder / at).stat().st_mode)


def test_a_pipe_is_not_waited_for_by_readers(folder: Path) -> None:
    os.mkfifo(folder / "c.yaml")
    os.mkfifo(folder / "c.yaml.partial")

    store.refuse_if_recorded(folder / "c.yaml")
    with pytest.raises(CassetteError, match="expected a regular file"):
        store.read(folder / "c.yaml")


def test_a_device_stays_a_device(folder: Path) -> None:
    device = folder / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.open("wb").close()
    except PermissionError:
        pytest.skip("only root can make a device, and only on some file systems")

    with pytest.raises(CassetteError, match="expected a regular file"):
        record(device)

    assert stat.S_ISCHR(device.stat().st_mode)


def test_every_leftover_has_a_name_of_its_own(folder: Path) -> None:
    for number in range(3):
        (folder / "c.yaml.partial").write_bytes(written(number))
        record(folder / "c.yaml", 9)

    stem = "c.yaml.partial.old"
    assert [ids(folder / (stem + end)) for end in ("", ".2", ".3")] == [[0], [1], [2]]


@pytest.mark.parametrize("start", [0, 9, 29])
def test_a_leftover_that_holds_nothing_is_not_kept(folder: Path, start: int) -> None:
    (folder / "c.yaml.partial").write_bytes(written()[:start])

    record(folder / "c.yaml")

    assert [file.name for file in folder.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize(
    ("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)]
)
def test_a_new_cassette_has_the_mode_that_the_umask_gives(
    folder: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        record(folder / "c.yaml")
    finally:
        os.umask(before)

    assert (folder / "c.yaml").stat().st_mode & 0o777 == mode


def test_what_is_kept_beside_a_cassette_has_its_mode(folder: Path) -> None:
    path = folder / "c.yaml"
    path.write_bytes(written(0))
    path.chmod(0o660)
    recording = Recording.create(path, Style.X_VCR)
    assert recording.place.stat().st_mode & 0o777 == 0o660

    kept = leftovers.keep(
        path, Kind.TORN, b"tail", recording.place.stat().st_mode & 0o777
    )
    recording.close()

    assert kept.stat().st_mode & 0o777 == 0o660


def test_a_cassette_that_may_only_be_read_is_replaced(folder: Path) -> None:
    path = folder / "c.yaml"
    path.write_bytes(written(7))
    path.chmod(0o444)

    record(path)

    assert ids(path) == [0]
    assert path.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("length", [250, 300])
def test_a_name_that_is_too_long_is_a_sentence(folder: Path, length: int) -> None:
    path = folder / ("c" * (length - 5) + ".yaml")

    with pytest.raises(CassetteError, match="File name too long"):
        record(path)
    if length > 255:
        with pytest.raises(CassetteError, match="File name too long"):
            store.exists(path)
    assert list(folder.iterdir()) == []


def test_replacing_a_file_in_one_step_replaces_no_link(
    folder: Path, private: Path
) -> None:
    (folder / "report.json").symlink_to(private)

    with pytest.raises(OSError, match="expected a regular file"):
        regular_file.replace(folder / "report.json", b"{}")

    assert private.read_bytes() == PRIVATE


def test_a_replacement_that_fails_leaves_no_trace(folder: Path) -> None:
    (folder / "report.json").mkdir()

    with pytest.raises(OSError, match="expected a regular file"):
        regular_file.replace(folder / "report.json", b"{}")

    assert [file.name for file in folder.iterdir()] == ["report.json"]
