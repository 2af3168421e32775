"""A request as it is recorded, whoever read it."""

import pytest
from anyvcr.core.client_request import recorded_request

URL = "https://api.openai.com/v1/x?a=1"


@pytest.mark.parametrize("method", ["post", "Post", "POST"])
def test_the_case_of_a_method_is_one_for_recorder_and_player(method: str) -> None:
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    made = recorded_request(method, URL, headers, b"b=2", frozenset())

    assert made.method == "POST"
    assert made.form == (("a", ("1",)), ("b", ("2",)))
