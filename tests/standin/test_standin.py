"""The stand-in, asked by httpx, by curl and by bare sockets."""

import asyncio
import contextlib
import hashlib
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette.model import Cassette, Headers, Interaction, Request, Response
from h2.exceptions import InvalidBodyLengthError  # type: ignore[import-untyped,unused-ignore]  # typed from 4.2 on
from standin import (
    Answer,
    BreakOff,
    Chunk,
    Encoding,
    Framing,
    Manners,
    Received,
    Repertoire,
    StandIn,
    split_events,
)
from support.wire import client, curl, plain_socket, read_all, read_until, versions
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    TextMessage,
)
from wsproto.events import Request as Upgrade

PROJECT = Path(__file__).resolve().parents[2]
EVENTS = b'data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n":3}\n\ndata: [DONE]\n\n'
JSON = "application/json"
BLOCK = bytes(range(256)) * 4096  # 1 MiB
BLOCKS = 100  # 100 MiB in all


def ok(received: Received) -> Answer:
    return Answer.of(received.method.encode(), "text/plain")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


def interaction(
    url: str,
    body: bytes = b"",
    *,
    answer: bytes = b"",
    method: str = "POST",
    content_type: str = JSON,
    answer_headers: Headers = (("Content-Type", (JSON,)),),
) -> Interaction:
    return Interaction(
        id=0,
        request=Request(
            method=method,
            url=url,
            headers=(("Content-Type", (content_type,)),),
            body=body,
        ),
        response=Response(
            code=200, status="200 OK", headers=answer_headers, body=answer
        ),
    )


class TestAnswersFromACassette:
    @versions
    def test_an_event_stream_comes_back_byte_for_byte(self, version: str) -> None:
        recorded = interaction(
            "https://api.openai.com/v1/chat/completions",
            b'{"stream":true}',
            answer=EVENTS,
            answer_headers=(("Content-Type", ("text/event-stream",)),),
        )
        with (
            StandIn(Cassette(interactions=(recorded,))) as api,
            client(api, version) as http,
        ):
            response = http.post("/v1/chat/completions", json={"stream": True})
        assert response.http_version == version
        assert response.content == EVENTS
        assert response.headers["content-type"] == "text/event-stream"
        assert "content-length" not in response.headers
        assert len(api.sent[0].chunks) == 4

    def test_equal_requests_get_their_answers_in_order_and_then_the_last(self) -> None:
        url = "https://api.openai.com/v1/models"
        cassette = Cassette(
            interactions=tuple(
                interaction(url, method="GET", answer=text) for text in (b"1", b"2")
            )
        )
        with StandIn(cassette) as api, client(api, "HTTP/1.1") as http:
            assert [http.get("/v1/models").text for _ in range(4)] == [*"1222"]

    @pytest.mark.parametrize(
        ("path", "body", "content_type", "status"),
        [
            pytest.param("/v1/x?a=1", b'{"b": 2, "a": 1}', JSON, 200, id="json-order"),
            pytest.param("/v1/x?a=1", b'{"b":2}', JSON, 404, id="other-json"),
            pytest.param("/v1/x?a=2", b'{"a":1,"b":2}', JSON, 404, id="other-query"),
            pytest.param("/v1/x", b'{"a":1,"b":2}', JSON, 404, id="no-query"),
            pytest.param("/v1/raw", b"\x00\xff", "a/b", 200, id="same-bytes"),
            pytest.param("/v1/raw", b"\x00\xfe", "a/b", 404, id="other-bytes"),
            pytest.param(
                "/v1/form", b"--b--", "multipart/form-data; boundary=b", 200, id="form"
            ),
        ],
    )
    def test_a_request_is_known_by_path_query_and_body(
        self, path: str, body: bytes, content_type: str, status: int
    ) -> None:
        form = "multipart/form-data; boundary=a"
        cassette = Cassette(
            interactions=(
                interaction("https://api.openai.com/v1/x?a=1", b'{"a":1,"b":2}'),
                interaction("https://api.openai.com/v1/raw", b"\x00\xff"),
                interaction(
                    "https://api.openai.com/v1/form", b"--a--", content_type=form
                ),
            )
        )
        with StandIn(cassette) as api, client(api, "HTTP/1.1") as http:
            response = http.post(
                path, content=body, headers={"Content-Type": content_type}
            )
        assert response.status_code == status

    def test_an_unknown_request_gets_an_error_in_the_apis_shape(self) -> None:
        with StandIn(Cassette()) as api, client(api, "HTTP/2") as http:
            error = http.get("/v1/nothing?x=1").json()["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"].endswith("GET /v1/nothing?x=1")

    def test_a_body_larger_than_the_limit_is_known_by_its_digest(self) -> None:
        recorded = interaction("https://h/v1/files", b"x" * 1000, answer=b"it")
        api = StandIn(Cassette(interactions=(recorded,)), body_limit=10)
        with api, client(api, "HTTP/1.1") as http:
            assert http.post("/v1/files", content=b"x" * 1000).text == "it"
        assert api.requests[0].body == b"x" * 10
        assert api.requests[0].body_size == 1000

    def test_headers_of_framing_are_made_anew_and_the_others_kept(self) -> None:
        headers: Headers = (
            ("Content-Encoding", ("gzip",)),
            ("Content-Length", ("999",)),
            ("Set-Cookie", ("a=1", "b=2")),
            ("Transfer-Encoding", ("chunked",)),
        )
        recorded = interaction("https://h/", answer=b"abc", answer_headers=headers)
        answer = Answer.from_interaction(recorded)
        assert answer.headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
        assert answer.framing is Framing.CHUNKED

    def test_a_recorded_length_is_announced_again(self) -> None:
        recorded = interaction("https://h/", answer=b"abc")
        sized = replace(recorded, response=replace(recorded.response, content_length=3))
        assert Answer.from_interaction(sized).length == 3


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"", ()),
        (b"data: a\n\ndata: b\n\n", (b"data: a\n\n", b"data: b\n\n")),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", (b"data: a\r\n\r\n", b"data: b\r\n\r\n")),
        (b"event: x\ndata: a\n\ndata: cut", (b"event: x\ndata: a\n\n", b"data: cut")),
        (b"data: a\n\n\n", (b"data: a\n\n", b"\n")),
    ],
)
def test_events_are_cut_after_their_blank_line(
    body: bytes, events: tuple[bytes, ...]
) -> None:
    assert split_events(body) == events


