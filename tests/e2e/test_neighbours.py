"""Options and other addons of mitmproxy's: no request for the API passes without our decision."""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from standin import Answer, Received, StandIn
from support.proxies import ADDON, Mitmdump, mitmdump

URL = "https://api.openai.com/v1/chat/completions"
LARGE = {"n": 1, "pad": "x" * 300_000}


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


def proxy_for(
    home: Path,
    api: StandIn,
    *arguments: str,
    mode: str = "record-only",
    before: str = "",
    after: str = "",
    **options: object,
) -> AbstractContextManager[Mitmdump]:
    """mitmdump with our script between one that holds `before` and one that holds `after`."""
    scripts = [ADDON]
    for text, name, place in ((before, "before.py", 0), (after, "after.py", 2)):
        if text:
            script = home / name
            script.write_text(text)
            scripts.insert(place, script)
    given = {
        "cassette": home / "c.yaml",
        "cassette_mode": mode,
        "cassette_upstream": api.address,
        "ssl_verify_upstream_trusted_ca": api.ca_file,
        **options,
    }
    return mitmdump(home, *arguments, options=given, scripts=scripts)


def stored(home: Path) -> list[tuple[bytes, bytes]]:
    """Bodies of the recorded requests and answers."""
    path = home / "c.yaml"
    if not path.exists():
        return []
    cassette = cassette_format.loads(path.read_bytes(), file=str(path))
    return [(i.request.body, i.response.body) for i in cassette.interactions]


@pytest.mark.parametrize("hook", ["requestheaders", "request"])
def test_a_script_before_ours_that_fails_keeps_a_request_from_us_and_from_the_api(
    home: Path, api: StandIn, hook: str
) -> None:
    failing = f"def {hook}(flow): raise RuntimeError('not ours')\n"
    with proxy_for(home, api, before=failing) as proxy, proxy.client() as client:
        answer = client.post(URL, json={"n": 1})
        code = proxy.stop()

    if hook == "requestheaders":  # which decides nothing
        assert (answer.status_code, code) == (200, 0)
        assert stored(home) == [(b'{"n":1}', b'{"n":1}')]
    else:
        assert (answer.status_code, code) == (418, 1)
        assert api.requests == []
        assert "did not come to us to be decided" in proxy.log


@pytest.mark.parametrize("hook", ["http_connect", "next_layer", "server_connect"])
def test_a_script_that_fails_on_a_connection_opens_no_way(
    home: Path, api: StandIn, hook: str
) -> None:
    with proxy_for(home, api) as proxy, proxy.client() as client:
        client.post(URL, json={"n": 1})
        proxy.stop()
    recorded = len(api.requests)
    failing = f"def {hook}(flow): raise RuntimeError('not ours')\n"
    with proxy_for(home, api, mode="replay-only", before=failing) as proxy:
        # mitmproxy ends at an error that comes before it has told all scripts to run.
        proxy.wait_for("replaying ")
        with proxy.client() as client:
            known = client.post(URL, json={"n": 1})
            unknown = client.post(URL, json={"n": 2})
        proxy.stop()

    assert (known.status_code, unknown.status_code) == (200, 418)
    assert len(api.requests) == recorded


@pytest.mark.parametrize("size", ["1", "100k"])
def test_a_recorded_call_is_not_made_again_whatever_mitmproxy_streams(
    home: Path, api: StandIn, size: str
) -> None:
    options = {"stream_large_bodies": size, "body_size_limit": "200k"}
    calls = [{"n": 1}, LARGE]
    with proxy_for(home, api, **options) as proxy, proxy.client() as client:
        live = [client.post(URL, json=call).content for call in calls]
        proxy.stop()
    asked = len(api.requests)
    mode = "replay-with-new-episodes"
    with proxy_for(home, api, mode=mode, **options) as proxy, proxy.client() as client:
        again = [client.post(URL, json=call).content for call in calls]
        chunked = client.post(URL, content=iter([b'{"n":', b"1}"])).status_code
        code = proxy.stop()

    assert asked == 2
    assert again == live
    assert [answer for _, answer in stored(home)][:2] == live
    assert (chunked, code) == (200, 0)
    assert len(api.requests) == 3  # the chunked one is new: its answer was used up


