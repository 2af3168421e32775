"""Exchanges that do not come to their end: what the client sees, what is stored, what is said."""

import signal
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from standin import Answer, BreakOff, Chunk, Encoding, Framing, Received, StandIn
from support import proxies
from support.proxies import DEADLINE, mitmdump

URL = "https://api.openai.com/v1/chat/completions"
EVENTS = tuple(b"data: %d\n\n" % n for n in range(4))
BEFORE = b"".join(EVENTS[:2])
"""What comes before the interruption."""


def stream(**more: object) -> Answer:
    fields: dict[str, object] = {
        "headers": (("Content-Type", "text/event-stream"),),
        "chunks": tuple(Chunk(data=event) for event in EVENTS),
        "framing": Framing.CHUNKED,
        "break_after": 2,
    }
    return Answer(**(fields | more))  # type: ignore[arg-type]  # fields of Answer


@dataclass(slots=True)
class Seen:
    """What a client got of one answer."""

    status: int = 0
    body: bytes = b""
    error: type[httpx.HTTPError] | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)


def fetch(client: httpx.Client, *, leave_after: int | None = None) -> Seen:
    """Ask, and read until the end, the interruption, or so many bytes."""
    seen = Seen()
    try:
        with client.stream("POST", URL, json={"n": 1}) as answer:
            seen.status, seen.headers = answer.status_code, answer.headers
            for piece in answer.iter_bytes():
                seen.body += piece
                if leave_after is not None and len(seen.body) >= leave_after:
                    break
    except httpx.HTTPError as error:
        seen.error = type(error)
    return seen


recording = partial(proxies.recording, cassette_mode="record-only")


def kept(home: Path) -> list[Interaction]:
    path = home / "c.yaml"
    if not path.exists():
        return []
    return list(cassette_format.loads(path.read_bytes()).interactions)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)  # nothing tells when another process has noticed


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


BROKEN = "the API broke off"
LEFT = "the client left before the answer began"


CLOSE = stream(break_off=BreakOff.CLOSE)
RESET = stream(break_off=BreakOff.RESET)
SHORT = stream(break_off=BreakOff.SHORT)
GZIP = stream(break_off=BreakOff.CLOSE, encoding=Encoding.GZIP)
WAYS = [
    pytest.param(CLOSE, "1.1", id="close-1.1"),
    pytest.param(CLOSE, "2", id="close-2"),
    pytest.param(RESET, "1.1", id="reset-1.1"),
    pytest.param(RESET, "2", id="reset-2"),
    pytest.param(GZIP, "1.1", id="gzip-1.1"),
    pytest.param(GZIP, "2", id="gzip-2"),
    pytest.param(SHORT, "1.1", id="short-1.1"),
]
"""Not a short answer in HTTP/2: the h2 library fails before it hands on what came with its end."""


@pytest.mark.parametrize(("answer", "version"), WAYS)
def test_an_answer_that_breaks_off_is_the_same_to_the_client_and_not_stored(
    home: Path, api: StandIn, answer: Answer, version: str
) -> None:
    with recording(home, api) as proxy, proxy.client(http2=version == "2") as client:
        api.enqueue(answer, answer)
        with api_client(api, version) as direct:
            without_us = fetch(direct)
        with_us = fetch(client)
        whole = client.post(URL, json={"n": 2})
        proxy.stop()

    assert with_us.error is httpx.RemoteProtocolError
    assert BEFORE.startswith(with_us.body)
    if answer.break_off is not BreakOff.RESET:  # which may overtake what it follows
        assert without_us.error is httpx.RemoteProtocolError
        assert with_us.body == without_us.body
    assert with_us.headers == without_us.headers
    assert whole.json() == {"n": 2}
    assert [i.request.body for i in kept(home)] == [b'{"n":2}']
    assert f"not recorded: POST {URL}: {BROKEN}" in proxy.log
    assert (
        f"recorded 1 interaction in {home / 'c.yaml'}; 1 not recorded (1: {BROKEN})"
        in proxy.log
    )