class TestConnections:
    @versions
    def test_httpx_asks_and_is_noted(self, version: str) -> None:
        with StandIn(ok) as api, client(api, version) as http:
            response = http.post("/v1/x?q=1", content=b"body", headers={"X-A": "b"})
        assert response.http_version == version
        assert response.text == "POST"
        (received,) = api.requests
        assert (received.method, received.target) == ("POST", "/v1/x?q=1")
        assert received.http_version == version
        assert received.host == api.address
        assert received.header("x-a") == "b"
        assert (received.body, received.body_size) == (b"body", 4)
        assert received.body_sha256 == hashlib.sha256(b"body").hexdigest()
        assert api.connections == 1

    @pytest.mark.parametrize(
        "host", ["api.openai.com", "eu.api.openai.com", "mine.openai.azure.com"]
    )
    def test_its_certificate_is_good_for_the_apis_hosts(self, host: str) -> None:
        with StandIn(ok) as api:
            context = ssl.create_default_context(cadata=api.ca_pem.decode())
            with (
                socket.create_connection(("127.0.0.1", api.port), timeout=10) as sock,
                context.wrap_socket(sock, server_hostname=host) as tls,
            ):
                assert tls.version() == "TLSv1.3"

    @pytest.mark.parametrize(
        ("protocols", "version"),
        [(("h2", "http/1.1"), b"2"), (("http/1.1",), b"1.1"), (("h2",), b"2")],
    )
    def test_curl_gets_the_version_that_is_offered(
        self, protocols: tuple[str, ...], version: bytes
    ) -> None:
        with StandIn(ok, protocols=protocols) as api:
            assert curl(api, "/", "-w", "%{http_version}") == b"GET" + version

    def test_a_client_without_http2_is_turned_away_where_there_is_nothing_else(
        self,
    ) -> None:
        with (
            StandIn(ok, protocols=("h2",)) as api,
            client(api, "HTTP/1.1") as http,
            pytest.raises(httpx.TransportError),
        ):
            http.get("/")

    def test_plain_http_is_served_on_its_own_port(self) -> None:
        with StandIn(ok) as api:
            url = f"http://{api.plain_address}/v1/models"
            assert httpx.get(url, trust_env=False).text == "GET"

    def test_a_connection_counts_before_its_handshake(self) -> None:
        with StandIn(ok) as api, socket.create_connection(("127.0.0.1", api.port)):
            until(lambda: api.connections == 1)
        assert api.requests == []

    def test_a_client_that_distrusts_it_does_not_disturb_it(self) -> None:
        with StandIn(ok) as api, client(api, "HTTP/2") as http:
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"https://{api.address}/", trust_env=False)
            assert http.get("/").text == "GET"
        assert api.connections == 2

    def test_fifty_streams_share_one_connection(self) -> None:
        async def ask(api: StandIn) -> list[bytes]:
            verify = ssl.create_default_context(cafile=api.ca_file)
            async with httpx.AsyncClient(
                http1=False, http2=True, verify=verify, trust_env=False
            ) as http:
                url = f"https://{api.address}/"
                responses = await asyncio.gather(*(http.get(url) for _ in range(50)))
            return [response.content for response in responses]

        with StandIn(lambda _: Answer.events(EVENTS, gap=0.01)) as api:
            assert asyncio.run(ask(api)) == [EVENTS] * 50
        assert api.connections == 1

    def test_fifty_connections_are_served_at_once(self) -> None:
        tidy = StandIn(ok, manners=Manners.TIDY)
        with tidy as api, contextlib.ExitStack() as stack:
            socks = [stack.enter_context(plain_socket(api)) for _ in range(50)]
            for sock in socks:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for sock in reversed(socks):
                assert read_until(sock, b"GET").startswith(b"HTTP/1.1 200 OK\r\n")
            assert api.open_connections == 50
        assert api.connections == 50

    def test_it_stops_with_a_stream_still_open(self) -> None:
        stalling = replace(Answer.events(EVENTS), break_off=BreakOff.STALL)
        with contextlib.ExitStack() as stack:
            with StandIn(lambda _: stalling) as api:
                sock = stack.enter_context(plain_socket(api))
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                read_until(sock, b"\r\n\r\n")
            assert read_all(sock) == b""


