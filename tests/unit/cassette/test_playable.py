"""What HTTP cannot carry is refused or mended, and what it can carry is left alone."""

from dataclasses import replace

import pytest
from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.cassette.playable import faults, playable
from anyvcr.core.errors import CassetteFormatError


def answered(**fields: object) -> Interaction:
    response = Response(code=200, status="200 OK", body=b"{}")
    return Interaction(
        id=7,
        request=Request(method="GET", url="https://api.openai.com/v1/models"),
        response=replace(response, **fields),  # type: ignore[arg-type]
    )


def named(name: str, value: str = "x") -> Headers:
    return (("Content-Type", ("text/plain",)), (name, (value,)))


@pytest.mark.parametrize("code", [-1, 0, 99, 100, 101, 103, 199, 1000, 10**9])
def test_a_code_that_ends_no_exchange_is_refused(code: int) -> None:
    with pytest.raises(
        CassetteFormatError, match="interaction 7: expected a status code from 200"
    ):
        playable(answered(code=code, status=f"{code} X"))


@pytest.mark.parametrize("code", [200, 204, 304, 404, 599, 600, 999])
def test_every_other_code_is_played(code: int) -> None:
    one = answered(code=code, status=f"{code} Own words")
    assert playable(one) is one


def test_a_websocket_begins_with_101() -> None:
    one = answered(code=101, status="101 Switching Protocols")
    asked = replace(
        one, request=replace(one.request, headers=(("Upgrade", ("websocket",)),))
    )
    assert playable(asked) is asked


@pytest.mark.parametrize(
    "status",
    ["200 OK\r\nSet-Cookie: a=1", "200 OK\n", "200 \0", "404 Not Found", "\r\n200 OK"],
)
def test_a_status_text_that_lies_becomes_the_codes_own(status: str) -> None:
    assert playable(answered(status=status)).response.status == "200 OK"


@pytest.mark.parametrize(
    "status", ["", "200", "200 ", "200 Gut so", "OK", "200 é\udcff\t"]
)
def test_an_unusual_status_text_is_left_alone(status: str) -> None:
    one = answered(status=status)
    assert playable(one) is one


@pytest.mark.parametrize("field", ["headers", "trailer"])
@pytest.mark.parametrize(
    "value",
    ["a\r\nSet-Cookie: b=1", "a\nb", "a\rb", "a\0b", "a\r\n\r\n<html>", "\r", "a\r\n"],
)
def test_a_value_that_ends_its_line_is_refused(field: str, value: str) -> None:
    with pytest.raises(
        CassetteFormatError, match=f"in `response.{field}.X-A`, found CR, LF or NUL"
    ) as caught:
        playable(answered(**{field: named("X-A", value)}))
    assert "Set-Cookie" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["", "X A", "X-A ", "X-A:", "X-é€", "X-A: b\r\nSet-Cookie", ":status", "X\0"],
)
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(
        CassetteFormatError,
        match=r"for entry 2 of `response\.headers`, found other characters",
    ):
        playable(answered(headers=named(name)))


@pytest.mark.parametrize(
    ("value", "mended"),
    [(" a", "a"), ("a\t ", "a"), ("a\r\n  b", "a b"), ("a \n\tb", "a b"), (" ", "")],
)
def test_blanks_around_a_value_and_a_folded_line_are_mended(
    value: str, mended: str
) -> None:
    assert playable(answered(headers=named("X-A", value))).response.headers == named(
        "X-A", mended
    )


@pytest.mark.parametrize(
    "value", ["", "a  b", "é€\u2028", "\udcff", "\x01\x7f", '"a, b"']
)
def test_any_other_value_is_left_alone(value: str) -> None:
    one = answered(headers=named("X-A", value))
    assert playable(one) is one


def test_all_faults_are_named_at_once() -> None:
    one = answered(
        code=0, status="0 \n", headers=named("X-A", " a"), trailer=named("X B")
    )
    assert [fault.mended for fault in faults(one)] == [False, True, True, False]
