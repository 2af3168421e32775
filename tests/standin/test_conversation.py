"""What the stand-in says on a WebSocket, as the API does."""

from collections.abc import Iterator
from typing import Any

import pytest
from standin import Answer, StandIn
from support.websocket_client import Client, at_base_url

ENDS = {"response.completed", "response.incomplete", "response.done", "error"}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(lambda _: Answer.error(404)) as running:
        yield running


def until(client: Client, *types: str) -> list[Any]:
    """Events up to one of `types`."""
    heard: list[Any] = []
    while not heard or heard[-1]["type"] not in types:
        heard.append(client.hear())
    return heard


def test_a_response_has_ids_of_its_own_and_goes_on_from_another(api: StandIn) -> None:
    with at_base_url(api.plain_port, "/v1/responses") as client:
        client.say(type_="response.create", input="one")
        one = until(client, *ENDS)
        previous = one[-1]["response"]["id"]
        client.say(type_="response.create", input="two", previous_response_id=previous)
        two = until(client, *ENDS)

    assert [e["type"] for e in one][::10] == ["response.created", "response.completed"]
    assert two[-1]["response"]["id"] != previous
    assert two[-1]["response"]["previous_response_id"] == previous
    said = ["".join(e.get("delta", "") for e in events) for events in (one, two)]
    assert said[0] != said[1]
    [item] = one[-1]["response"]["output"]
    assert item["content"][0]["text"] == said[0]


def test_a_response_that_was_never_given_cannot_be_gone_on_from(api: StandIn) -> None:
    with at_base_url(api.plain_port, "/v1/responses") as client:
        client.say(type_="response.create", previous_response_id="resp_1")
        [error] = until(client, *ENDS)

    assert (error["status"], error["error"]["code"]) == (
        400,
        "previous_response_not_found",
    )


def test_streams_run_beside_each_other_and_one_is_cancelled(api: StandIn) -> None:
    with at_base_url(api.plain_port, "/v1/responses") as client:
        for stream in "ab":
            client.say(type_="response.create", input="x", stream_id=stream)
        events = until(client, "response.output_text.delta")
        client.say(type_="response.cancel", stream_id="a")
        while sum(e["type"] in ENDS for e in events) < 2:
            events += until(client, *ENDS)

    ends = {e["stream_id"]: e["type"] for e in events if e["type"] in ENDS}
    assert ends == {"a": "response.incomplete", "b": "response.completed"}
    first_end = next(n for n, e in enumerate(events) if e["type"] in ENDS)
    assert {e["stream_id"] for e in events[:first_end]} == {"a", "b"}


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_realtime_greets_first_and_speaks_as_it_is_asked(
    api: StandIn, modality: str
) -> None:
    with at_base_url(api.plain_port, "/v1/realtime") as client:
        [greeting] = until(client, "session.created")
        client.say(type_="session.update", session={"output_modalities": [modality]})
        [updated] = until(client, "session.updated")
        client.say(type_="input_audio_buffer.append", audio="AAAA")
        client.say(type_="input_audio_buffer.commit")
        client.say(type_="response.create")
        events = until(client, "response.done")

    assert updated["session"]["id"] == greeting["session"]["id"]
    kinds = {e["type"] for e in events}
    assert ("response.output_audio.delta" in kinds) == (modality == "audio")
    assert ("response.output_text.delta" in kinds) == (modality == "text")
    assert len({e["event_id"] for e in events}) == len(events)