class TestPace:
    @versions
    def test_events_are_sent_no_sooner_than_their_gaps(self, version: str) -> None:
        answer = replace(Answer.events(EVENTS, gap=0.03), first_delay=0.05)
        with StandIn(lambda _: answer) as api, client(api, version) as http:
            assert http.get("/").content == EVENTS
        (received,), (sent,) = api.requests, api.sent
        assert sent.head is not None
        assert sent.head >= received.time + 0.05
        assert len(sent.chunks) == 4
        for number, moment in enumerate(sent.chunks):
            assert moment >= received.time + 0.05 + number * 0.03 - 1e-6
        assert sent.end is not None
        assert sent.end >= sent.chunks[-1]

    @versions
    def test_an_event_is_with_the_client_before_the_next_is_sent(
        self, version: str
    ) -> None:
        answer = replace(Answer.events(EVENTS), break_off=BreakOff.STALL, break_after=2)
        with (
            StandIn(lambda _: answer) as api,
            client(api, version) as http,
            http.stream("GET", "/") as response,
        ):
            received = b""
            for piece in response.iter_raw():
                received += piece
                if received == b"".join(split_events(EVENTS)[:2]):
                    break


class TestFraming:
    @pytest.mark.parametrize(
        ("answer", "wire"),
        [
            pytest.param(
                Answer.of(b"abc", "a/b"),
                b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc",
                id="content-length",
            ),
            pytest.param(
                Answer(
                    status=418,
                    reason="Teapot",
                    chunks=(Chunk(data=b"ab"), Chunk(data=b""), Chunk(data=b"c" * 10)),
                    framing=Framing.CHUNKED,
                    trailers=(("X-Sum", "1"),),
                ),
                b"HTTP/1.1 418 Teapot\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"2\r\nab\r\na\r\ncccccccccc\r\n0\r\nX-Sum: 1\r\n\r\n",
                id="chunked",
            ),
            pytest.param(
                Answer(chunks=(Chunk(data=b"abc"),), framing=Framing.CLOSE),
                b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc",
                id="close",
            ),
            pytest.param(
                Answer(
                    chunks=(Chunk(data=b"abc"), Chunk(data=b"def")),
                    break_off=BreakOff.SHORT,
                    break_after=1,
                ),
                b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc",
                id="short",
            ),
        ],
    )
    def test_http1_bytes_are_as_ordered(self, answer: Answer, wire: bytes) -> None:
        with StandIn(lambda _: answer) as api, plain_socket(api) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert read_all(sock) == wire

    def test_an_http10_client_is_not_sent_chunks(self) -> None:
        with StandIn(lambda _: Answer.events(EVENTS)) as api, plain_socket(api) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            head, _, body = read_all(sock).partition(b"\r\n\r\n")
        assert body == EVENTS
        assert b"chunked" not in head

    def test_requests_on_one_connection_may_be_sent_ahead(self) -> None:
        with StandIn(ok) as api, plain_socket(api) as sock:
            sock.sendall(
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                b"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            answered = read_all(sock)
        assert re.findall(rb"\r\n\r\n([A-Z]*?)(?:HTTP|$)", answered) == [
            b"POST",
            b"DELETE",
        ]
        assert api.connections == 1

    @versions
    @pytest.mark.parametrize(
        ("method", "status", "framing"),
        [
            ("HEAD", 200, Framing.CONTENT_LENGTH),
            ("HEAD", 200, Framing.CHUNKED),
            ("GET", 204, Framing.CHUNKED),
            ("GET", 304, Framing.CONTENT_LENGTH),
        ],
    )
    def test_what_has_no_body_leaves_the_connection_usable(
        self, version: str, method: str, status: int, framing: Framing
    ) -> None:
        answer = Answer(status=status, chunks=(Chunk(data=b"abc"),), framing=framing)
        with StandIn(ok) as api, client(api, version) as http:
            api.enqueue(answer)
            first = http.request(method, "/")
            assert (first.status_code, first.content) == (status, b"")
            assert http.get("/").text == "GET"
        assert api.connections == 1

    def test_a_client_that_expects_100_continue_gets_it(self) -> None:
        with StandIn(ok) as api, plain_socket(api) as sock:
            sock.sendall(
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            interim = read_until(sock, b"\r\n\r\n")
            assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b"abc")
            assert read_until(sock, b"POST").startswith(b"HTTP/1.1 200 OK\r\n")
        assert api.requests[0].body == b"abc"

    def test_curl_gets_trailers_and_repeated_headers_over_http2(self) -> None:
        answer = replace(
            Answer.events(EVENTS),
            headers=(("Set-Cookie", "a"), ("Set-Cookie", "b")),
            trailers=(("X-Sum", "1"),),
        )
        with StandIn(lambda _: answer) as api:
            output = curl(api, "/", "-D", "-").replace(b"\r\n", b"\n")
        assert b"set-cookie: a\nset-cookie: b\n" in output
        assert b"x-sum: 1" in output
        assert EVENTS in output

    def test_nonsense_gets_a_400(self) -> None:
        with StandIn(ok) as api, plain_socket(api) as sock:
            sock.sendall(b"nonsense\r\n\r\n")
            assert read_all(sock).startswith(b"HTTP/1.1 400 ")


class TestEncoding:
    @versions
    @pytest.mark.parametrize("encoding", list(Encoding))
    def test_the_body_decodes_to_what_was_ordered(
        self, version: str, encoding: Encoding
    ) -> None:
        answer = replace(Answer.events(EVENTS), encoding=encoding)
        with StandIn(lambda _: answer) as api, client(api, version) as http:
            response = http.get("/")
        assert response.headers["content-encoding"] == encoding
        assert response.content == EVENTS

    @pytest.mark.parametrize("encoding", list(Encoding))
    def test_a_chunk_decodes_before_the_next_is_sent(self, encoding: Encoding) -> None:
        answer = replace(
            Answer.events(EVENTS),
            encoding=encoding,
            break_off=BreakOff.STALL,
            break_after=1,
        )
        with (
            StandIn(lambda _: answer) as api,
            client(api, "HTTP/2") as http,
            http.stream("GET", "/") as response,
        ):
            assert next(filter(None, response.iter_bytes())) == split_events(EVENTS)[0]

    def test_an_encoded_body_can_have_a_length(self) -> None:
        answer = replace(Answer.of(BLOCK, "a/b"), encoding=Encoding.GZIP)
        with StandIn(lambda _: answer) as api, client(api, "HTTP/1.1") as http:
            response = http.get("/")
        assert int(response.headers["content-length"]) == answer.length
        assert response.content == BLOCK


class TestFaults:
    def test_ordered_answers_come_first_one_each(self) -> None:
        with StandIn(ok) as api, client(api, "HTTP/2") as http:
            api.enqueue(
                Answer.error(429, headers=(("Retry-After", "1"),)), Answer.error(500)
            )
            responses = [http.get("/") for _ in range(3)]
        assert [r.status_code for r in responses] == [429, 500, 200]
        assert responses[0].headers["retry-after"] == "1"
        assert responses[1].json()["error"]["type"] == "server_error"

    @versions
    @pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CONTENT_LENGTH])
    @pytest.mark.parametrize(
        ("how", "error"),
        [
            (BreakOff.CLOSE, httpx.RemoteProtocolError),
            (BreakOff.RESET, (httpx.ReadError, httpx.RemoteProtocolError)),
            # HTTP/2: as h2 raises it, httpx lets it through.
            (BreakOff.SHORT, (httpx.RemoteProtocolError, InvalidBodyLengthError)),
            (BreakOff.STALL, httpx.ReadTimeout),
        ],
    )
    def test_a_broken_answer_fails_after_what_was_sent(
        self,
        version: str,
        framing: Framing,
        how: BreakOff,
        error: type[Exception] | tuple[type[Exception], ...],
    ) -> None:
        whole = replace(Answer.events(EVENTS), framing=framing)
        broken = replace(whole, break_off=how, break_after=2)
        received: list[bytes] = []
        with StandIn(ok) as api, client(api, version) as http:
            api.enqueue(broken)
            with (
                pytest.raises(error),
                http.stream("GET", "/", timeout=0.3) as response,
            ):
                received.extend(response.iter_raw())
            assert http.get("/").text == "GET"
        assert b"".join(received) == b"".join(split_events(EVENTS)[:2])
        assert len(api.sent[0].chunks) == 2
        assert api.sent[0].end is None

    @pytest.mark.parametrize(
        ("how", "code"),
        [(BreakOff.CLOSE, 18), (BreakOff.RESET, 56), (BreakOff.SHORT, 18)],
    )
    def test_curl_tells_how_an_http1_answer_broke(
        self, how: BreakOff, code: int
    ) -> None:
        broken = replace(Answer.of(EVENTS, "text/plain"), break_off=how, break_after=1)
        if how is not BreakOff.SHORT:
            broken = replace(broken, framing=Framing.CHUNKED)
        with (
            StandIn(lambda _: broken) as api,
            pytest.raises(subprocess.CalledProcessError) as caught,
        ):
            curl(api, "/", "--http1.1")
        assert caught.value.returncode == code
        assert caught.value.stdout == EVENTS

    @versions
    def test_a_client_that_leaves_is_noticed(self, version: str) -> None:
        answer = Answer.events(EVENTS * 1000, gap=0.01)
        with StandIn(lambda _: answer) as api:
            with client(api, version) as http, http.stream("GET", "/") as response:
                next(response.iter_raw())
            until(lambda: api.open_connections == 0)
        assert api.sent[0].end is None
        assert len(api.sent[0].chunks) < 4000

    def test_a_fault_in_the_answering_function_is_raised_at_the_end(self) -> None:
        def answers(_: Received) -> Answer:
            raise KeyError("x")

        with (
            pytest.raises(KeyError, match="x"),
            StandIn(answers) as api,
            client(api, "HTTP/2") as http,
        ):
            assert http.get("/").status_code == 500


