"""What the stand-in does beside answering, as APIs in the wild do."""

import json
import zlib
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import (
    ANY_INTERIM,
    Answer,
    Encoding,
    Manners,
    Received,
    Repertoire,
    StandIn,
)
from support.wire import client, curl, plain_socket, read_until, versions

EVENTS = b'data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n":3}\n\ndata: [DONE]\n\n'
JSON = "application/json"
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def ok(received: Received) -> Answer:
    return Answer.of(received.method.encode(), "text/plain")


def settled(manners: Manners, count: int = 1000) -> list[Answer]:
    chance = Random(manners.seed)
    return [manners.settled(Answer(), chance, "node") for _ in range(count)]


class TestChance:
    def test_an_answer_ends_up_to_50_ms_late_and_now_and_then_ends_its_connection(
        self,
    ) -> None:
        answers = settled(Manners())
        delays = [answer.end_delay or 0.0 for answer in answers]
        assert min(delays) >= 0
        assert max(delays) <= 0.05
        assert 0.02 < sum(delays) / len(delays) < 0.03
        assert 50 < sum(bool(answer.closes) for answer in answers) < 150
        assert 50 < sum(answer.interim == (103,) for answer in answers) < 150

    def test_any_interim_answer_comes_where_the_clients_skip_it(self) -> None:
        answers = settled(Manners(interim=1.0, interims=ANY_INTERIM))
        assert {answer.interim for answer in answers} == {(100,), (102,), (103,)}

    @pytest.mark.parametrize(
        ("agent", "interim"),
        [
            ("python-requests/2.32", (100,)),
            ("node", (103,)),
            ("curl/8.5", (103,)),
            ("", ()),
        ],
    )
    def test_each_client_is_sent_one_that_it_skips(
        self, agent: str, interim: tuple[int, ...]
    ) -> None:
        always = Manners(interim=1.0)
        assert always.settled(Answer(), Random(0), agent).interim == interim

    def test_the_same_seed_decides_the_same(self) -> None:
        assert settled(Manners(seed=5)) == settled(Manners(seed=5))
        assert settled(Manners(seed=5)) != settled(Manners(seed=6))

    def test_a_tidy_server_does_nothing_of_it(self) -> None:
        for answer in settled(Manners.TIDY):
            assert (answer.end_delay, answer.closes, answer.interim) == (0.0, False, ())

    def test_what_an_answer_says_of_itself_stands(self) -> None:
        rude = Manners(late_end=(1.0, 1.0), closes=1.0, interim=1.0)
        own = Answer(end_delay=0.5, closes=False, interim=())
        assert rude.settled(own, Random(0)) == own


class TestLateEnds:
    @versions
    def test_the_end_of_a_stream_comes_after_its_last_event(self, version: str) -> None:
        late = Manners(late_end=(0.1, 0.1))
        answer = Answer.events(EVENTS)
        with (
            StandIn(lambda _: answer, manners=late) as api,
            client(api, version) as http,
        ):
            assert http.get("/").content == EVENTS
        (sent,) = api.sent
        assert len(sent.chunks) == 4
        assert sent.end is not None
        assert sent.end - sent.chunks[-1] >= 0.1

    def test_every_event_can_be_decoded_before_the_end_of_a_compressed_stream(
        self,
    ) -> None:
        answer = replace(Answer.events(EVENTS), encoding=Encoding.GZIP, end_delay=60.0)
        decoder = zlib.decompressobj(wbits=31)
        text = b""
        with (
            StandIn(lambda _: answer) as api,
            client(api, "HTTP/1.1") as http,
            http.stream("GET", "/") as response,
        ):
            for piece in response.iter_raw():
                text += decoder.decompress(piece)
                if text == EVENTS:
                    break
        assert not decoder.eof

    def test_an_answer_with_a_length_has_no_end_to_come_late(self) -> None:
        answer = replace(Answer.of(b"abc", "text/plain"), end_delay=60.0)
        with StandIn(lambda _: answer) as api, client(api, "HTTP/2") as http:
            assert http.get("/").text == "abc"


