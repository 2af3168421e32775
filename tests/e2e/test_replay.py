"""replay-only in each shell: every door, every framing, and never the network."""

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, Received, StandIn
from support.proxies import DEADLINE, SEED, Mitmdump
from support.proxies import proxy as proxy_of_shell
from support.toolchain import require_tool

SEED_URL = "https://api.openai.com/v1/chat/completions"

pytestmark = pytest.mark.usefixtures("each_shell")


def replaying(
    home: Path, cassette: Path = SEED, **options: object
) -> AbstractContextManager[Mitmdump]:
    return proxy_of_shell(
        home,
        options={"cassette": cassette, "cassette_mode": "replay-only", **options},
    )


def another_site(_: Received) -> Answer:
    return Answer.of(b"another site", "text/plain")


def write(path: Path, *exchanges: tuple[Request, Response]) -> Path:
    """A cassette file that holds these exchanges."""
    interactions = tuple(
        Interaction(id=number, request=request, response=response)
        for number, (request, response) in enumerate(exchanges)
    )
    path.write_bytes(cassette_format.dumps(Cassette(interactions=interactions)))
    return path


def get(path: str, body: bytes = b"", **response: object) -> tuple[Request, Response]:
    """A GET of the API, answered with `body`."""
    fields: dict[str, object] = {
        "code": 200,
        "status": "200 OK",
        "content_length": len(body),
    }
    return (
        Request(method="GET", url=f"https://api.openai.com{path}"),
        Response(body=body, **(fields | response)),  # type: ignore[arg-type]  # fields of Response
    )


@pytest.fixture
def proxy(home: Path) -> Iterator[Mitmdump]:
    with replaying(home) as running:
        yield running


def test_the_seed_replays_byte_for_byte_through_a_tunnel(
    proxy: Mitmdump, seed: Cassette
) -> None:
    [recorded] = seed.interactions

    with proxy.client() as client:
        answer = client.post(SEED_URL, content=recorded.request.body)

    assert answer.status_code == 200
    assert answer.reason_phrase == "OK"
    assert answer.content == recorded.response.body
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_the_seed_replays_byte_for_byte_to_curl(
    proxy: Mitmdump, seed: Cassette
) -> None:
    curl = require_tool("curl")
    [recorded] = seed.interactions

    done = subprocess.run(
        [curl, "-sS", "--proxy", proxy.url, "--cacert", str(proxy.ca), SEED_URL]
        + ["-H", "Content-Type: application/json", "--data-binary", "@-"],
        input=recorded.request.body,
        capture_output=True,
        check=True,
    )

    assert done.stdout == recorded.response.body


def test_the_seed_replays_at_the_base_url_without_a_certificate(
    proxy: Mitmdump, seed: Cassette
) -> None:
    [recorded] = seed.interactions

    with proxy.direct() as client:
        answer = client.post("/chat/completions", content=recorded.request.body)

    assert answer.content == recorded.response.body


def test_bodies_match_as_json(proxy: Mitmdump, seed: Cassette) -> None:
    [recorded] = seed.interactions
    respelt = json.dumps(json.loads(recorded.request.body), sort_keys=True, indent=2)

    with proxy.direct() as client:
        answer = client.post("/chat/completions", content=respelt)

    assert answer.content == recorded.response.body


def test_an_unknown_request_gets_an_openai_error_that_sdks_do_not_retry(
    proxy: Mitmdump,
) -> None:
    with proxy.direct() as client:
        answer = client.post("/chat/completions", json={"model": "other"})

    assert answer.status_code == 418
    assert answer.headers["x-should-retry"] == "false"
    assert set(answer.json()["error"]) >= {"message", "type", "param", "code"}
    assert "/v1/chat/completions" in answer.json()["error"]["message"]


def test_an_interaction_is_played_once(proxy: Mitmdump, seed: Cassette) -> None:
    body = seed.interactions[0].request.body

    with proxy.direct() as client:
        codes = [client.post("/chat/completions", content=body) for _ in range(2)]

    assert [answer.status_code for answer in codes] == [200, 418]


