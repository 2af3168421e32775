"""Our answers as responses of mitmproxy's, where its HTTP layer writes them."""

from mitmproxy import http

from anyvcr.core import utf8
from anyvcr.core.replay.answer import Answer
from anyvcr.core.replay.response_head import response_head

_WAIT = "anyvcr_wait"
"""In a flow's metadata: seconds until its answer may go out."""


def response(answer: Answer, method: str = "GET") -> http.Response:
    """The answer as mitmproxy writes it, for HTTP/1 and HTTP/2 clients alike.

    mitmproxy writes whatever it is given, so what HTTP cannot carry is found here: raises
    UnplayableError.
    """
    response_head(answer)
    head_only = method.upper() == "HEAD"
    has_body = answer.has_body and not head_only
    made = http.Response.make(
        answer.code, answer.body if has_body else b"", answer.encoded_headers
    )
    made.data.reason = utf8.encode(answer.reason)
    if not has_body:
        # It writes the body of an answer to HEAD, too, and tells the length that it has.
        length = answer.head_length if head_only else answer.length
        made.headers.pop("content-length", None)
        if length is not None:
            made.headers["content-length"] = str(length)
    return made


def play(flow: http.HTTPFlow, answer: Answer) -> None:
    """Let mitmproxy answer; it cannot break off in the middle, so then nothing is answered."""
    flow.response = response(answer, flow.request.method)
    if answer.schedule is not None:
        flow.metadata[_WAIT] = answer.schedule.head
    if answer.breaks_off:
        flow.kill()


def wait(flow: http.HTTPFlow) -> float:
    """Seconds until the answer of `flow` may go out: the only pace that mitmproxy can keep."""
    seconds: float = flow.metadata.pop(_WAIT, 0.0)
    return seconds
