"""Each mode with a hit, a miss, and an interaction that was played already."""

import pytest
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.errors import ConfigError
from anyvcr.core.modes import Mode, resolve
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules
from anyvcr.core.session import Forward, Play, Refuse, Session
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.message import Side, Text

KNOWN = Request(method="GET", url="https://api.openai.com/v1/models")
UNKNOWN = Request(method="GET", url="https://api.openai.com/v1/files")
ANSWER = Response(code=200, status="200 OK", body=b"{}")
CASSETTE = Cassette(interactions=(Interaction(id=0, request=KNOWN, response=ANSWER),))


def session(mode: Mode, credentials: Credentials | None = None) -> Session:
    redactor = Redactor(RedactionRules(), credentials or Credentials())
    return Session(CASSETTE, mode, redactor)


def words(session: Session, *requests: Request) -> list[str]:
    names = {Play: "play", Refuse: "refuse"}
    decisions = [session.decide(request) for request in requests]
    return [
        ("record" if d.record else "pass") if isinstance(d, Forward) else names[type(d)]
        for d in decisions
    ]


@pytest.mark.parametrize(
    ("mode", "hit", "again", "miss"),
    [
        (Mode.RECORD_ONLY, "record", "record", "record"),
        (Mode.REPLAY_ONLY, "play", "refuse", "refuse"),
        (Mode.REPLAY_WITH_NEW_EPISODES, "play", "record", "record"),
        (Mode.PASSTHROUGH, "pass", "pass", "pass"),
    ],
)
def test_a_mode_decides(mode: Mode, hit: str, again: str, miss: str) -> None:
    assert words(session(mode), KNOWN, KNOWN, UNKNOWN) == [hit, again, miss]


@pytest.mark.parametrize(
    ("mode", "exists", "expected"),
    [
        (Mode.RECORD_ONCE, True, Mode.REPLAY_ONLY),
        (Mode.RECORD_ONCE, False, Mode.RECORD_ONLY),
        *((m, e, m) for m in Mode if m is not Mode.RECORD_ONCE for e in (True, False)),
    ],
)
def test_record_once_depends_on_the_file(
    mode: Mode, exists: bool, expected: Mode
) -> None:
    assert resolve(mode, exists=exists) is expected


@pytest.mark.parametrize("mode", Mode)
def test_only_replay_only_never_forwards(mode: Mode) -> None:
    if mode is not Mode.RECORD_ONCE:
        assert session(mode).may_forward is (mode is not Mode.REPLAY_ONLY)


def test_a_mode_is_read_in_any_case_and_refused_with_the_list() -> None:
    assert Mode.parse(" Replay-Only ") is Mode.REPLAY_ONLY
    with pytest.raises(ConfigError, match="'all': expected one of record-only, replay"):
        Mode.parse("all")


def test_new_interactions_are_numbered_on_and_not_played_back_at_once() -> None:
    new = session(Mode.REPLAY_WITH_NEW_EPISODES)

    ids = [new.record(UNKNOWN, ANSWER).id for _ in range(2)]

    assert ids == [1, 2]
    assert words(new, UNKNOWN) == ["record"]


def test_a_key_is_removed_before_it_is_stored_or_compared() -> None:
    credentials = Credentials()
    url = f"{KNOWN.url}?api-key=not-a-real-key-1234567890"
    recorder = session(Mode.RECORD_ONLY, credentials)
    credentials.see_request((), url)
    stored = recorder.record(Request(method="GET", url=url), ANSWER)

    cassette = Cassette(interactions=(stored,))
    other = Credentials()
    replayer = Session(cassette, Mode.REPLAY_ONLY, Redactor(RedactionRules(), other))
    theirs = f"{KNOWN.url}?api-key=another-person-0987654321"
    other.see_request((), theirs)

    assert "not-a-real-key" not in stored.request.url
    assert words(replayer, Request(method="GET", url=theirs)) == ["play"]


def test_what_nobody_asked_for_is_told() -> None:
    replayer = session(Mode.REPLAY_ONLY)
    assert [i.id for i in replayer.unused()] == [0]
    replayer.decide(KNOWN)
    assert replayer.unused() == ()


def test_a_rule_of_the_users_holds_for_what_is_said_on_a_websocket() -> None:
    redactor = Redactor(RedactionRules.of(["$.session.pin"]), Credentials())
    asked = Request(method="GET", url="https://api.openai.com/v1/realtime")
    lines = (
        '> {"type":"ask","session":{"pin":"1234"}}\n<%@5 {"session":{"pin":"5%0A6"}}\n'
    )
    answer = Response(
        code=101,
        status="101 Switching Protocols",
        headers=(("Content-Type", (transcript.CONTENT_TYPE,)),),
        body=lines.encode(),
    )
    recorded = Session(Cassette(), Mode.RECORD_ONLY, redactor).record(asked, answer)
    assert recorded.response.body == (
        b'> {"type":"ask","session":{"pin":"REDACTED"}}\n'
        b'<%@5 {"session":{"pin":"REDACTED"}}\n'
    )

    replaying = Session(
        Cassette(interactions=(recorded,)), Mode.REPLAY_ONLY, redactor
    ).converse(asked)
    assert isinstance(replaying, Choice)
    live = '{"type":"ask","session":{"pin":"another"}}'
    assert replaying.hear(Text(Side.CLIENT, live))
