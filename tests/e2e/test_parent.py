"""A machine that reaches the API by a proxy and a CA of its own: both become ours."""

import json
import sys
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from clients import tunnel
from support.proxies import anyvcr

PROGRAM = """
import json, os, urllib.request as u
url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/chat/completions"
answer = u.urlopen(u.Request(url, data=b'{"n": 1}', method="POST"))
print(json.load(answer)["choices"][0]["message"]["content"])
"""


@pytest.mark.parametrize("options", [(), ("--base-url",)], ids=["proxy", "base-url"])
def test_the_parents_proxy_and_ca_are_used_toward_the_api(
    home: Path, options: tuple[str, ...]
) -> None:
    with tunnel.running(home, "api.openai.com") as parent:
        done = anyvcr(
            home,
            *("record", "c.yaml", *options, "--", sys.executable, "-c", PROGRAM),
            env={
                "HTTPS_PROXY": f"http://user:secret@127.0.0.1:{parent.port}",
                "SSL_CERT_FILE": str(parent.ca),
            },
        )
        connects = list(parent.connects)

    assert (done.returncode, done.stdout.strip()) == (0, tunnel.TEXT), done.stderr
    assert {connect.target for connect in connects} == {"api.openai.com:443"}
    assert all(connect.authorization for connect in connects)
    [interaction] = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    assert json.loads(interaction.request.body) == {"n": 1}


def test_replay_asks_nothing_of_the_parents_proxy(home: Path) -> None:
    with tunnel.running(home, "api.openai.com") as parent:
        variables = {
            "HTTPS_PROXY": f"http://127.0.0.1:{parent.port}",
            "SSL_CERT_FILE": str(parent.ca),
        }
        command = ("--", sys.executable, "-c", PROGRAM)
        anyvcr(home, "record", "c.yaml", *command, env=variables)
        asked = len(parent.connects)
        done = anyvcr(home, "replay", "c.yaml", *command, env=variables)

    assert done.stdout.strip() == tunnel.TEXT
    assert len(parent.connects) == asked