def test_a_script_that_streams_a_request_before_we_saw_it_whole_is_refused(
    home: Path, api: StandIn
) -> None:
    streaming = "def requestheaders(flow): flow.request.stream = True\n"
    mode = "replay-with-new-episodes"
    with proxy_for(home, api, mode=mode, after=streaming) as proxy:
        with proxy.client() as client:
            answer = client.post(URL, json={"n": 1})
        code = proxy.stop()

    assert (answer.status_code, code) == (418, 1)
    assert api.requests == []


LOCAL = "answer.json"


@pytest.mark.parametrize("mode", ["record-only", "replay-with-new-episodes"])
def test_what_another_addon_answers_is_not_stored_as_the_apis(
    home: Path, api: StandIn, mode: str
) -> None:
    (home / LOCAL).write_text('{"mine": 1}')
    mapped = ("--map-local", f"|/v1/models|{home / LOCAL}")
    with proxy_for(home, api, *mapped, mode=mode) as proxy, proxy.client() as client:
        local = client.get("https://api.openai.com/v1/models")
        client.post(URL, json={"n": 1})
        proxy.stop()

    assert local.json() == {"mine": 1}
    assert stored(home) == [(b'{"n":1}', b'{"n":1}')]
    assert "1: another addon of mitmproxy answered in place of the API" in proxy.log


ANSWERING = """
from mitmproxy import http
def request(flow): flow.response = http.Response.make(200, b"theirs")
"""


def test_a_script_that_answers_before_us_is_not_stored(
    home: Path, api: StandIn
) -> None:
    with proxy_for(home, api, before=ANSWERING) as proxy, proxy.client() as client:
        answer = client.post(URL, json={"n": 1})
        proxy.stop()

    assert answer.content == b"theirs"
    assert api.requests == []
    assert stored(home) == []


TAKING = {
    "stream": "def responseheaders(flow): flow.response.stream = True\n",
    "replaced": (
        "from mitmproxy import http\n"
        "def responseheaders(flow): flow.response = http.Response.make(200, b'x')\n"
    ),
}


@pytest.mark.parametrize("how", TAKING)
def test_an_answer_that_a_later_script_takes_from_us_is_not_stored_empty(
    home: Path, api: StandIn, how: str
) -> None:
    with proxy_for(home, api, after=TAKING[how]) as proxy, proxy.client() as client:
        client.post(URL, json={"n": 1})
        proxy.stop()

    assert stored(home) == []
    assert "another addon of mitmproxy kept the answer from us" in proxy.log


def test_an_answer_whose_end_another_script_keeps_from_us_is_stored_all_the_same(
    home: Path, api: StandIn
) -> None:
    api.enqueue(Answer.events(b"data: 1\n\ndata: 2\n\n"))
    failing = "def response(flow): raise RuntimeError('not ours')\n"
    with proxy_for(home, api, before=failing) as proxy, proxy.client() as client:
        answer = client.post(URL, json={"n": 1})
        proxy.stop()

    assert [body for _, body in stored(home)] == [answer.content]


def test_a_request_that_is_pointed_at_the_api_after_we_saw_it_is_refused(
    home: Path, api: StandIn
) -> None:
    pointing = (
        "def request(flow): flow.request.url = 'https://api.openai.com/v1/models'\n"
    )
    with proxy_for(home, api, after=pointing) as proxy, proxy.client() as client:
        answer = client.get("http://example.com/")
        code = proxy.stop()

    assert (answer.status_code, code) == (418, 1)
    assert api.requests == []


def test_a_connection_to_the_api_that_passes_unread_fails_the_run(
    home: Path, api: StandIn
) -> None:
    raw = ("--mode", f"reverse:tcp://{api.address}")
    with proxy_for(home, api, *raw, cassette_hosts=api.address) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
            connection.sendall(b"hello")
            proxy.wait_for("passes on as raw TCP")
        code = proxy.stop()

    assert code == 1
    assert api.requests == []
