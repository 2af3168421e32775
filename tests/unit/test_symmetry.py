"""Both sides of a comparison are redacted, and no answer goes to another request's secret."""

import json

import pytest
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.matching.miss_text import explain
from anyvcr.core.matching.rules import Repeats
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules
from anyvcr.core.session import Play, Refuse, Session
from anyvcr.spelling import mitmdump

KEYS = [
    "sk-proj-" + each * 3 for each in ("aB3dE6gH9jK2mN5pQ8rS", "Zx9Qw8Er7Ty6Ui5Op4As")
]
OPAQUE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TYPE = (("Content-Type", ("application/json",)),)


def asking(text: str, url: str = "https://api.openai.com/v1/x") -> Request:
    body = json.dumps({"content": text}).encode()
    return Request(
        method="POST", url=url, headers=TYPE, body=body, content_length=len(body)
    )


def answer(text: str) -> Response:
    return Response(code=200, status="200 OK", body=text.encode())


def session(
    interactions: tuple[Interaction, ...] = (),
    mode: Mode = Mode.REPLAY_ONLY,
    *,
    rules: str = "",
    seen: str = "",
    repeats: Repeats = Repeats.ONCE,
) -> Session:
    credentials = Credentials()
    if seen:
        credentials.see_request([("api-key", seen)], "")
    redactor = Redactor(RedactionRules.parse(rules), credentials)
    return Session(Cassette(interactions=interactions), mode, redactor, repeats=repeats)


def recorded(*requests: Request) -> tuple[Interaction, ...]:
    """What a run of ours stores."""
    own = session(mode=Mode.RECORD_ONLY)
    return tuple(own.record(r, answer(f"A{n}")) for n, r in enumerate(requests))


def raw(*requests: Request) -> tuple[Interaction, ...]:
    """What go-vcr stores, or we before a rule was there."""
    return tuple(
        Interaction(id=n, request=r, response=answer(f"A{n}"))
        for n, r in enumerate(requests)
    )


def played(own: Session, *requests: Request) -> list[str]:
    decisions = [own.decide(request) for request in requests]
    return [
        each.interaction.response.body.decode() if isinstance(each, Play) else "miss"
        for each in decisions
    ]


def test_a_foreign_cassette_with_a_secret_answers_the_request_it_recorded() -> None:
    signed = f"https://files.example/out.png?se=1&sig={OPAQUE}%3D"
    requests = [asking(f"why does {KEYS[0]} fail?"), asking("x", signed)]

    assert played(session(raw(*requests)), *requests) == ["A0", "A1"]


def test_an_older_cassette_answers_when_a_rule_is_added() -> None:
    request = asking("about patient-4711")

    own = session(raw(request), rules=r"regex:patient-\d+")

    assert played(own, request) == ["A0"]


def test_a_secret_that_is_known_only_later_is_one_on_both_sides() -> None:
    credentials = Credentials()
    redactor = Redactor(RedactionRules(), credentials)
    first, second = asking("hello"), asking(f"my key is {OPAQUE}")
    own = Session(Cassette(interactions=raw(first, second)), Mode.REPLAY_ONLY, redactor)

    assert played(own, first) == ["A0"]
    assert isinstance(own.decide(asking("another")), Refuse)
    credentials.see_request([("api-key", OPAQUE)], "")
    assert played(own, second, first) == ["A1", "miss"]


@pytest.mark.parametrize("store", [recorded, raw])
def test_the_next_persons_key_is_answered(store: object) -> None:
    interactions = store(asking(f"key {KEYS[0]}"))  # type: ignore[operator]

    assert played(session(interactions), asking(f"key {KEYS[1]}")) == ["A0"]


def test_two_requests_that_differ_by_a_secret_never_swap_answers() -> None:
    requests = [asking(f"validate {key}") for key in KEYS]

    own = session(recorded(*requests))
    refused = own.decide(requests[1])

    assert isinstance(refused, Refuse)
    assert refused.miss.indistinct == (0, 1)
    assert explain(refused.miss, mitmdump).startswith(
        "which recorded answer to POST https://api.openai.com/v1/x is meant cannot be told:"
        " #0, #1 were asked with different secrets"
    )
    in_order = session(recorded(*requests), repeats=Repeats.STRICT)
    assert played(in_order, *requests) == ["A0", "A1"]


def test_a_foreign_cassette_tells_them_apart_by_what_it_holds() -> None:
    requests = [asking(f"validate {key}") for key in KEYS]

    assert played(session(raw(*requests)), *reversed(requests)) == ["A1", "A0"]


def test_the_same_secret_again_is_answered_in_order() -> None:
    request = asking(f"validate {KEYS[0]}")

    for store in (recorded, raw):
        own = session(store(request, request))
        assert played(own, request, request, request) == ["A0", "A1", "miss"]


def test_equal_answers_leave_no_doubt() -> None:
    requests = [asking(f"validate {key}") for key in KEYS]
    own = session(mode=Mode.RECORD_ONLY)
    interactions = tuple(own.record(each, answer("same")) for each in requests)

    assert played(session(interactions), *requests) == ["same", "same"]


def test_what_is_numbered_is_stored_whole_and_holds_no_secret() -> None:
    first, second = recorded(*(asking(f"validate {key}") for key in KEYS))

    assert json.loads(first.request.body) == {"content": "validate REDACTED"}
    assert json.loads(second.request.body) == {"content": "validate REDACTED-2"}
    assert second.request.content_length == len(second.request.body)
    own = Redactor(RedactionRules(), Credentials())
    assert own.request(second.request) is second.request


def test_answers_that_are_cycled_go_on_from_the_first() -> None:
    request = asking(f"validate {KEYS[0]}")
    own = session(recorded(request, request), repeats=Repeats.CYCLE)

    assert played(own, *[request] * 5) == ["A0", "A1", "A0", "A1", "A0"]