class TestLargeBodies:
    @pytest.mark.parametrize("version", ["--http1.1", "--http2"])
    def test_100_mib_come_down_whole(self, version: str) -> None:
        answer = Answer(chunks=(Chunk(data=BLOCK),) * BLOCKS)
        expected = hashlib.sha256()
        for _ in range(BLOCKS):
            expected.update(BLOCK)
        with StandIn(lambda _: answer) as api:
            body = curl(api, "/", version)
        assert len(body) == BLOCKS * len(BLOCK)
        assert hashlib.sha256(body).digest() == expected.digest()

    @pytest.mark.parametrize("version", ["--http1.1", "--http2"])
    def test_100_mib_go_up_whole_and_are_not_kept(
        self, version: str, tmp_path: Path
    ) -> None:
        upload = tmp_path / "upload"
        with upload.open("wb") as file:
            for _ in range(BLOCKS):
                file.write(BLOCK)
        with StandIn(ok, body_limit=1000) as api:
            assert curl(api, "/v1/files", version, "-T", str(upload)) == b"PUT"
        (received,) = api.requests
        assert received.body == BLOCK[:1000]
        assert received.body_size == BLOCKS * len(BLOCK)
        with upload.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        assert received.body_sha256 == digest

    def test_httpx_exchanges_megabytes_over_http2_within_its_windows(self) -> None:
        answer = Answer(chunks=(Chunk(data=BLOCK),) * 4, framing=Framing.CHUNKED)
        with StandIn(lambda _: answer) as api, client(api, "HTTP/2") as http:
            assert http.post("/", content=BLOCK * 4).content == BLOCK * 4
        assert api.requests[0].body == BLOCK * 4


