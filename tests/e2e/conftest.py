"""A stand-in for the API, and what the seed asks of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette
from standin import Manners, StandIn
from support.proxies import SEED, SHELL, Shell


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder: home and working directory of the programs under test."""
    return tmp_path


@pytest.fixture(scope="session")
def seed() -> Cassette:
    return cassette_format.loads(SEED.read_bytes(), file=str(SEED))


@pytest.fixture
def api(seed: Cassette) -> Iterator[StandIn]:
    """The API, answering with the seed's bytes, ids included."""
    with StandIn(seed, manners=Manners(new_ids=False)) as running:
        yield running


@pytest.fixture(params=Shell, ids=lambda shell: shell.name.lower())
def each_shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    """Each program that replays, in turn; `support.proxies.proxy` starts it."""
    token = SHELL.set(request.param)
    yield request.param
    SHELL.reset(token)