class TestClosedConnections:
    @versions
    def test_an_idle_connection_is_closed_without_announcement(
        self, version: str
    ) -> None:
        with (
            StandIn(ok, manners=Manners(closes=1.0)) as api,
            client(api, version) as http,
        ):
            answers = [http.get("/") for _ in range(20)]
        assert [answer.text for answer in answers] == ["GET"] * 20
        assert not any("connection" in answer.headers for answer in answers)
        assert api.connections == 20

    def test_the_end_of_an_answer_and_of_its_connection_are_one(self) -> None:
        """Whoever has the answer can know that the connection is gone."""
        answer = replace(Answer.of(b"abc", "text/plain"), closes=True)
        with StandIn(lambda _: answer) as api:
            for _ in range(20):
                with plain_socket(api) as sock:
                    sock.sendall(ASK)
                    read_until(sock, b"abc")
                    sock.setblocking(False)
                    assert sock.recv(1) == b""


class TestInterimAnswers:
    @pytest.mark.parametrize("version", ["--http1.1", "--http2"])
    def test_they_come_before_the_answer(self, version: str) -> None:
        answer = replace(Answer.of(b"abc", "text/plain"), interim=(103, 102))
        with StandIn(lambda _: answer) as api:
            heads, _, body = curl(api, "/", version, "-i").rpartition(b"\r\n\r\n")
        assert body == b"abc"
        statuses = [head.split(b" ")[1] for head in heads.split(b"\r\n\r\n")]
        assert statuses == [b"103", b"102", b"200"]

    def test_an_http10_client_is_sent_none(self) -> None:
        answer = replace(Answer.of(b"abc", "text/plain"), interim=(103,))
        with StandIn(lambda _: answer) as api, plain_socket(api) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert read_until(sock, b"abc").startswith(b"HTTP/1.1 200 OK\r\n")


class TestNewIds:
    CHAT = "https://api.openai.com/v1/chat/completions"

    def recorded(self, body: bytes, answer: object) -> Interaction:
        return Interaction(
            id=0,
            request=Request(
                method="POST",
                url=self.CHAT,
                headers=(("Content-Type", (JSON,)),),
                body=body,
            ),
            response=Response(
                code=200,
                status="200 OK",
                headers=(("Content-Type", (JSON,)), ("X-Request-Id", ("req_" + "0" * 20,))),
                body=json.dumps(answer).encode(),
            ),
        )  # fmt: skip

    def conversation(self) -> Cassette:
        first: dict[str, Any] = {
            "id": "chatcmpl-ABCDEFGH12345678",
            "created": 1760704635,
            "choices": [{"message": {"tool_calls": [{"id": "call_ABCDEFGH12345678"}]}}],
        }
        return Cassette(
            interactions=(
                self.recorded(b'{"turn": 1}', first),
                self.recorded(b'{"tool_call_id": "call_ABCDEFGH12345678"}', "done"),
            )
        )

    def test_no_two_answers_share_an_id_or_are_of_the_recording(self) -> None:
        with StandIn(self.conversation()) as api, client(api, "HTTP/1.1") as http:
            answers = [http.post(self.path, json={"turn": 1}) for _ in range(2)]
        ids = [answer.json()["id"] for answer in answers]
        requests = [answer.headers["x-request-id"] for answer in answers]
        assert len({*ids, "chatcmpl-ABCDEFGH12345678"}) == 3
        assert all(len(id_) == len("chatcmpl-ABCDEFGH12345678") for id_ in ids)
        assert len({*requests, "req_" + "0" * 20}) == 3
        assert all(answer.json()["created"] > 1760704635 for answer in answers)

    def test_a_new_id_that_is_handed_in_is_known(self) -> None:
        with StandIn(self.conversation()) as api, client(api, "HTTP/1.1") as http:
            first = http.post(self.path, json={"turn": 1}).json()
            call = first["choices"][0]["message"]["tool_calls"][0]["id"]
            second = http.post(self.path, json={"tool_call_id": call})
        assert second.json() == "done"

    def test_a_tidy_repertoire_repeats_the_recording(self) -> None:
        tidy = Repertoire(self.conversation(), new_ids=False)

        def answers(received: Received) -> Answer:
            return tidy(received)

        with StandIn(answers) as api, client(api, "HTTP/1.1") as http:
            got = http.post(self.path, json={"turn": 1}).content
        assert got == self.conversation().interactions[0].response.body

    path = "/v1/chat/completions"
