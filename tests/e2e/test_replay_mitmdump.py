"""replay-only in mitmdump alone: what other scripts of it break, and a machine without network."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette.model import Cassette
from standin import StandIn
from support.proxies import ADDON, SEED, environment, mitmdump
from support.toolchain import missing, require_tool

SEED_URL = "https://api.openai.com/v1/chat/completions"

BREAKERS = {
    "decide": "from anyvcr.core.session import Session as target; name = 'decide'",
    "next_layer": "from anyvcr.proxy.addon import Anyvcr as target; name = 'next_layer'",
    "answer": "from anyvcr import decider as target; name = 'recorded_request'",
}


@pytest.mark.parametrize("broken", BREAKERS)
def test_an_error_of_our_own_does_not_open_the_way(
    home: Path, api: StandIn, broken: str
) -> None:
    breaker = home / "breaker.py"
    breaker.write_text(
        f"{BREAKERS[broken]}\n"
        "def fail(*args, **kwargs): raise RuntimeError('injected')\n"
        "setattr(target, name, fail)\n"
    )
    with mitmdump(
        home,
        options={
            "cassette": SEED,
            "cassette_mode": "replay-only",
            "cassette_upstream": api.address,
            "ssl_verify_upstream_trusted_ca": api.ca_file,
        },
        scripts=(breaker, ADDON),
    ) as proxy:
        statuses = []
        for door, url in (
            (proxy.client, SEED_URL),
            (proxy.direct, "/chat/completions"),
        ):
            with door() as client, suppress(httpx.TransportError):
                statuses.append(client.post(url, json={}).status_code)
        code = proxy.stop()

    assert set(statuses) <= {418, 502}
    assert "injected" in proxy.log
    assert api.connections == 0
    if broken != "next_layer":  # mitmproxy's own handling of a hook that raised
        assert statuses == [418, 418]
        assert code == 1


def test_it_works_without_any_network(home: Path, seed: Cassette) -> None:
    unshare, curl = require_tool("unshare"), require_tool("curl")
    ip = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")
    if ip is None:
        missing("ip (iproute2) is not installed")
    alone = [unshare, "--map-root-user", "--net"]
    if subprocess.run([*alone, ip, "link", "set", "lo", "up"], check=False).returncode:
        missing("network namespaces are not allowed here")
    body = home / "body.json"
    body.write_bytes(seed.interactions[0].request.body)
    script = home / "run.sh"
    script.write_text(
        f"{ip} link set lo up\n"
        f'"$@" & proxy=$!\n'
        f"for i in $(seq 300); do\n"
        f"  {curl} -s http://127.0.0.1:18080/ >/dev/null && break; sleep 0.1\n"
        f"done\n"
        f"{curl} -sS --proxy http://127.0.0.1:18080 --cacert {home}/mitmproxy/mitmproxy-ca-cert.pem"
        f" -o {home}/answer -H 'Content-Type: application/json' --data-binary @{body} {SEED_URL}\n"
        f"kill $proxy; wait $proxy\n"
    )
    subprocess.run(
        [*alone, "sh", str(script)]
        + ["mitmdump", "-s", str(ADDON), "--listen-host", "127.0.0.1"]
        + ["--listen-port", "18080", "--set", f"confdir={home}/mitmproxy"]
        + ["--set", f"cassette={SEED}", "--set", "cassette_mode=replay-only"],
        env=environment(home),
        check=True,
        timeout=60,
    )

    assert (home / "answer").read_bytes() == seed.interactions[0].response.body
