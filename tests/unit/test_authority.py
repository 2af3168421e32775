"""The certificate authority's files, and who can open them."""

import logging
import os
from pathlib import Path

import pytest
from anyvcr import authority
from anyvcr.core.errors import AnyvcrError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a CA in it, as far as its modes are concerned."""
    place = tmp_path / "ca"
    place.mkdir(mode=0o700)
    for name in ("ca", "ca-cert"):
        (place / f"{authority.NAME}-{name}.pem").write_text("PEM")
        (place / f"{authority.NAME}-{name}.pem").chmod(0o600)
    return place


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_folder_and_a_key_that_are_open_are_closed_and_said(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = place / f"{authority.NAME}-ca.pem"
    place.chmod(0o777)
    key.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        authority.ensure(place)
    assert (_mode(place), _mode(key)) == (0o700, 0o600)
    assert [str(path) in caplog.text for path in (place, key)] == [True, True]


def test_nothing_is_said_of_one_that_is_closed(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        authority.ensure(place)
    assert not caplog.records


def test_another_users_is_refused(place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(place, 12345, -1)
    with pytest.raises(AnyvcrError, match="belongs to another user"):
        authority.ensure(place)