class TestWebSocket:
    def test_what_is_no_event_comes_back(self) -> None:
        with StandIn(ok) as api, plain_socket(api) as sock:
            peer = WSConnection(ConnectionType.CLIENT)

            def exchange(event: Event) -> list[Event]:
                sock.sendall(peer.send(event))
                while not (events := list(peer.events())):
                    peer.receive_data(sock.recv(65536))
                return events

            (accepted,) = exchange(Upgrade(host="a", target="/v1/responses?model=x"))
            assert isinstance(accepted, AcceptConnection)
            assert exchange(TextMessage(data="hello")) == [TextMessage(data="hello")]
            (closed,) = exchange(CloseConnection(code=1000))
            assert isinstance(closed, CloseConnection)
        assert api.requests[0].target == "/v1/responses?model=x"
        assert len(api.sent[0].chunks) == 1
        assert api.sent[0].end is not None

    def test_an_upgrade_can_be_refused(self) -> None:
        with StandIn(ok) as api, plain_socket(api) as sock:
            api.enqueue(Answer.error(401))
            peer = WSConnection(ConnectionType.CLIENT)
            sock.sendall(peer.send(Upgrade(host="a", target="/v1/realtime")))
            assert sock.recv(65536).startswith(b"HTTP/1.1 401 Unauthorized\r\n")


