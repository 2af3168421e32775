"""What a recorded conversation hears, and what it says when."""

import base64
from itertools import pairwise

import pytest
from anyvcr.core.websocket.message import Close, End, Side
from unit.websocket.talking import choice, client, recorded, said, server

CREATE = client(type="response.create", input="hi")
DELTA = server(type="response.output_text.delta", delta="Hello")
DONE = server(type="response.completed", response={"id": "resp_1"})


def audio(*sizes: int) -> list[dict[str, str]]:
    """The same 24 bytes of audio, cut into pieces of `sizes`."""
    data, start = bytes(range(24)), 0
    pieces = []
    for size in sizes:
        text = base64.b64encode(data[start : start + size]).decode()
        pieces.append({"type": "input_audio_buffer.append", "audio": text})
        start += size
    assert start == len(data)
    return pieces


def test_the_server_answers_what_it_answered() -> None:
    talk = choice(recorded(CREATE, DELTA, DONE))

    assert said(talk) == []
    assert talk.hear(CREATE)
    assert [event["type"] for event in said(talk)] == [  # type: ignore[index]
        "response.output_text.delta",
        "response.completed",
    ]
    assert said(talk) == []


def test_what_the_server_said_first_comes_first() -> None:
    talk = choice(recorded(server(type="session.created"), CREATE, DONE))

    assert said(talk) == [{"type": "session.created"}]


def test_the_order_of_members_does_not_count() -> None:
    talk = choice(recorded(client(type="a", x=1, y=2)))

    assert talk.hear(client(y=2, x=1.0, type="a"))


def test_a_name_that_the_client_makes_up_does_not_count_and_is_echoed() -> None:
    talk = choice(
        recorded(
            client(type="session.update", event_id="e1"),
            server(type="error", error={"event_id": "e1", "message": "e1"}),
        )
    )

    assert talk.hear(client(type="session.update", event_id="mine"))
    assert said(talk) == [
        {"type": "error", "error": {"event_id": "mine", "message": "e1"}}
    ]


def test_an_item_that_the_client_names_keeps_the_live_name_afterwards() -> None:
    def create(name: str) -> dict[str, object]:
        return {"type": "conversation.item.create", "item": {"id": name, "text": "hi"}}

    def delete(name: str) -> dict[str, object]:
        return {"type": "conversation.item.delete", "item_id": name}

    talk = choice(
        recorded(
            client(**create("item_recorded")),
            server(type="conversation.item.added", item={"id": "item_recorded"}),
            client(**delete("item_recorded")),
        )
    )

    assert talk.hear(client(**create("item_live")))
    assert said(talk) == [
        {"type": "conversation.item.added", "item": {"id": "item_live"}}
    ]
    assert talk.hear(client(**delete("item_live")))


def test_another_item_than_the_one_it_created_is_a_miss() -> None:
    talk = choice(
        recorded(
            client(type="conversation.item.create", item={"id": "item_recorded"}),
            client(type="conversation.item.delete", item_id="item_recorded"),
        )
    )

    assert talk.hear(client(type="conversation.item.create", item={"id": "item_live"}))
    assert not talk.hear(client(type="conversation.item.delete", item_id="item_other"))


def test_what_the_rules_ignore_does_not_count() -> None:
    talk = choice(recorded(client(type="a", at={"time": 1}), ignore=("$.at.time",)))

    assert talk.hear(client(type="a", at={"time": 2}))


@pytest.mark.parametrize("cut", [(24,), (8, 16), (1,) * 24, (7, 7, 10)])
@pytest.mark.parametrize("again", [(24,), (12, 12), (1,) * 24, (5, 19)])
def test_audio_counts_by_its_bytes(
    cut: tuple[int, ...], again: tuple[int, ...]
) -> None:
    commit = client(type="input_audio_buffer.commit")
    pieces = [client(**piece) for piece in audio(*cut)]
    talk = choice(recorded(*pieces, commit, DONE))

    assert all(talk.hear(client(**piece)) for piece in audio(*again))
    assert said(talk) == []
    assert talk.hear(commit)
    assert len(said(talk)) == 1


def test_other_audio_is_a_miss() -> None:
    talk = choice(recorded(*(client(**piece) for piece in audio(12, 12))))
    other = base64.b64encode(bytes(12)).decode()

    assert not talk.hear(client(type="input_audio_buffer.append", audio=other))