def test_a_short_answer_in_http2_is_an_error_and_not_stored(
    home: Path, api: StandIn
) -> None:
    with recording(home, api) as proxy, proxy.client(http2=True) as client:
        api.enqueue(SHORT)
        seen = fetch(client)
        proxy.stop()

    assert seen.error is httpx.RemoteProtocolError or seen.status == 502
    assert kept(home) == []
    assert "1 not recorded" in proxy.log


def api_client(api: StandIn, version: str) -> httpx.Client:
    """A client that asks the stand-in itself, under the API's name."""

    class Direct(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(host="127.0.0.1", port=api.port)
            return super().handle_request(request)

    context = ssl.create_default_context(cafile=str(api.ca_file))
    transport = Direct(verify=context, http2=version == "2")
    return httpx.Client(transport=transport, timeout=DEADLINE)


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_client_that_leaves_before_the_answer_takes_the_api_with_it(
    home: Path, api: StandIn, version: str
) -> None:
    with recording(home, api) as proxy:
        with proxy.client(http2=version == "2") as client:
            client.post(URL, json={"n": 1})
            api.enqueue(stream(break_off=None, first_delay=3.0))
            client.timeout = httpx.Timeout(DEADLINE, read=0.5)
            seen = fetch(client)
        wait_until(lambda: api.open_connections == 0)
        with proxy.client() as client:
            client.post(URL, json={"n": 2})
        proxy.stop()

    assert seen.error is httpx.ReadTimeout
    codes = [(i.request.body, i.response.code) for i in kept(home)]
    assert codes == [(b'{"n":1}', 200), (b'{"n":1}', 499), (b'{"n":2}', 200)]
    assert LEFT in proxy.log


def test_a_cancelled_stream_leaves_its_siblings_alone(home: Path, api: StandIn) -> None:
    """Over one HTTP/2 connection, on which httpx resets what it leaves."""
    with recording(home, api) as proxy, proxy.client(http2=True) as client:
        api.enqueue(
            stream(break_off=None, first_delay=0.3),
            stream(break_off=BreakOff.RESET),
        )
        with client.stream("POST", URL, json={"n": 1}) as first:
            cancelled = fetch(client)
            whole = b"".join(first.iter_raw())
        proxy.stop()

    assert cancelled.error is httpx.RemoteProtocolError
    assert whole == b"".join(EVENTS)
    assert [i.response.body for i in kept(home)] == [b"".join(EVENTS)]


def test_no_answer_at_all_is_a_502_and_not_stored(home: Path) -> None:
    with StandIn(echo) as api:
        options = {"connection_strategy": "lazy"}
        with recording(home, api, **options) as proxy:
            api.__exit__(None, None, None)
            with proxy.client() as client:
                answer = client.post(URL, json={"n": 1})
            proxy.stop()
        api.__enter__()

    assert answer.status_code == 502
    assert kept(home) == []
    assert "not recorded: POST" in proxy.log
    assert "no answer came" in proxy.log


def test_a_proxy_that_is_stopped_stores_no_half_answers(
    home: Path, api: StandIn
) -> None:
    with recording(home, api) as proxy:
        api.enqueue(stream(break_off=BreakOff.STALL))
        with proxy.client() as client, client.stream("POST", URL, json={}) as answer:
            pieces = answer.iter_raw()
            assert next(pieces)
            code = proxy.stop(signal.SIGTERM)

    assert code == 0
    assert kept(home) == []
    assert "the proxy was stopped before its answer was whole" in proxy.log


@pytest.mark.parametrize(("answer", "version"), WAYS)
def test_what_is_kept_in_part_breaks_off_at_the_same_byte(
    home: Path, api: StandIn, answer: Answer, version: str
) -> None:
    with recording(home, api, cassette_keep_partial="true") as proxy:
        api.enqueue(answer)
        with proxy.client(http2=version == "2") as client:
            seen = fetch(client)
        proxy.stop()
    [interaction] = kept(home)
    with mitmdump(home, options={"cassette": home / "c.yaml"}) as replaying:
        with replaying.client() as client:
            replayed = fetch(client)
        replaying.stop()

    assert replayed.body == interaction.response.body == seen.body
    assert dict(interaction.response.extra) == {"partial": True}
    assert f"in part: {BROKEN}" in proxy.log
    assert replayed.error is httpx.RemoteProtocolError
    assert replayed.headers.get("content-length") == seen.headers.get("content-length")
