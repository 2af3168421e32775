"""What goes back to the client, without framing."""

import json

import pytest
from anyvcr.core.cassette.model import Response
from anyvcr.core.replay.answer import refused, replayed
from anyvcr.core.replay.pacing import INSTANT, RECORDED, Pace


def test_a_recorded_response_keeps_its_reason_and_end_to_end_headers() -> None:
    response = Response(
        code=200,
        status="200 Fine",
        headers=(
            ("Connection", ("close",)),
            ("Content-Type", ("text/plain",)),
            ("Set-Cookie", ("a", "b")),
            ("Transfer-Encoding", ("chunked",)),
        ),
        body=b"x",
        content_length=1,
    )

    answer = replayed(response)

    assert (answer.code, answer.reason, answer.body) == (200, "Fine", b"x")
    assert answer.headers == (
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
    )


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [(404, "404 Not Found", "Not Found"), (404, "", "Not Found"), (599, "599 ", "")],
)
def test_a_status_without_a_reason_gets_gos(
    code: int, status: str, reason: str
) -> None:
    assert replayed(Response(code=code, status=status)).reason == reason


def test_a_refusal_is_an_openai_error_that_is_not_retried() -> None:
    answer = refused("no such interaction", "no_matching_interaction")

    assert answer.code == 418
    assert ("X-Should-Retry", "false") in answer.headers
    assert json.loads(answer.body) == {
        "error": {
            "message": "no such interaction",
            "type": "anyvcr_error",
            "param": None,
            "code": "no_matching_interaction",
        }
    }


def test_a_refusal_tells_its_reason_in_the_status_line_as_well() -> None:
    """HTTP libraries put it into the error that they raise, and do not look at the body."""
    assert refused("naïve\r\nX-Header: 1", "x").reason == (
        "Not In Cassette: na?ve  X-Header: 1"
    )
    assert len(refused("long " * 1000, "x").reason) < 400


def test_a_refusal_carries_text_that_is_not_unicode() -> None:
    answer = refused("bytes \udcff", "x")

    assert b"bytes \xff" in answer.body


@pytest.mark.parametrize(
    ("code", "expected"), [(200, True), (204, False), (304, False)]
)
def test_some_statuses_have_no_body(code: int, expected: bool) -> None:
    assert replayed(Response(code=code, status=str(code))).has_body is expected


def at(pace: Pace, code: int, *headers: tuple[str, str]) -> dict[str, str]:
    grouped = tuple((name, (value,)) for name, value in headers)
    response = Response(code=code, status=str(code), headers=grouped)
    return dict(replayed(response, pace).headers)


AT_ONCE = {"Retry-After": "0", "Retry-After-Ms": "1"}


@pytest.mark.parametrize("code", [408, 409, 429, 500, 502, 503, 529])
def test_what_sdks_try_again_says_at_once(code: int) -> None:
    assert at(INSTANT, code) == AT_ONCE
    assert at(INSTANT, code, ("retry-after", "20")) == AT_ONCE


@pytest.mark.parametrize("code", [200, 201, 400, 401, 404, 422])
def test_what_they_do_not_says_nothing_of_it(code: int) -> None:
    assert at(INSTANT, code) == {}


def test_what_a_server_says_is_final_is_left_so() -> None:
    final = ("X-Should-Retry", "false")

    assert at(INSTANT, 429, final) == dict([final])


def test_at_the_recorded_pace_a_wait_is_what_was_recorded() -> None:
    assert at(RECORDED, 429) == {}
    assert at(RECORDED, 429, ("Retry-After", "20")) == {"Retry-After": "20"}


def test_a_poll_is_told_to_ask_again_at_once() -> None:
    poll = ("openai-poll-after-ms", "5000")

    assert at(INSTANT, 200, poll) == {"openai-poll-after-ms": "1"}
    assert at(RECORDED, 200, poll) == dict([poll])


def test_a_wait_for_another_resource_is_none_either() -> None:
    assert at(INSTANT, 202, ("Retry-After", "7")) == AT_ONCE