def test_audio_that_the_rules_ignore_may_be_other_audio() -> None:
    piece, other = audio(12, 12)
    talk = choice(recorded(client(**piece), DONE, ignore=("$.audio",)))

    assert talk.hear(client(**other))
    assert len(said(talk)) == 1


def test_audio_that_stops_early_is_a_miss_with_the_next_message() -> None:
    commit = client(type="input_audio_buffer.commit")
    first, _ = audio(6, 18)
    talk = choice(recorded(*(client(**piece) for piece in audio(24)), commit))

    assert talk.hear(client(**first))
    assert not talk.hear(commit)


def test_a_close_of_the_servers_is_the_last_it_says() -> None:
    talk = choice(recorded(CREATE, DONE, Close(Side.SERVER, 1001, "bye")))

    assert said(talk) == []
    assert talk.hear(CREATE)
    assert said(talk)[-1] == 1001


def test_a_close_of_the_clients_is_its_own() -> None:
    talk = choice(
        recorded(CREATE, DONE, Close(Side.CLIENT, 1000), Close(Side.SERVER, 1000))
    )

    assert talk.hear(CREATE)
    assert len(said(talk)) == 1


def test_a_connection_that_ended_without_a_close_ends_so_again() -> None:
    talk = choice(recorded(CREATE, End(Side.SERVER)))

    assert talk.hear(CREATE)
    assert said(talk) == [None]


def test_a_recording_that_was_stopped_leaves_the_connection_open() -> None:
    talk = choice(recorded(CREATE, DONE, End(Side.RECORDER, "the proxy was stopped")))

    assert talk.hear(CREATE)
    assert len(said(talk)) == 1


def test_a_client_that_is_silent_gets_what_it_could_not_have_caused() -> None:
    output = client(type="conversation.item.create", item={"output": "42"})
    talk = choice(
        recorded(
            CREATE,
            server(type="response.created", response={"id": "resp_1"}),
            output,
            DONE,
            server(type="conversation.item.added"),
        )
    )
    assert talk.hear(CREATE)
    assert len(said(talk)) == 1

    assert said(talk, patient=False) == [
        {"type": "response.completed", "response": {"id": "resp_1"}}
    ]

    assert talk.hear(output)
    assert said(talk) == [{"type": "conversation.item.added"}]


def test_streams_do_not_wait_for_each_other() -> None:
    def create(stream: str) -> dict[str, object]:
        return {"type": "response.create", "stream_id": stream, "input": stream[0]}

    def delta(stream: str, text: str) -> dict[str, object]:
        return {"type": "delta", "stream_id": stream, "delta": text}

    talk = choice(
        recorded(
            client(**create("a1")),
            client(**create("b1")),
            server(**delta("a1", "A")),
            server(**delta("b1", "B")),
        )
    )

    assert talk.hear(client(**{**create("b9"), "stream_id": "live-b"}))
    assert said(talk) == [{"type": "delta", "stream_id": "live-b", "delta": "B"}]
    assert talk.hear(client(**{**create("a9"), "stream_id": "live-a"}))
    assert said(talk) == [{"type": "delta", "stream_id": "live-a", "delta": "A"}]


def test_steering_goes_to_the_stream_of_its_response() -> None:
    def steer(text: str) -> dict[str, object]:
        return {
            "type": "response.steer",
            "previous_response_id": "resp_a",
            "input": text,
        }

    talk = choice(
        recorded(
            client(type="response.create", stream_id="a", input="long"),
            server(type="response.created", stream_id="a", response={"id": "resp_a"}),
            client(type="response.create", stream_id="b", input="other"),
            client(**steer("shorter")),
            server(type="response.steered", stream_id="a"),
            server(type="response.completed", stream_id="b"),
        )
    )

    assert talk.hear(client(type="response.create", stream_id="a", input="long"))
    assert len(said(talk)) == 1
    assert talk.hear(client(**steer("shorter")))
    assert said(talk) == [{"type": "response.steered", "stream_id": "a"}]
    assert not talk.hear(client(**steer("longer")))


def test_messages_keep_their_order() -> None:
    deltas = [server(type="d", n=n) for n in range(50)]
    talk = choice(recorded(CREATE, *deltas))

    assert talk.hear(CREATE)
    numbers = [event["n"] for event in said(talk)]  # type: ignore[index]
    assert all(a < b for a, b in pairwise(numbers))
