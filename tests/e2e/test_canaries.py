"""No secret reaches a file, a report or a log, wherever a client or a server puts it."""

import base64
import contextlib
import hashlib
import itertools
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import wsproto
from anyvcr.core.cassette import codec as cassette_format
from e2e.test_api_whole import Exchange, exchanges, httpx_part, without_secrets
from standin import Answer, Received, StandIn
from support.canaries import Call, Canaries, calls
from support.proxies import ADDON, DEADLINE, environment, mitmdump

KEPT = (
    "Authorization,Api-Key,Set-Cookie,Cookie,Openai-Organization,X-Amz-Security-Token"
)
"""Headers that a user asks to store although they hold secrets."""


@dataclass
class Door:
    """A proxy and all that it leaves behind."""

    home: Path
    url: str = ""
    ca: str = ""
    said: str = ""
    code: int | None = None

    def client(self, canary: Canaries) -> httpx.Client:
        """A client that proves itself to the proxy, too."""
        user, password = canary("proxy user"), canary("proxy password")
        return httpx.Client(
            proxy=httpx.Proxy(self.url, auth=(user, password)),
            verify=ssl.create_default_context(cafile=self.ca),
            trust_env=False,
            timeout=DEADLINE,
        )

    def state(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the home folder, and what was said, by name."""
        for file in sorted(self.home.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self.home)), file.read_bytes()
        yield "stderr", self.said.encode("utf-8", "surrogateescape")


def leaks(door: Door, *canaries: Canaries) -> dict[str, list[str]]:
    """The places of secrets by the file that holds them."""
    found = {}
    for name, data in door.state():
        views = [data]
        if name.endswith(".yaml"):
            for each in cassette_format.loads(data).interactions:
                views += [each.request.body, each.response.body]
        found[name] = [place for c in canaries for place in c.found(b"\n".join(views))]
    return {name: places for name, places in found.items() if places}


WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
"""A command that tells its environment and then lets the test make the calls."""


@contextlib.contextmanager
def by_command(
    home: Path, verb: str, *options: str, broken: str = "", **env: str
) -> Iterator[Door]:
    """`anyvcr VERB -v`, `broken` by these lines."""
    door = Door(home)
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    start = f"{broken}\nfrom anyvcr.cli.main import main\nmain()"
    command = [sys.executable, "-c", start, verb, "c.yaml", "-v"]
    if verb == "record":
        command.append("--allow-dropped")  # an answer of the calls breaks off
    said = home.parent / f"{home.name}-{verb}.said"
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "--report", "report.json", *options]
            + ["--", sys.executable, "-c", WAIT],
            cwd=home,
            env=environment(home, TMPDIR=str(temporary), **env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout
        line = process.stdout.readline()
        assert line, said.read_text()
        variables = json.loads(line)
        door.url, door.ca = variables["HTTPS_PROXY"], variables["SSL_CERT_FILE"]
        try:
            yield door
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
            process.communicate()
    door.code, door.said = process.returncode, said.read_text()


@contextlib.contextmanager
def by_mitmdump(
    home: Path,
    verb: str,
    *options: str,
    broken: str = "",
    parent: str = "",
    auth: str = "",
) -> Iterator[Door]:
    """`mitmdump -s addon/vcr.py`, with the command's options."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    given = dict(zip(options[::2], options[1::2], strict=True))
    names = {
        "--upstream": "cassette_upstream",
        "--upstream-ca": "ssl_verify_upstream_trusted_ca",
    }
    settings = {names[name]: value for name, value in given.items() if name in names}
    kept = ",".join(o for n, o in itertools.pairwise(options) if n == "--keep-header")
    settings |= {
        "cassette": "c.yaml",
        "cassette_mode": f"{verb}-only",
        "cassette_keep_headers": kept,
    }
    arguments = ["--mode", f"upstream:http://{parent}", "--upstream-auth", auth]
    fault = home.parent / "fault.py"
    fault.write_text(broken)
    door = Door(home)
    with mitmdump(
        home,
        *(arguments if parent else ()),
        options=settings,
        scripts=(*((fault,) if broken else ()), ADDON),
        env={"TMPDIR": str(temporary)},
    ) as proxy:
        door.url, door.ca = proxy.url, str(proxy.ca)
        yield door
        door.code = proxy.stop()
        door.said = proxy.log


Open = Callable[..., contextlib.AbstractContextManager[Door]]
DOORS = pytest.mark.parametrize(
    "door", [by_command, by_mitmdump], ids=["command", "mitmdump"]
)


def of_the_api(canary: Canaries) -> list[Call]:
    """A call for each operation, with one key, and cookies and ids that change."""
    return [_with_canaries(n, each, canary) for n, each in enumerate(exchanges())]


def _with_canaries(number: int, exchange: Exchange, canary: Canaries) -> Call:
    headers = dict(exchange.headers) | {
        "Authorization": f"Bearer {canary('key', 'openai')}",
        "OpenAI-Organization": canary("own organization", "organization"),
    }
    if exchange.form:
        headers.pop("Content-Type", None)
    request = httpx.Request(
        exchange.method,
        exchange.url,
        headers=headers,
        content=exchange.body,
        files=[httpx_part(part) for part in exchange.form] or None,
    )
    answer = exchange.answer
    answer = replace(
        answer,
        headers=(
            *answer.headers,
            ("Set-Cookie", f"__cf_bm={canary(f'cookie {number}')}; HttpOnly"),
            ("openai-organization", canary("own organization", "organization")),
            ("x-request-id", canary(f"request id {number}")),
        ),
    )
    return Call(
        url=str(request.url),
        method=exchange.method,
        headers=tuple(request.headers.multi_items()),
        body=request.read(),
        answer=answer,
    )


@dataclass
class Got:
    """What a client got for a call, as it came."""

    status: int
    headers: list[tuple[str, str]]
    raw: bytes


def make(client: httpx.Client, call: Call) -> Got:
    request = client.build_request(
        call.method, call.url, headers=list(call.headers), content=call.body or None
    )
    raw = b""
    answer = client.send(request, stream=True)
    with contextlib.suppress(httpx.RemoteProtocolError):
        for chunk in answer.iter_raw():
            raw += chunk
    answer.close()
    reason = answer.extensions.get("reason_phrase", b"").decode()
    return Got(
        answer.status_code, [*answer.headers.multi_items(), ("reason", reason)], raw
    )


def untouched(call: Call, received: Received, got: Got) -> list[str]:
    """What of the call differs between the two ends of the wire."""
    wrong = []
    if received.method != call.method or not call.url.endswith(received.target):
        wrong.append("target")
    if received.body_sha256 != hashlib.sha256(call.body).hexdigest():
        wrong.append("request body")
    sent = {(name.lower(), value) for name, value in call.headers}
    arrived = {(name.lower(), value) for name, value in received.headers}
    if not sent - {("host", received.host)} <= arrived:
        wrong.append("request headers")
    answer = replace(call.answer, end_delay=0.01)  # a coding's last bytes come apart
    chunks = [chunk.data for chunk in answer.wire_chunks()]
    if answer.break_off:
        chunks = chunks[: answer.break_after]
    if got.raw != b"".join(chunks) or got.status != answer.status:
        wrong.append("response body")
    if not {(n.lower(), v) for n, v in answer.headers} <= set(got.headers):
        wrong.append("response headers")
    return wrong


def unexpected(_: object) -> Answer:
    return Answer.error(404, "no more calls were expected")


def options(api: StandIn) -> list[str]:
    return [
        *("--upstream", api.address, "--upstream-ca", str(api.ca_file)),
        *(word for name in KEPT.split(",") for word in ("--keep-header", name)),
    ]


@DOORS
def test_no_secret_is_kept_and_another_key_replays(tmp_path: Path, door: Open) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ours, theirs = Canaries("ours"), Canaries("theirs")
    every = [*of_the_api(ours), *calls(ours)]
    with StandIn(unexpected) as api:
        api.enqueue(*(call.answer for call in every))
        with (
            door(home, "record", *options(api)) as recording,
            recording.client(ours) as client,
        ):
            got = [make(client, call) for call in every]
            while_it_runs = leaks(recording, ours)
        received = api.requests

    assert wrong(every, received, got) == {}
    assert len(ours.planted) > 40 + 2 * 329
    assert set(ours.planted) <= {
        "proxy user",
        "proxy password",
        *on_the_wire(ours, every, received, got),
    }
    assert (while_it_runs, leaks(recording, ours)) == ({}, {})
    assert recording.code == 0

    again = [*of_the_api(theirs), *(c for c in calls(theirs) if c.is_recorded)]
    with door(home, "replay") as replaying, replaying.client(theirs) as client:
        played = [make(client, call) for call in again]

    recorded = cassette_format.loads((home / "c.yaml").read_bytes()).interactions
    expected = [(i.response.code, i.response.body) for i in recorded]
    assert [(each.status, each.raw) for each in played] == expected
    assert [body for _, body in expected[:329]] == [
        without_secrets(each.outcome).body for each in exchanges()
    ]
    assert f"played back {len(again)} interactions" in replaying.said
    assert leaks(replaying, ours, theirs) == {}
    assert len(again) > 329


def wrong(
    every: list[Call], received: list[Received], got: list[Got]
) -> dict[str, list[str]]:
    """The calls that were not the same at both ends of the wire."""
    triples = zip(every, received, got, strict=True)
    return {
        call.url: differing
        for call, there, here in triples
        if (differing := untouched(call, there, here))
    }


def on_the_wire(
    canary: Canaries, every: list[Call], received: list[Received], got: list[Got]
) -> list[str]:
    """The places whose secrets the stand-in or the client got; trailers it sent."""
    return canary.found(
        b"\n".join(
            repr(
                (r.target, r.headers, r.body, g.headers, g.raw, c.answer.trailers)
            ).encode()
            for c, r, g in zip(every, received, got, strict=True)
        )
    )


@DOORS
def test_a_miss_tells_no_secret(tmp_path: Path, door: Open) -> None:
    """Nor do WebSockets, other hosts and what is no HTTP, while recording and replaying."""
    home = tmp_path / "home"
    home.mkdir()
    first, second = Canaries("first"), Canaries("second")
    known = calls(first)
    with StandIn(unexpected) as api:
        api.enqueue(*(call.answer for call in known))
        with (
            door(home, "record", *options(api)) as recording,
            recording.client(first) as client,
        ):
            for call in known:
                make(client, call)
            wire = apart(recording, client, api, first)
        expected = {
            "websocket key",
            "websocket message",
            "other host",
            "malformed header",
        }
        assert expected <= set(first.found(wire))
        assert expected <= set(first.found(repr(api.requests).encode() + wire))
        with (
            door(home, "replay", *options(api)) as replaying,
            replaying.client(second) as client,
        ):
            missed = [
                make(client, replace(call, method="PATCH")) for call in calls(second)
            ]
            apart(replaying, client, api, second)

    assert {each.status for each in missed} == {418}
    assert [second.found(each.raw) for each in missed] == [[]] * len(missed)
    assert leaks(recording, first) == {}
    assert leaks(replaying, first, second) == {}


def apart(door: Door, client: httpx.Client, api: StandIn, canary: Canaries) -> bytes:
    """What is not recorded; all that was written and read."""
    wire = [handshake(door, canary), malformed(door, canary)]
    headers = {"Authorization": f"Bearer {canary('other host')}"}
    for url in (f"http://{api.plain_address}", f"http://localhost:{api.plain_port}"):
        query = f"?token={canary('query of another host')}"
        answer = client.post(f"{url}/else{query}", headers=headers, content=b"{}")
        wire.append(
            answer.request.url.raw_path + repr(answer.request.headers.raw).encode()
        )
    return b"\n".join(wire)


class Wire:
    """A connection through the proxy, with TLS, and all that went over it."""

    def __init__(self, door: Door, canary: Canaries) -> None:
        host, _, port = door.url.rpartition("/")[2].partition(":")
        self._socket = socket.create_connection((host, int(port)), DEADLINE)
        self.log = b""
        pair = f"{canary('proxy user')}:{canary('proxy password')}".encode()
        self.send(
            b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n"
            b"Proxy-Authorization: Basic " + base64.b64encode(pair) + b"\r\n\r\n"
        )
        assert b" 200 " in self.receive()
        context = ssl.create_default_context(cafile=door.ca)
        self._socket = context.wrap_socket(
            self._socket, server_hostname="api.openai.com"
        )

    def send(self, data: bytes) -> None:
        self.log += data
        self._socket.sendall(data)

    def receive(self) -> bytes:
        data = self._socket.recv(65536)
        self.log += data
        return data

    def end(self) -> bytes:
        """Everything, after we have hung up."""
        self._socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self.receive():
                pass
        self._socket.close()
        return self.log


def handshake(door: Door, canary: Canaries) -> bytes:
    """A WebSocket as a browser opens it, with a message each way."""
    wire, client = (
        Wire(door, canary),
        wsproto.WSConnection(wsproto.ConnectionType.CLIENT),
    )
    key, organization = (
        canary("websocket key", "openai"),
        canary("websocket organization"),
    )
    opening = wsproto.events.Request(
        host="api.openai.com",
        target=f"/v1/realtime?model=gpt&token={canary('websocket query')}",
        subprotocols=[
            "realtime",
            f"openai-insecure-api-key.{key}",
            f"openai-organization.{organization}",
        ],
    )
    wire.send(client.send(opening))
    client.receive_data(wire.receive())
    if any(
        isinstance(event, wsproto.events.AcceptConnection) for event in client.events()
    ):
        text = json.dumps({"client_secret": canary("websocket message")})
        wire.log += text.encode()  # as it was before it was masked
        wire.send(client.send(wsproto.events.TextMessage(data=text)))
        wire.receive()
        wire.send(client.send(wsproto.events.CloseConnection(code=1000)))
    return wire.end()


def malformed(door: Door, canary: Canaries) -> bytes:
    wire = Wire(door, canary)
    wire.send(
        f"GET /v1/models?key={canary('malformed query')} HTTP/1.1\r\n"
        f"Host: api.openai.com\r\nAuthorization Bearer {canary('malformed header')}\r\n\r\n".encode()
    )
    wire.receive()
    return wire.end()


@DOORS
def test_a_proxy_on_the_way_keeps_its_password(tmp_path: Path, door: Open) -> None:
    """The parent's: it refuses, and repeats what it was told."""
    home = tmp_path / "home"
    home.mkdir()
    canary = Canaries("ours")
    user, password = canary("parent user"), f"{canary('parent password')}/@"
    pair = f"{user}:{password}"

    def refuse(received: Received) -> Answer:
        told = received.header("Proxy-Authorization")
        return Answer(status=407, reason=f"Denied {told} {pair}")

    with StandIn(refuse) as parent:
        opened: contextlib.AbstractContextManager[Door]
        if door is by_command:
            url = f"http://{quote(user)}:{quote(password, safe='')}@{parent.plain_address}"
            opened = door(home, "record", HTTPS_PROXY=url)
        else:
            opened = door(home, "record", parent=f"{parent.plain_address}", auth=pair)
        with opened as proxy, proxy.client(canary) as client:
            got = make(client, calls(canary)[0])

    [asked, *_] = parent.requests
    assert base64.b64decode(asked.header("Proxy-Authorization")[6:]).decode() == pair
    assert "Denied" in proxy.said
    assert got.status == 502
    assert leaks(proxy, canary) == {}


BREAK = """
import anyvcr.proxy.recording.capture as capture

def broken(message, *_, **__):
    raise ValueError(f"cannot take {dict(message.headers)}")

capture.response = broken
"""


@DOORS
def test_a_crash_tells_where_and_no_value(tmp_path: Path, door: Open) -> None:
    home = tmp_path / "home"
    home.mkdir()
    canary = Canaries("ours")
    every = [call for call in calls(canary) if call.is_recorded]
    with StandIn(unexpected) as api:
        api.enqueue(*(call.answer for call in every))
        with (
            door(home, "record", *options(api), broken=BREAK) as proxy,
            proxy.client(canary) as client,
        ):
            got = [make(client, call) for call in every]

    assert wrong(every, api.requests, got) == {}
    assert proxy.code == 1
    assert proxy.said.count("in broken") == len(every)
    assert leaks(proxy, canary) == {}
