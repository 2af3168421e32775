"""Which API a connection or a request is for, and where it really goes."""

import asyncio
import contextlib
import ipaddress
import socket
from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tls import parse_client_hello

from anyvcr.core.callers import is_loopback, is_loopback_peer
from anyvcr.core.client_request import Asked
from anyvcr.core.hosts import Origin
from anyvcr.settings import Settings

OFFLINE = "anyvcr is offline: only the API's hosts are answered, from the cassette"
CLOSED = "anyvcr is replaying: no request reaches the API"


@dataclass(frozen=True, slots=True)
class _Way:
    """How the requests on one client connection come, and what they are for."""

    origin: Origin
    at_listener: bool = False
    user: str | None = None


class Routes:
    """Knows where the requests of each open client connection go."""

    def __init__(self, settings: Settings) -> None:
        self.use(settings)
        self.has_outsiders = False
        """Whether clients of other machines come by way of this one's loopback."""
        self._ways: dict[str, _Way] = {}
        """By client connection."""

    def use(self, settings: Settings) -> None:
        """Go by other settings from now on; what is known of the connections stays."""
        self._settings = settings
        self._api = settings.api_hosts()

    @property
    def base_url(self) -> Origin:
        """The API that base-URL requests are for."""
        return self._settings.base_url

    def is_api(self, origin: Origin) -> bool:
        """Whether requests for `origin` are ours to record and replay."""
        return (origin.host, origin.port) in self._api

    def tunnel(self, client: Client, origin: Origin, user: str | None) -> None:
        """Note that all requests on this connection are for `origin`, as its CONNECT said."""
        self._ways[client.id] = _Way(origin, user=user)

    def at_listener(self, client: Client) -> None:
        """Note that all requests on this connection are for the base URL."""
        self._ways[client.id] = _Way(self.base_url, at_listener=True)

    def forget(self, client: Client) -> None:
        """Forget a connection that is closed."""
        self._ways.pop(client.id, None)

    def tunnelled(self, context: Context, first: bytes) -> Origin | None:
        """What a tunnel is for that begins with the bytes `first`.

        By its CONNECT, by the server's name, else by the one in the TLS handshake; None
        where nothing says.
        """
        if way := self._ways.get(context.client.id):
            return way.origin
        server = context.server
        if not server.address:
            return None
        host, port, *_ = server.address
        if _is_address(host):
            with contextlib.suppress(ValueError):
                hello = parse_client_hello(first)
                host = (hello.sni if hello else None) or host
        return Origin("https", host.lower(), port)

    def is_for_api(self, flow: http.HTTPFlow) -> bool:
        """Whether `flow` asks something of the API."""
        return self.is_api(self._way(flow).origin)

    def asked(self, flow: http.HTTPFlow) -> Asked | None:
        """What `flow` wants of the API, with what is here of its body; None where it is for another host."""
        request, way = flow.request, self._way(flow)
        if not self.is_api(way.origin):
            return None
        return Asked(
            method=request.method,
            origin=way.origin,
            path=request.path,
            fields=tuple(request.headers.items(multi=True)),
            body=request.raw_content or b"",
            at_listener=way.at_listener,
            user=way.user,
            is_local=is_loopback_peer(flow.client_conn.peername),
        )

    def _way(self, flow: http.HTTPFlow) -> _Way:
        client, request = flow.client_conn, flow.request
        way = self._ways.get(client.id)
        if way is None:
            host = request.host
            if _is_address(host):
                host = client.sni or host
            # The target of a request to a proxy says its scheme: https, too, as old axios does.
            way = _Way(Origin(request.scheme, host.lower(), request.port))
        elif not way.at_listener and not client.tls_established:
            plain = Origin("http", way.origin.host, way.origin.port)
            way = _Way(plain, user=way.user)
        return way

    def redirect(self, request: http.Request, asked: Asked) -> None:
        """Point `request` at the API, or where `cassette_upstream` says.

        What was for the proxy alone, in headers and path, does not go on.
        """
        upstream, origin = self._settings.upstream, asked.origin
        target = upstream.gateway if upstream and upstream.gateway else origin
        for name in asked.ours:
            request.headers.pop(name, None)
        host = upstream.host if upstream else origin.host
        port = upstream.port if upstream else origin.port
        # Each of these rewrites some headers, and mostly for nothing.
        if (request.scheme, request.host, request.port) != (target.scheme, host, port):
            request.scheme, request.host, request.port = target.scheme, host, port
        if request.host_header != target.authority:
            request.host_header = target.authority
        path = (upstream.prefix if upstream else "") + asked.target
        if request.path != path:
            request.path = path

    async def is_shut(self, server: Server, client: Client) -> bool:
        """Whether a client of another machine would be led to this one's loopback."""
        settings = self._settings
        is_local = is_loopback_peer(client.peername) and not self.has_outsiders
        if is_local or settings.allow_loopback or not server.address or server.via:
            return False
        host, port, *_ = server.address
        if (host, port) in self._api:
            return False
        if settings.upstream and host == settings.upstream.host:
            return False
        if is_loopback(host):
            return True
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return False  # nor will it be found in a moment
        return any(is_loopback_peer(address) for *_, address in found)

    def direct(self, server: Server, client: Client, *, may_forward: bool) -> None:
        """Direct a connection that is about to be opened; forbid it by giving it an error."""
        assert server.address
        address = (server.address[0], server.address[1])
        upstream = self._settings.upstream
        is_api = address in self._api
        if is_api and not may_forward:
            server.error = CLOSED
        elif upstream and (is_api or address == (upstream.host, upstream.port)):
            server.address = (upstream.host, upstream.port)
            if upstream.gateway:
                server.sni = upstream.gateway.host
            elif way := self._ways.get(client.id):
                server.sni = way.origin.host
        elif not is_api and self._settings.offline:
            server.error = OFFLINE


def is_origin_form(first: bytes) -> bool:
    """Whether a request line asks for a path, as one does of a server and not of a proxy."""
    words = first.split(b" ", 2)
    return len(words) > 1 and words[1].startswith(b"/")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
