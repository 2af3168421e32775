"""`form` as Go's ParseForm fills it; the real thing is asked in the twin recordings."""

import pytest
from anyvcr.core.cassette.model import Headers
from anyvcr.core.go import form

FORM = "application/x-www-form-urlencoded"
URL = "https://api.openai.com/v1/x"


@pytest.mark.parametrize(
    ("method", "url", "content_type", "body", "expected"),
    [
        ("GET", URL, "", b"", ()),
        ("GET", f"{URL}?b=2&a=1", "", b"", (("a", ("1",)), ("b", ("2",)))),
        ("GET", f"{URL}?a=2&a=1", "", b"", (("a", ("2", "1")),)),
        ("GET", f"{URL}?a", "", b"", (("a", ("",)),)),
        ("GET", f"{URL}?a+b=c%20d", "", b"", (("a b", ("c d",)),)),
        ("GET", f"{URL}?a=%ff", "", b"", (("a", ("\udcff",)),)),
        ("GET", f"{URL}?a=1;b=2&c=3", "", b"", (("c", ("3",)),)),
        ("GET", f"{URL}?a=%zz&c=3", "", b"", (("c", ("3",)),)),
        ("POST", f"{URL}?a=q", FORM, b"a=b", (("a", ("b", "q")),)),
        ("POST", URL, f"{FORM}; charset=utf-8", b"a=b", (("a", ("b",)),)),
        ("POST", URL, "application/json", b"a=b", ()),
        ("DELETE", URL, FORM, b"a=b", ()),
    ],
)
def test_query_and_body_are_merged(
    method: str, url: str, content_type: str, body: bytes, expected: Headers
) -> None:
    assert form.parse(method, url, content_type, body) == expected
