"""Reason phrases as Go spells them (net/http status.go, StatusText).

HTTP/2 carries no reason, and what Go puts in its place differs from Python's newer words.
"""

from http import HTTPStatus

_GO = {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}


def reason(code: int) -> str:
    """Go's phrase for `code`, empty where it has none."""
    if code in _GO:
        return _GO[code]
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""