class TestCommand:
    def test_it_plays_a_cassette_with_faults_until_it_is_told_to_stop(
        self, tmp_path: Path
    ) -> None:
        ca_file = tmp_path / "ca.pem"
        command = [sys.executable, str(PROJECT / "scripts/standin")]
        cassette = str(PROJECT / "cassettes/simple_streaming.yaml")
        options = ["--ca-out", str(ca_file), "--fail", "429", "--http1-only"]
        with subprocess.Popen(
            [*command, cassette, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            process.stdout.readline()
            assert process.stdout.readline().strip() == f"CA: {ca_file}"
            with httpx.Client(
                verify=ssl.create_default_context(cafile=ca_file), trust_env=False
            ) as http:
                url = f"{address}/v1/chat/completions"
                responses = [http.post(url, json=seed_request()) for _ in range(2)]
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=10)
        assert [r.status_code for r in responses] == [429, 200]
        assert responses[1].text.endswith("data: [DONE]\n\n")
        assert process.returncode == 0
        assert errors == "stand-in: 1 connections, 2 requests\n"

    def test_a_missing_cassette_is_one_sentence(self, tmp_path: Path) -> None:
        command = [sys.executable, str(PROJECT / "scripts/standin")]
        done = subprocess.run(
            [*command, str(tmp_path / "none.yaml")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("stand-in: ")
        assert done.stderr.count("\n") == 1


def seed_request() -> object:
    """The body that cassettes/simple_streaming.yaml answers."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant"},
        {"role": "user", "content": "Say hi in Portuguese"},
    ]
    return {
        "model": "o4-mini",
        "messages": messages,
        "max_completion_tokens": 4000,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_repertoire_reads_files_in_order(tmp_path: Path) -> None:
    seed = PROJECT / "cassettes/simple_streaming.yaml"
    copy = tmp_path / "copy.yaml"
    copy.write_text(seed.read_text().replace('"Oi"', '"Ola"'))
    repertoire = Repertoire.from_files(seed, copy)
    with StandIn(repertoire) as api, client(api, "HTTP/2") as http:
        body = json.dumps(seed_request()).encode()
        texts = [http.post("/v1/chat/completions", content=body).text for _ in range(2)]
    assert ['"Oi"' in text for text in texts] == [True, False]
