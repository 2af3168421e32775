"""Which layer reads a connection: ours that replays, a tunnel round us, or mitmproxy's own."""

from mitmproxy import http
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import TCPLayer, modes

from anyvcr.core.hosts import Origin
from anyvcr.core.replay import tunnel_guard
from anyvcr.core.replay.answer import refused
from anyvcr.decider import Decider
from anyvcr.proxy.replaying import flow_reply
from anyvcr.proxy.replaying.layer import ClosedLayer, replay
from anyvcr.proxy.routes import Routes, is_origin_form


class Connections:
    """Chooses by what is known of a connection, and by its first bytes."""

    def __init__(self, decider: Decider, routes: Routes) -> None:
        self._decider = decider
        self._routes = routes

    def choose(self, data: layer.NextLayer) -> None:
        """Put our own layer where replay-only traffic comes in, and a tunnel round the rest."""
        first = data.data_client()
        if not first:
            return
        context = data.context
        if len(context.layers) == 1 and isinstance(
            context.layers[0], (modes.HttpProxy, modes.HttpUpstreamProxy)
        ):
            if not self._decider.may_forward:
                data.layer = replay(context, self._decider, None, first)
            elif is_origin_form(first):
                self._routes.at_listener(context.client)
            return
        origin = self._routes.tunnelled(context, first)
        if origin is None or context.client.tls_established:
            return
        if not self._decider.plays(origin):
            data.layer = self._elsewhere(context, origin, first)
        elif not self._decider.may_forward:
            data.layer = replay(context, self._decider, origin, first)

    def _elsewhere(
        self, context: Context, origin: Origin, first: bytes
    ) -> layer.Layer | None:
        """A tunnel to another host; None where more of it must be read to tell."""
        if self._decider.may_forward:
            return TCPLayer(context, ignore=True)
        match tunnel_guard.judge(origin, first, self._decider.plays):
            case tunnel_guard.Refused(why):
                self._decider.turn_away(why)
                return ClosedLayer(context)
            case tunnel_guard.Verdict.PASS:
                return TCPLayer(context, ignore=True)
        return None

    def is_another_way(self, flow: http.HTTPFlow) -> bool:
        """Refuse a request to another host whose Host header names the API, in replay."""
        host = flow.request.host_header or ""
        if self._decider.may_forward or not tunnel_guard.names_api(
            host, self._decider.plays
        ):
            return False
        url = f"{flow.request.scheme}://{flow.request.host}"
        why = tunnel_guard.refusal(f"a request to {url}", "its Host names an API host")
        self._decider.turn_away(why)
        flow.response = flow_reply.response(refused(why, "another_way"))
        return True
