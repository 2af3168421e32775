"""A client that left before its answer began: what is recorded of it, and how it is played.

There is no answer to record, but there was a call: a timeout, or a request that was cancelled.
It is recorded as an answer with nginx's status for it, 499, which any tool of go-vcr's plays as
an error. Ours plays it as it was: nothing comes until the client leaves again. So a timeout
is a timeout, and a retry finds the recording of the retry.
"""

import json

from anyvcr.core.cassette.model import Response
from anyvcr.core.replay.pacing import LONGEST, Piece, Schedule

CODE = 499
REASON = "Client Closed Request"

PATIENCE = 5.0
"""Seconds beyond the recorded ones in which the client is expected to leave again: its clock
began before ours, and starts earlier or later on another machine."""

_MARK = "client_left"
_MESSAGE = (
    "the client left before this answer began. anyvcr recorded that and, on replay, waits for "
    "it to leave again; yours stayed. Remove this interaction from the cassette, or record it anew"
)


def recorded(duration: int) -> Response:
    """The recording of a client that left after `duration` nanoseconds."""
    error = {
        "message": _MESSAGE,
        "type": "anyvcr_error",
        "param": None,
        "code": _MARK,
    }
    body = json.dumps({"error": error}).encode()
    return Response(
        code=CODE,
        status=f"{CODE} {REASON}",
        headers=(("Content-Type", ("application/json",)),),
        body=body,
        content_length=len(body),
        duration=duration,
    )


def is_recorded(response: Response) -> bool:
    """Whether `response` is such a recording, and not an API's own 499."""
    if response.code != CODE:
        return False
    try:
        error = json.loads(response.body)["error"]
        return bool((error["type"], error["code"]) == ("anyvcr_error", _MARK))
    except (ValueError, LookupError, TypeError):
        return False


def schedule(response: Response) -> Schedule:
    """Nothing until the client has left; what is said to one that stays."""
    due = min(response.duration, LONGEST) / 1e9 + PATIENCE
    return Schedule(head=due, pieces=(Piece(due, response.body),))
