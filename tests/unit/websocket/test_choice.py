"""Which recorded conversation a client gets."""

from anyvcr.core.websocket.conversation import Conversation
from unit.websocket.talking import choice, client, recorded, said, server


def realtime(name: str, question: str, answer: str, id_: int) -> Conversation:
    """A session that greets its client, and one question."""
    return recorded(
        server(type="session.created", session={"id": f"sess_{name}_{name}"}),
        client(type="ask", text=question),
        server(type="answer", text=answer, session_id=f"sess_{name}_{name}"),
        id_=id_,
    )


def test_the_client_gets_the_conversation_that_goes_on_as_it_does() -> None:
    talk = choice(realtime("one", "first?", "1", 0), realtime("two", "second?", "2", 1))

    assert said(talk) == [
        {"type": "session.created", "session": {"id": "sess_one_one"}}
    ]
    assert talk.hear(client(type="ask", text="second?"))
    assert said(talk) == [
        {"type": "answer", "text": "2", "session_id": "sess_one_one"}
    ], "with the id that the client knows"


def test_equal_conversations_are_had_in_the_order_of_the_file() -> None:
    taken: set[int] = set()
    for answer in "1", "2":
        talks = [realtime("x", "same?", number, int(number)) for number in ("1", "2")]
        talk = choice(*talks, taken=taken)
        assert said(talk)
        assert talk.hear(client(type="ask", text="same?"))
        assert said(talk)[0]["text"] == answer  # type: ignore[index]


def test_two_clients_at_once_get_two_conversations() -> None:
    taken: set[int] = set()

    def talks() -> list[Conversation]:
        return [realtime("one", "first?", "1", 0), realtime("two", "second?", "2", 1)]

    one, two = choice(*talks(), taken=taken), choice(*talks(), taken=taken)
    assert said(one)
    assert said(two)

    assert two.hear(client(type="ask", text="first?"))
    assert one.hear(client(type="ask", text="second?"))
    assert said(one)[0]["text"] == "2"  # type: ignore[index]
    assert said(two)[0]["text"] == "1"  # type: ignore[index]
    assert taken == {0, 1}


def test_a_conversation_that_would_have_said_other_things_does_not_take_over() -> None:
    ask = client(type="ask")
    talk = choice(
        recorded(ask, server(type="a"), client(type="more"), id_=0),
        recorded(ask, server(type="b"), client(type="less"), id_=1),
    )

    assert talk.hear(ask)
    assert said(talk) == [{"type": "a"}]
    assert not talk.hear(client(type="less"))
    assert talk.nearest is not None
    assert talk.nearest.id == 0


def test_nothing_recorded_is_a_miss() -> None:
    talk = choice()

    assert said(talk) == []
    assert not talk.hear(client(type="ask"))
    assert talk.nearest is None
