"""What goes back to the client, without framing."""

import json

import pytest
from anyvcr.core.cassette.model import Response
from anyvcr.core.replay.answer import refused, replayed


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

    assert answer.code == 599
    assert ("X-Should-Retry", "false") in answer.headers
    assert json.loads(answer.body) == {
        "error": {
            "message": "no such interaction",
            "type": "anyvcr_error",
            "param": None,
            "code": "no_matching_interaction",
        }
    }


def test_a_refusal_carries_text_that_is_not_unicode() -> None:
    answer = refused("bytes \udcff", "x")

    assert b"bytes \xff" in answer.body


@pytest.mark.parametrize(
    ("code", "expected"), [(200, True), (204, False), (304, False)]
)
def test_some_statuses_have_no_body(code: int, expected: bool) -> None:
    assert replayed(Response(code=code, status=str(code))).has_body is expected
