"""Large request bodies: passed on as they come where the decision does not need them."""

import logging

from mitmproxy import http

from anyvcr.core.replay.answer import over_limit, too_large
from anyvcr.proxy.lifecycle import Lifecycle
from anyvcr.proxy.recording.capture import announced_length
from anyvcr.proxy.recording.tap import pass_on
from anyvcr.proxy.replaying import flow_reply

logger = logging.getLogger(__name__)

HELD_BACK = 1 << 20
"""Bytes of a body that may be kept until it is whole where it could pass on as it comes."""


class Uploads:
    """Request bodies for the API whose end has not come yet."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    def begin_if_large(self, flow: http.HTTPFlow) -> None:
        """Let the body of `flow` pass on if its announced length is large and it may."""
        flow.request.stream = False  # whatever stream_large_bodies or a script says
        if (announced_length(flow.request) or 0) > HELD_BACK:
            self._begin(flow)

    def refuse(self, flow: http.HTTPFlow, size: int) -> http.Response | None:
        """The answer to a request whose body is too large; None where it is not."""
        limit = self._lifecycle.decider.upload_limit
        if size <= limit or not self._lifecycle.routes.is_for_api(flow):
            return None
        self._lifecycle.tally.too_large += 1
        logger.warning("refused an upload: %s", over_limit(limit))
        return flow_reply.response(too_large(limit))

    def stream(self, flow: http.HTTPFlow, size: int) -> bool:
        """Whether a body of unknown length, of which `size` bytes are here, passes on from now on."""
        # HTTP/2 needs no length for that, but the server may not speak it (set_length).
        if size > HELD_BACK and not (flow.request.stream or flow.request.is_http2):
            self._begin(flow)
        return size > 0 and bool(flow.request.stream)

    def _begin(self, flow: http.HTTPFlow) -> None:
        state = self._lifecycle
        asked = state.routes.asked(flow)
        if asked is None or state.is_busy:  # then it waits, when it is complete
            return
        leave = state.decider.decide_early(asked)
        if leave is None:
            return
        state.gate.decided(flow)
        if leave.record:
            limit = state.decider.upload_limit
            state.exchanges.upload(flow, asked.url, leave.deck, limit)
        else:
            flow.request.stream = pass_on
        state.routes.redirect(flow.request, asked)


def set_length(request: http.Request) -> None:
    """Give a body without Content-Length one: HTTP/2 needs none, an HTTP/1.1 server does.

    mitmproxy would end such a body by closing, and no server takes that for an end.
    """
    content = request.raw_content
    if request.is_http2 and content and "content-length" not in request.headers:
        request.headers["content-length"] = str(len(content))
