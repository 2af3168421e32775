"""What SDKs report about themselves is no call: not recorded, not refused, no exit code."""

from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec
from standin import StandIn
from support.proxies import mitmdump

REPORT = "/v1/traces/ingest"


@pytest.mark.parametrize("size", [2, 3_000_000])
def test_a_report_passes_on_and_is_not_recorded(
    home: Path, api: StandIn, size: int
) -> None:
    options = {
        "cassette": home / "c.yaml",
        "cassette_mode": "record-only",
        "cassette_upstream": api.address,
        "ssl_verify_upstream_trusted_ca": api.ca_file,
    }
    with mitmdump(home, options=options) as proxy:
        httpx.post(f"{proxy.url}{REPORT}", json={"data": "x" * size})
        httpx.post(f"{proxy.url}/v1/embeddings", json={"input": "x"})

    assert [received.target for received in api.requests] == [REPORT, "/v1/embeddings"]
    recorded = codec.loads((home / "c.yaml").read_bytes()).interactions
    assert [each.request.url.rpartition("/")[2] for each in recorded] == ["embeddings"]


def test_a_report_is_answered_in_replay_and_is_no_miss(home: Path) -> None:
    cassette = home / "c.yaml"
    cassette.write_text("---\nversion: 2\ninteractions: []\n")
    options = {"cassette": cassette, "cassette_mode": "replay-only"}
    with mitmdump(home, options=options) as proxy:
        answer = httpx.post(f"{proxy.url}{REPORT}?x=1", json={"data": [1]})

    assert answer.is_success
    assert "refused" not in proxy.log
