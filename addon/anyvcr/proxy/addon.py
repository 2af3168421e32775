"""The addon: mitmproxy's hooks, each of which converts, asks the decider and carries out.

mitmproxy logs an exception in a hook and lets the request go on to the server. Here no
exception leaves a hook: a request that we fail to decide on is refused. And in replay-only
sessions requests for the API do not come to these hooks at all (replaying/layer.py), but for
those that reach an HTTP layer of mitmproxy's by another way; they get the same answers.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from mitmproxy import ctx, http, tcp
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.tls import TlsData

from anyvcr import safe_output
from anyvcr.cassettes.summary import Summary
from anyvcr.core.client_request import Asked, proxy_user
from anyvcr.core.hosts import Origin
from anyvcr.core.replay.answer import FAILED, NO_LOOPBACK_WORDS, Answer
from anyvcr.core.replay.upgrade import Upgrade
from anyvcr.decider import Decider, Episode
from anyvcr.options import SETTINGS, SEVERAL
from anyvcr.proxy import mitmdump
from anyvcr.proxy.connections import Connections
from anyvcr.proxy.lifecycle import Lifecycle
from anyvcr.proxy.patches import (
    connection_ends,
    crashes,
    departures,
    error_pages,
    limits,
    refusals,
    request_heads,
    response_heads,
    trailers,
    websocket,
)
from anyvcr.proxy.recording.exchanges import PATIENCE, without_trailers
from anyvcr.proxy.recording.tap import pass_on
from anyvcr.proxy.replaying import episodes, flow_reply, room
from anyvcr.proxy.routes import OFFLINE
from anyvcr.proxy.uploads import Uploads, set_length
from anyvcr.settings import Settings, Upstream

logger = logging.getLogger(__name__)

_DIRECT = Upstream("", 0)

Hook = Callable[["Anyvcr", http.HTTPFlow], None]


def _guarded(hook: Hook) -> Hook:
    """Refuse the request of a hook that fails, and fail the run."""

    def guard(self: "Anyvcr", flow: http.HTTPFlow) -> None:
        try:
            hook(self, flow)
        except Exception as error:
            self._refuse(flow, error)

    return guard


class Anyvcr:
    """The hooks of one proxy.

    Under `mitmdump -s` the settings come from mitmproxy's options; our own command line
    gives them and reads `tally` and `summaries` afterwards.
    """

    name = "anyvcr"
    """By which mitmproxy knows us."""

    _unloaded: ClassVar[Lifecycle | None] = None
    """What is still open of a script that mitmproxy is about to load again."""

    def __init__(
        self,
        settings: Settings | None = None,
        host: Decider | None = None,
        *,
        has_outsiders: bool = False,
    ) -> None:
        """`host` is the decider of another server, whose guest this proxy is.

        `has_outsiders`: by way of that server come clients of other machines.
        """
        self._given = settings
        self._use(Lifecycle(settings, host))
        self._routes.has_outsiders = has_outsiders

    def _use(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self.decider = lifecycle.decider
        self.tally = lifecycle.tally
        self._routes = lifecycle.routes
        self._exchanges = lifecycle.exchanges
        self._conversations = lifecycle.conversations
        self._gate = lifecycle.gate
        self._uploads = Uploads(lifecycle)
        self._connections = Connections(self.decider, self._routes)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What became of the cassettes that were closed."""
        return self._lifecycle.summaries

    # Life cycle

    def load(self, loader: Loader) -> None:
        safe_output.watch_log()
        if self._given is None:
            for option in SETTINGS:
                kind, none = (
                    (Sequence[str], []) if option.kind in SEVERAL else (str, "")
                )
                loader.add_option(option.set_name, kind, none, option.help)
        if Anyvcr._unloaded is not None:
            self._use(Anyvcr._unloaded)
            Anyvcr._unloaded = None

    def configure(self, updated: set[str]) -> None:
        if self._given or not any(option.set_name in updated for option in SETTINGS):
            return
        self._lifecycle.change(mitmdump.settings)

    def running(self) -> None:
        mitmdump.redact_flow_lines()
        mitmdump.print_traffic()
        if auth := getattr(ctx.options, "upstream_auth", None):
            self.decider.see_user(auth)
        if not self.decider.is_open:
            return
        upstream = self._lifecycle.settings.upstream or _DIRECT
        if self.decider.may_replay or upstream.plain:
            # Else every CONNECT dials the server before we can answer or redirect.
            ctx.options.update(connection_strategy="lazy")
        if self._given is None:
            mitmdump.end_on_hangup()
        error_pages.install()
        trailers.lift_trailers()
        refusals.watch_servers(self._gate.refuse)
        uploads = self._uploads
        refusals.watch_uploads(uploads.refuse, uploads.stream, self._gate.is_ours)
        response_heads.pass_interim_answers_on()
        response_heads.read_answers_as_browsers_do()
        departures.outlive_clients(lambda: self._exchanges, PATIENCE)
        limits.load_early()
        crashes.cut_clients_off(self._crash)
        request_heads.skip_empty_lines()
        connection_ends.pass_resets_on()
        connection_ends.pass_race_losses_on()
        connection_ends.answer_half_closed(PATIENCE)
        websocket.pass_ends_on()
        websocket.gather_frames_quickly()
        websocket.keep_messages_compressed()
        websocket.begin_by(episodes.play)
        if not self._lifecycle.is_guest:
            logger.info("%s", self.decider.describe())

    def done(self) -> Awaitable[None] | None:
        """End in order; where the script alone ends, wait for it to be loaded again."""
        if mitmdump.is_loaded(self, self.name):
            return self._end()
        self._lifecycle.report()
        Anyvcr._unloaded = self._lifecycle
        asyncio.get_running_loop().call_soon(self._end_unless_loaded_again)
        return None

    async def _end(self) -> None:
        if self._given is None:
            self.tally.interrupted = True
        await self._lifecycle.end()
        if self._given is None and (
            self.tally.failed or any(summary.failure for summary in self.summaries)
        ):
            # mitmproxy would exit 0 (as its own Save addon, which does the same).
            sys.exit(1)

    def open(self) -> None:
        """Open the cassettes of the given settings; raises AnyvcrError."""
        assert self._given is not None
        self._lifecycle.open(self._given)

    def close(self) -> None:
        """Close the cassettes of a proxy that never ran."""
        self._lifecycle.close()

    def _end_unless_loaded_again(self) -> None:
        if Anyvcr._unloaded is None:
            return
        logger.error(
            "anyvcr's script was removed or can no longer be loaded: ending, since a proxy "
            "without it would send every request to the API"
        )
        self.tally.failed = True
        ctx.master.addons.add(self)  # what is on its way is still ours
        mitmdump.stop()

    def _crash(self) -> None:
        self.tally.failed = True
        logger.error(
            "anyvcr failed: mitmproxy failed within a connection (its error stands above), and "
            "the client's end of it was closed; please report both"
        )

    # Which connections are ours

    def next_layer(self, data: layer.NextLayer) -> None:
        self._connections.choose(data)

    @_guarded
    def http_connect(self, flow: http.HTTPFlow) -> None:
        headers = flow.request.headers
        self.decider.see(tuple(headers.items(multi=True)))
        origin = Origin("https", flow.request.host.lower(), flow.request.port)
        if self.decider.plays(origin):
            user = proxy_user(headers.get("proxy-authorization", ""))
            self._routes.tunnel(flow.client_conn, origin, user)
        elif self._lifecycle.settings.offline:
            flow.response = http.Response.make(403, OFFLINE)
        else:
            self.tally.other_hosts.add(origin.host)

    async def anyvcr_room(self, client: Client) -> None:
        """Hold a layer that replays until its client has taken what was sent (room.py)."""
        await room.wait(client)

    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        if self._routes.is_for_api(flow):
            self.tally.unreachable += 1

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        self._gate.check_raw(flow)

    def client_connected(self, client: Client) -> None:
        limits.lift_for(client)

    async def client_disconnected(self, client: Client) -> None:
        await self._exchanges.outlived(client)
        self._conversations.lose(client)
        self._routes.forget(client)
        self._gate.forget(client)

    def tls_failed_client(self, data: TlsData) -> None:
        if self.decider.plays(Origin("https", data.conn.sni or "", 443)):
            self.tally.refused_handshakes += 1

    def tls_established_client(self, _: TlsData) -> None:
        self.tally.handshakes += 1

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        try:
            if await self._routes.is_shut(data.server, data.client):
                data.server.error = NO_LOOPBACK_WORDS
                return
            may_forward = self.decider.may_forward
            self._routes.direct(data.server, data.client, may_forward=may_forward)
        except Exception as error:
            self.decider.fault(error)
            data.server.error = "anyvcr failed to decide on this connection"

    # Requests

    @_guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not self._routes.is_for_api(flow):
            if self._connections.is_another_way(flow):
                return
            # Pass on as it comes, but for what was said to us.
            flow.request.headers.pop("proxy-authorization", None)
            flow.request.stream = False if self._lifecycle.settings.offline else pass_on
        else:
            self._uploads.begin_if_large(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        try:
            await self._request(flow)
        except Exception as error:
            self._refuse(flow, error)
        if seconds := flow_reply.wait(flow):
            await asyncio.sleep(seconds)

    async def _request(self, flow: http.HTTPFlow) -> None:
        if flow.request.stream:
            self._exchanges.uploaded(flow)
            return
        asked = self._routes.asked(flow)
        if asked is None:
            if self._lifecycle.settings.offline:
                flow.response = http.Response.make(403, OFFLINE)
            return
        refusal = await self._lifecycle.admit(asked)
        decision = refusal or self.decider.decide(asked)
        self._gate.decided(flow)
        match decision:
            case Answer():
                flow_reply.play(flow, decision)
                return
            case Upgrade():
                self._begin_episode(flow, asked, Episode(decision, None))
                return
            case Episode():
                self._begin_episode(flow, asked, decision)
                return
        self._routes.redirect(flow.request, asked)
        set_length(flow.request)
        if decision.record:
            self._exchanges.begin(flow, asked.url, decision.request, decision.deck)

    def _begin_episode(
        self, flow: http.HTTPFlow, asked: Asked, episode: Episode
    ) -> None:
        if episode.leave is not None:
            self._routes.redirect(flow.request, asked)
        episodes.begin(flow, episode, f"{asked.method} {asked.url}")

    def _refuse(self, flow: http.HTTPFlow, error: Exception) -> None:
        self.decider.fault(error)
        self._gate.decided(flow)
        if flow.response is None:
            flow.response = flow_reply.response(FAILED)

    @_guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        self._gate.check(flow)
        self._exchanges.head(flow)

    @_guarded
    def response(self, flow: http.HTTPFlow) -> None:
        self._gate.check(flow)
        self._exchanges.answered(flow)
        without_trailers(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._exchanges.interrupt(flow)

    # WebSockets, after the answer to their upgrade

    def websocket_start(self, flow: http.HTTPFlow) -> None:
        opening = self._exchanges.upgraded(flow) or episodes.upgraded(flow)
        if opening is not None:
            self._conversations.begin(flow, opening)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        self._conversations.hear(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self._conversations.end(flow)