def test_no_upstream_is_ever_connected(
    home: Path, api: StandIn, seed: Cassette
) -> None:
    """Also after the last interaction was used, and for what matches nothing."""
    body = seed.interactions[0].request.body
    with (
        replaying(
            home,
            cassette_upstream=api.address,
            ssl_verify_upstream_trusted_ca=api.ca_file,
        ) as proxy,
        proxy.client() as client,
    ):
        played = client.post(SEED_URL, content=body)
        used_up = client.post(SEED_URL, content=body)
        unknown = client.get("https://api.openai.com/v1/models")
        regional = client.get("https://eu.api.openai.com/v1/models")
        azure = client.get("https://me.openai.azure.com/openai/models")
        with proxy.direct() as direct:
            based = direct.get("/models")

    answers = (played, used_up, unknown, regional, azure, based)
    assert [a.status_code for a in answers] == [200, 418, 418, 418, 418, 418]
    assert api.connections == 0


def test_connections_are_kept_alive(home: Path) -> None:
    cassette = write(
        home / "c.yaml", *(get(f"/v1/models/{n}", b"%d" % n) for n in range(5))
    )

    with (
        replaying(home, cassette) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as sock,
    ):
        stream = sock.makefile("rb")
        bodies = []
        for n in range(5):
            sock.sendall(b"GET /v1/models/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n)
            length = 0
            while (line := stream.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            bodies.append(stream.read(length))

    assert bodies == [b"0", b"1", b"2", b"3", b"4"]


def test_pipelined_requests_are_answered_in_order(home: Path) -> None:
    cassette = write(
        home / "c.yaml", *(get(f"/v1/models/{n}", b"<%d>" % n) for n in range(3))
    )

    with (
        replaying(home, cassette) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as sock,
    ):
        for n in (0, 1):
            sock.sendall(b"GET /v1/models/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n)
        sock.sendall(
            b"GET /v1/models/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        received = sock.makefile("rb").read()

    assert [received.count(b"<%d>" % n) for n in range(3)] == [1, 1, 1]
    assert received.index(b"<0>") < received.index(b"<1>") < received.index(b"<2>")


def test_head_has_the_length_and_no_body(home: Path) -> None:
    request, response = get("/v1/files/f/content", b"x" * 321)
    head = Request(method="HEAD", url=request.url)
    cassette = write(home / "c.yaml", (head, response), (request, response))

    with replaying(home, cassette) as proxy, proxy.direct() as client:
        answers = [client.head("/files/f/content"), client.get("/files/f/content")]

    assert [len(answer.content) for answer in answers] == [0, 321]
    assert [a.headers["content-length"] for a in answers] == ["321", "321"]


@pytest.mark.parametrize("code", [204, 304])
def test_an_answer_without_a_body_has_no_framing(home: Path, code: int) -> None:
    cassette = write(
        home / "c.yaml",
        get("/v1/a", code=code, status=f"{code} X", content_length=0),
        get("/v1/b", b"next"),
    )

    with replaying(home, cassette) as proxy, proxy.direct() as client:
        first, second = client.get("/a"), client.get("/b")

    assert first.status_code == code
    assert not {"content-length", "transfer-encoding"} & set(first.headers)
    assert second.content == b"next"


def test_hop_by_hop_headers_are_dropped_and_framing_is_new(home: Path) -> None:
    headers = (
        ("Alt-Svc", ('h3=":443"',)),
        ("Connection", ("close",)),
        ("Content-Length", ("999",)),
        ("Transfer-Encoding", ("chunked",)),
        ("X-Request-Id", ("req_1", "req_2")),
    )
    cassette = write(home / "c.yaml", get("/v1/a", b"body", headers=headers))

    with replaying(home, cassette) as proxy, proxy.direct() as client:
        answer = client.get("/a")

    assert answer.content == b"body"
    assert answer.headers["content-length"] == "4"
    assert "alt-svc" not in answer.headers
    assert "transfer-encoding" not in answer.headers
    assert answer.headers.get_list("x-request-id") == ["req_1", "req_2"]


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(home: Path) -> None:
    curl = require_tool("curl")
    body = b"y" * 3_000_000
    upload = (
        Request(method="POST", url="https://api.openai.com/v1/files", body=body),
        Response(code=201, status="201 Created", body=b"stored", content_length=6),
    )
    cassette = write(home / "c.yaml", upload)

    with replaying(home, cassette) as proxy:
        done = subprocess.run(
            [curl, "-sS", "-v", "--http1.1", f"{proxy.base_url}/files"]
            + [
                "-H",
                "Expect: 100-continue",
                "-H",
                "Content-Type: application/octet-stream",
            ]
            + ["--expect100-timeout", "30", "--data-binary", "@-"],
            input=body,
            capture_output=True,
            check=True,
        )

    assert done.stdout == b"stored"
    assert b"100 Continue" in done.stderr


def test_a_chunked_request_matches_its_body(home: Path) -> None:
    body = bytes(range(256)) * 40_000
    upload = (
        Request(method="POST", url="https://api.openai.com/v1/files", body=body),
        Response(code=200, status="200 OK", body=b"ok", content_length=2),
    )
    cassette = write(home / "c.yaml", upload)

    with replaying(home, cassette) as proxy, proxy.client() as client:
        answer = client.post(
            "https://api.openai.com/v1/files",
            content=(body[at : at + 65_536] for at in range(0, len(body), 65_536)),
            headers={"Content-Type": "application/octet-stream"},
        )

    assert answer.content == b"ok"


def test_many_connections_at_once(home: Path) -> None:
    number = 60
    cassette = write(
        home / "c.yaml",
        *(get(f"/v1/models/{n}", b"%d" % n * 1000) for n in range(number)),
    )

    with replaying(home, cassette) as proxy:

        def fetch(n: int) -> bytes:
            with proxy.client() as client:
                answer = client.get(f"https://api.openai.com/v1/models/{n}")
                return answer.content

        with ThreadPoolExecutor(20) as pool:
            bodies = list(pool.map(fetch, range(number)))

    assert bodies == [b"%d" % n * 1000 for n in range(number)]


def test_a_host_named_by_the_user_is_replayed_over_plain_http(home: Path) -> None:
    exchange = (
        Request(method="GET", url="http://127.0.0.1:11434/v1/models"),
        Response(code=200, status="200 OK", body=b"local", content_length=5),
    )
    cassette = write(home / "c.yaml", exchange)

    with (
        replaying(home, cassette, cassette_hosts="127.0.0.1:11434") as proxy,
        httpx.Client(proxy=proxy.url, trust_env=False, timeout=DEADLINE) as client,
    ):
        answer = client.get("http://127.0.0.1:11434/v1/models")

    assert answer.content == b"local"


def test_other_hosts_are_tunnelled_untouched(home: Path) -> None:
    with StandIn(another_site) as site, replaying(home) as proxy:
        context = ssl.create_default_context(cafile=str(site.ca_file))
        with httpx.Client(
            proxy=proxy.url, verify=context, trust_env=False, timeout=DEADLINE
        ) as client:
            tunnelled = client.get(f"https://localhost:{site.port}/x")
            plain = client.get(f"http://{site.plain_address}/y")

    assert tunnelled.content == plain.content == b"another site"


def test_one_connection_may_turn_from_the_api_to_another_host(home: Path) -> None:
    exchange = (
        Request(method="GET", url="http://127.0.0.1:11434/v1/models"),
        Response(code=200, status="200 OK", body=b"local", content_length=5),
    )
    cassette = write(home / "c.yaml", exchange)
    with (
        StandIn(another_site) as site,
        replaying(home, cassette, cassette_hosts="127.0.0.1:11434") as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as sock,
    ):
        first = b"GET http://127.0.0.1:11434/v1/models HTTP/1.1\r\nHost: a\r\n\r\n"
        then = f"GET http://{site.plain_address}/ HTTP/1.1\r\nHost: b\r\n\r\n".encode()
        back = b"GET http://127.0.0.1:11434/v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        sock.sendall(first + then + back)
        received = sock.makefile("rb").read()

    assert received.index(b"local") < received.index(b"another site")
    assert b"HTTP/1.1 418 " in received
    assert site.connections == 1


def test_offline_refuses_other_hosts(home: Path) -> None:
    with (
        StandIn(another_site) as site,
        replaying(home, cassette_offline="true") as proxy,
        httpx.Client(proxy=proxy.url, trust_env=False, timeout=DEADLINE) as client,
    ):
        plain = client.get(f"http://{site.plain_address}/y")
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get(f"https://localhost:{site.port}/x")

    assert plain.status_code == 403
    assert site.connections == 0


def test_what_is_no_http_is_answered_and_closed(proxy: Mitmdump) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
        sock.sendall(b"\x00\x01 nonsense\r\n\r\n")
        received = sock.makefile("rb").read()

    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(
    proxy: Mitmdump, seed: Cassette
) -> None:
    for part in (
        b"POST /v1/chat",
        b"POST /v1/x HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
    ):
        with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
            sock.sendall(part)

    with proxy.direct() as client:
        answer = client.post(
            "/chat/completions", content=seed.interactions[0].request.body
        )

    assert answer.status_code == 200
