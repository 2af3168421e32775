"""The last check before a server: no request for an API host passes undecided.

mitmproxy leaves out our hooks where a script before ours raises an error, and other addons and
options may send a request on early, answer it, or point it elsewhere after we have seen it.
"""

import logging
import weakref

from mitmproxy import http, tcp
from mitmproxy.connection import Client

from anyvcr import safe_output
from anyvcr.core.hosts import Origin
from anyvcr.core.replay.answer import FAILED
from anyvcr.proxy.replaying import flow_reply
from anyvcr.proxy.routes import Routes
from anyvcr.tally import Tally

logger = logging.getLogger(__name__)


class Gate:
    """Knows which flows were decided, and stops the others that are for the API."""

    def __init__(self, routes: Routes, tally: Tally) -> None:
        self._routes = routes
        self._tally = tally
        self._decided: weakref.WeakSet[http.HTTPFlow] = weakref.WeakSet()
        self._switched: set[str] = set()
        """Clients whose connection an answer has changed to another protocol, by id."""

    def decided(self, flow: http.HTTPFlow) -> None:
        """Let `flow` pass: it has our answer, or leave to go on."""
        self._decided.add(flow)

    def is_ours(self, flow: http.HTTPFlow) -> bool:
        """Whether `flow` is for the API, or was when it was decided."""
        return flow in self._decided or self._routes.is_for_api(flow)

    def refuse(self, flow: http.HTTPFlow) -> http.Response | None:
        """The answer to a flow that is about to go to a server undecided, None where it may go."""
        if not self._is_undecided(flow):
            return None
        self._fail(flow, "it was about to go to the API, and was refused")
        return flow_reply.response(FAILED)

    def check(self, flow: http.HTTPFlow) -> None:
        """Fail the run where an answer is here to a request that was never decided on."""
        if self._is_undecided(flow):
            self._fail(flow, "it was answered without us")
            self.decided(flow)  # said once
        if flow.response and flow.response.status_code == 101:
            self._switched.add(flow.client_conn.id)

    def forget(self, client: Client) -> None:
        """The connection is closed."""
        self._switched.discard(client.id)

    def check_raw(self, flow: tcp.TCPFlow) -> None:
        """Fail the run where a connection to an API host passes on unread.

        One that changed its protocol by an answer is a loss that the recorder names.
        """
        if flow.client_conn.id in self._switched:
            return
        host, port, *_ = flow.server_conn.address or ("", 0)
        if self._routes.is_api(Origin("https", host.lower(), port)):
            self._tally.failed = True
            logger.error(
                "anyvcr failed: a connection to %s:%s passes on as raw TCP, and nothing on it "
                "is recorded: use a mode of mitmproxy's that reads HTTP",
                *(host, port),
            )

    def _is_undecided(self, flow: http.HTTPFlow) -> bool:
        if flow in self._decided:
            return False
        request = flow.request
        target = Origin(request.scheme, request.host.lower(), request.port)
        return self._routes.is_for_api(flow) or self._routes.is_api(target)

    def _fail(self, flow: http.HTTPFlow, what: str) -> None:
        self._tally.failed = True
        name = safe_output.clean(f"{flow.request.method} {flow.request.pretty_url}")
        logger.error(
            "anyvcr failed: %s did not come to us to be decided: %s. An option or another addon "
            "of mitmproxy keeps it from us; look for its errors in this log, and load ours first",
            *(name, what),
        )
