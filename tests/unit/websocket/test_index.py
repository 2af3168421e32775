"""Which conversations of a cassette a client may have, and how often."""

import json
from dataclasses import replace

import pytest
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.index import Conversations
from unit.websocket.talking import client, said, server

URL = "https://api.openai.com/v1/responses"
ASK = client(type="ask")


def request(url: str = URL) -> Request:
    return Request(method="GET", url=url)


def kept(id_: int, answer: object, url: str = URL, code: int = 101) -> Interaction:
    messages = (ASK, server(type="answer", text=answer))
    return Interaction(
        id=id_,
        request=request(url),
        response=Response(
            code=code,
            status=f"{code} X",
            headers=(("Content-Type", (transcript.CONTENT_TYPE,)),),
            body="".join(map(transcript.write, messages)).encode(),
        ),
    )


def ask(conversations: Conversations, url: str = URL) -> object:
    """What the server answers to a client of its own; None for nothing."""
    talk = conversations.open(request(url))
    return said(talk)[0]["text"] if talk.hear(ASK) else None  # type: ignore[index]


@pytest.mark.parametrize(
    ("repeats", "answers"),
    [
        (Repeats.ONCE, [1, 2, None, None]),
        (Repeats.STRICT, [1, 2, None, None]),
        (Repeats.STICKY, [1, 2, 2, 2]),
        (Repeats.CYCLE, [1, 2, 1, 2]),
    ],
)
def test_equal_conversations_are_had_as_the_rule_says(
    repeats: Repeats, answers: list[object]
) -> None:
    conversations = Conversations([kept(0, 1), kept(1, 2)], repeats=repeats)

    assert [ask(conversations) for _ in answers] == answers


def test_a_conversation_is_had_where_it_was_recorded() -> None:
    conversations = Conversations([kept(0, 1), kept(1, 2, URL + "?model=x")])

    assert ask(conversations, URL + "?model=y") is None
    assert ask(conversations, URL + "?model=x") == 2


def test_what_the_rules_ignore_of_a_url_does_not_count() -> None:
    rules = Rules(ignore=("query:model",))
    conversations = Conversations([kept(0, 1, URL + "?model=x")], rules)

    assert ask(conversations, URL + "?model=y") == 1


def test_what_nobody_had_is_named() -> None:
    conversations = Conversations([kept(0, 1), kept(1, 2)])

    assert ask(conversations) == 1
    assert [each.id for each in conversations.unused()] == [1]
    assert conversations.played == 1


def test_other_interactions_are_no_conversations() -> None:
    conversations = Conversations([kept(0, 1, code=200)])

    assert ask(conversations) is None
    assert conversations.unused() == ()


def test_what_a_client_says_is_redacted_before_it_is_compared() -> None:
    def redact(said: bytes) -> bytes:
        return said.replace(b"sk-live", b"REDACTED")

    recorded = (client(type="ask", key="REDACTED"), server(type="answer", text=1))
    interaction = kept(0, 1)
    body = "".join(map(transcript.write, recorded)).encode()
    conversations = Conversations(
        [
            Interaction(
                id=0,
                request=interaction.request,
                response=Response(
                    code=101,
                    status="101 X",
                    headers=interaction.response.headers,
                    body=body,
                ),
            )
        ],
        redact=redact,
    )

    talk = conversations.open(request())
    assert talk.hear(client(type="ask", key="sk-live"))
    [answer] = said(talk)
    assert "sk-live" not in json.dumps(answer)


def test_of_two_that_begin_alike_the_one_that_was_had_to_its_end_counts() -> None:
    def said(id_: int, last: str) -> Interaction:
        messages = (client(type="ask"), client(type=last))
        interaction = kept(id_, id_)
        body = "".join(map(transcript.write, messages)).encode()
        return replace(interaction, response=replace(interaction.response, body=body))

    conversations = Conversations([said(0, "first"), said(1, "second")])

    talk = conversations.open(request())
    assert talk.hear(client(type="ask"))
    assert talk.hear(client(type="second"))
    assert conversations.played == 1
    assert [each.id for each in conversations.unused()] == [0]
