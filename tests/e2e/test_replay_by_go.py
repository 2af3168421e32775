"""What anyvcr recorded, played back by go-vcr to openai-go; what go-vcr recorded, by anyvcr.

The program has no way to the API in either case, and must see what it saw while recording.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyvcr.core.cassette.style import Style
from go.twin import process
from go.twin.answers import answer
from go.twin.process import MORE_CALLS, Programs, Twins
from standin import StandIn

RUNS = {
    f"{style}-{version}": (style, version)
    for style in (Style.X_VCR, Style.GO_VCR)
    for version in ("h2", "http/1.1")
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    folder = tmp_path_factory.getbasetemp()
    return process.build(
        folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    )


@pytest.fixture(scope="module", params=RUNS)
def run(
    request: pytest.FixtureRequest,
    programs: Programs,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Style, Twins]]:
    """All calls recorded twice, in one style and over one version of HTTP."""
    style, version = RUNS[request.param]
    home = tmp_path_factory.mktemp("recorded")
    with StandIn(answer, protocols=(version,)) as api:
        yield style, process.record(programs, home, api, style, MORE_CALLS)


def test_go_replays_what_anyvcr_recorded(
    programs: Programs, home: Path, run: tuple[Style, Twins]
) -> None:
    style, twins = run

    seen = process.replay_by_go(programs, home, twins.ours, style, MORE_CALLS)

    assert seen == twins.outcomes


@pytest.mark.parametrize("recorder", ["go", "anyvcr"])
def test_anyvcr_replays_what_either_recorded(
    programs: Programs, home: Path, run: tuple[Style, Twins], recorder: str
) -> None:
    style, twins = run
    cassette = twins.gos if recorder == "go" else twins.ours

    seen = process.replay_by_anyvcr(programs[style], home, cassette, MORE_CALLS)

    assert seen == twins.outcomes
