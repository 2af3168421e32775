"""What HTTP cannot carry is refused with a reason, at once, and fails the run."""

from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, StandIn
from support.proxies import anyvcr
from support.proxies import proxy as proxy_of_shell

MODES = ("replay-only", "replay-with-new-episodes")
ODD: dict[str, dict[str, object]] = {
    "no code": {"code": 0},
    "an interim code": {"code": 103, "status": "103 Early Hints"},
    "a code of four digits": {"code": 1000},
    "a header that is two": {"headers": (("X-A", ("a\r\nX-Evil: 1",)),)},
    "a NUL": {"headers": (("X-A", ("a\0b",)),)},
    "a name that is a header": {"headers": (("X-A: b\r\nX-Evil", ("1",)),)},
    "a name beyond ASCII": {"headers": (("X-é", ("1",)),)},
}
MENDED: dict[str, dict[str, object]] = {
    "a status of two lines": {"status": "200 OK\r\nX-Evil: 1"},
    "blanks around a value": {"headers": (("X-A", (" a ",)),)},
    "a folded value": {"headers": (("X-A", ("a\r\n b",)),)},
}

pytestmark = pytest.mark.usefixtures("each_shell")


def cassette(home: Path, odd: dict[str, object], method: str = "GET") -> Path:
    request = Request(method=method, url="https://api.openai.com/v1/models")
    fields = {"code": 200, "status": "200 OK", "body": b"{}", "content_length": 2}
    response = Response(**(fields | odd))  # type: ignore[arg-type]  # fields of Response
    interaction = Interaction(id=0, request=request, response=response)
    path = home / "c.yaml"
    path.write_bytes(cassette_format.dumps(Cassette(interactions=(interaction,))))
    return path


def never(_: object) -> Answer:
    raise AssertionError("the API was asked")


@pytest.mark.parametrize("mode", MODES)
def test_what_cannot_be_played_is_an_error_with_the_reason(
    home: Path, mode: str
) -> None:
    for name, odd in ODD.items():
        options = {"cassette": cassette(home, odd), "cassette_mode": mode}
        with StandIn(never) as api, proxy_of_shell(home, options=options) as proxy:
            with proxy.direct() as client:
                answer = client.get("/models")
            code = proxy.stop()

        assert answer.status_code == 418, name
        assert "c.yaml, interaction 0" in answer.json()["error"]["message"], name
        assert "x-evil" not in answer.headers, name
        assert code == 1, name
        assert "Traceback" not in proxy.log, name
        assert api.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_what_can_be_mended_is_played(home: Path, mode: str) -> None:
    for name, odd in MENDED.items():
        options = {"cassette": cassette(home, odd), "cassette_mode": mode}
        with proxy_of_shell(home, options=options) as proxy:
            with proxy.direct() as client:
                answer = client.get("/models")
            code = proxy.stop()

        assert (answer.status_code, answer.content) == (200, b"{}"), name
        assert "x-evil" not in answer.headers, name
        assert answer.headers.get("x-a", "a").replace(" b", "") == "a", name
        assert code == 0, name


def test_the_command_fails_and_says_which(home: Path) -> None:
    odd = cassette(home, ODD["no code"])
    ask = 'curl -sS -m 20 "$OPENAI_BASE_URL/models"'
    done = anyvcr(home, "replay", odd, "--base-url", "--", "sh", "-c", ask)

    assert done.returncode == 1
    assert "from 200 to 999" in done.stdout
    assert "c.yaml, interaction 0" in done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_head_tells_the_recorded_length_in_every_mode(home: Path, mode: str) -> None:
    recorded: dict[str, object] = {"body": b"", "content_length": 1488324}
    options = {"cassette": cassette(home, recorded, "HEAD"), "cassette_mode": mode}
    with proxy_of_shell(home, options=options) as proxy, proxy.direct() as client:
        answer = client.head("/models")
        again = client.get("/../_anyvcr/health")

    assert answer.headers["content-length"] == "1488324"
    assert again.status_code != 400


def test_what_mitmproxy_refuses_is_an_error_in_the_apis_shape(home: Path) -> None:
    with StandIn(never) as api:
        nobody = api.address
    options = {"cassette": home / "c.yaml", "cassette_upstream": nobody}
    with proxy_of_shell(home, options=options) as proxy, proxy.direct() as client:
        answer = client.get("/models")

    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/json"
    assert "no answer from upstream" in answer.json()["error"]["message"]
