"""Our answers as responses of mitmproxy's, where its HTTP layer writes them."""

from mitmproxy import http

from anyvcr.core.replay.answer import Answer

_WAIT = "anyvcr_wait"
"""In a flow's metadata: seconds until its answer may go out."""


def response(answer: Answer) -> http.Response:
    """The answer as mitmproxy writes it, for HTTP/1 and HTTP/2 clients alike."""
    made = http.Response.make(answer.code, answer.body, answer.encoded_headers)
    made.reason = answer.reason
    if not answer.has_body:
        del made.headers["content-length"]
    return made


def play(flow: http.HTTPFlow, answer: Answer) -> None:
    """Let mitmproxy answer; it cannot break off in the middle, so then nothing is answered."""
    flow.response = response(answer)
    if answer.schedule is not None:
        flow.metadata[_WAIT] = answer.schedule.head
    if answer.breaks_off:
        flow.kill()


def wait(flow: http.HTTPFlow) -> float:
    """Seconds until the answer of `flow` may go out: the only pace that mitmproxy can keep."""
    seconds: float = flow.metadata.pop(_WAIT, 0.0)
    return seconds
