"""One run recorded twice, by go-vcr inside the program and by `anyvcr record` on its way out.

x/vcr is the version that Go's module proxy has, with the go-vcr and go-yaml that it asks
for; plain go-vcr is v4.0.7. There the program leaves out of its file the host and the
headers that anyvcr never stores.
"""

import os
from difflib import unified_diff
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.style import Style
from anyvcr.core.go import status
from go.twin import process
from go.twin.answers import answer
from go.twin.process import CALLS, MORE_CALLS, Programs, Twins
from standin import StandIn

ALPN = {"HTTP/2": ("h2", "http/1.1"), "HTTP/1.1": ("http/1.1",)}
FAIL = frozenset(
    ("not-found", "too-many-for-good", "unknown-status", "teapot", "unprocessable")
)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    folder = tmp_path_factory.getbasetemp()
    return process.build(
        folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    )


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
@pytest.mark.parametrize("style", [Style.X_VCR, Style.GO_VCR])
def test_the_files_differ_in_their_durations_alone(
    programs: Programs, home: Path, style: Style, version: str
) -> None:
    calls = CALLS if style is Style.X_VCR else MORE_CALLS
    # mitmproxy cannot read trailers in HTTP/1.1.
    calls = (*calls, "trailers") if version == "HTTP/2" else calls
    with StandIn(answer, protocols=ALPN[version]) as api:
        twins = process.record(programs, home, api, style, calls)

    assert {request.http_version for request in api.requests} == {version}
    assert tuple(outcome.call for outcome in twins.outcomes) == calls
    assert {o.call for o in twins.outcomes if o.error} == FAIL & set(calls)
    assert _difference(twins) == []
    recorded = cassette_format.loads(twins.ours.read_bytes()).interactions
    tried_again = calls.count("too-many")
    assert len(recorded) == len(api.requests) == len(calls) + tried_again
    assert all(interaction.response.duration > 0 for interaction in recorded)


def test_only_anyvcr_keeps_what_a_client_needs_to_go_on(
    programs: Programs, home: Path
) -> None:
    """Without its Location a redirect ends there, in x/vcr's own recording run as well."""
    with StandIn(answer) as api:
        calls = ("moved", "attachment", "too-many-for-good")
        twins = process.record(programs, home, api, Style.X_VCR, calls)

    assert _difference(twins) == [
        "-    headers: {}",
        "+    headers:",
        "+      Location:",
        "+      - /v1/echo?moved=1",
        "+      Content-Disposition:",
        '+      - attachment; filename="a.txt"',
        "+      Retry-After-Ms:",
        '+      - "1"',
    ]


def test_a_request_that_follows_a_redirect_has_its_protocol(
    programs: Programs, home: Path
) -> None:
    """Go's client leaves it empty in the requests that it makes itself."""
    with StandIn(answer) as api:
        twins = process.record(programs, home, api, Style.GO_VCR, ("moved",))

    assert len(api.requests) == 2
    assert _difference(twins) == [
        '-        proto: ""',
        "-        proto_major: 0",
        "-        proto_minor: 0",
        "+        proto: HTTP/1.1",
        "+        proto_major: 1",
        "+        proto_minor: 1",
    ]


def test_reason_phrases_are_gos(programs: Programs, home: Path) -> None:
    texts = process.status_texts(programs, home)

    assert len(texts) == 500
    assert tuple(status.reason(code) for code in range(100, 600)) == texts


def _difference(twins: Twins) -> list[str]:
    """The lines that only one of the files has: `-` is Go's, `+` is ours."""
    gos, ours = (
        [line for line in lines if " duration: " not in line]
        for lines in (_lines(twins.gos), _lines(twins.ours))
    )
    lines = unified_diff(gos, ours, n=0, lineterm="")
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def _lines(path: Path) -> list[str]:
    """Bytes as code points: no line end but LF counts, and no byte is lost."""
    return path.read_bytes().decode("latin-1").split("\n")
