"""Which API a connection or a request is for, and where it really goes."""

import contextlib
import ipaddress

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tls import parse_client_hello

from anyvcr.core.hosts import Origin
from anyvcr.proxy.options import Settings

OFFLINE = "anyvcr is offline: only the API's hosts are answered, from the cassette"
CLOSED = "anyvcr is replaying: no request reaches the API"


class Routes:
    """What is known of the client connections that are open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = settings.api_hosts()
        self._origins: dict[str, Origin] = {}
        """By client connection: what its CONNECT, or the base URL, stands for."""

    @property
    def base_url(self) -> Origin:
        """The API that base-URL requests are for."""
        return self._settings.base_url

    def is_api(self, origin: Origin) -> bool:
        """Whether requests for `origin` are ours to record and replay."""
        return (origin.host, origin.port) in self._api

    def learn(self, client: Client, origin: Origin) -> None:
        """All requests on this connection are for `origin`."""
        self._origins[client.id] = origin

    def forget(self, client: Client) -> None:
        """The connection is closed."""
        self._origins.pop(client.id, None)

    def tunnelled(self, context: Context, first: bytes) -> Origin | None:
        """What a tunnel is for that begins with the bytes `first`.

        By its CONNECT, by the server's name, else by the one in the TLS handshake; None
        where nothing says.
        """
        if known := self._origins.get(context.client.id):
            return known
        server = context.server
        if not server.address:
            return None
        host, port, *_ = server.address
        if _is_address(host):
            with contextlib.suppress(ValueError):
                hello = parse_client_hello(first)
                host = (hello.sni if hello else None) or host
        return Origin("https", host.lower(), port)

    def origin(self, flow: http.HTTPFlow) -> Origin | None:
        """The API that `flow` is for, None where it is for another host."""
        client = flow.client_conn
        origin = self._origins.get(client.id)
        if origin is None:
            host = flow.request.host
            if _is_address(host):
                host = client.sni or host
            origin = Origin(flow.request.scheme, host.lower(), flow.request.port)
        elif origin != self.base_url and not client.tls_established:
            origin = Origin("http", origin.host, origin.port)
        return origin if self.is_api(origin) else None

    def redirect(self, request: http.Request, origin: Origin) -> None:
        """Point `request` at the API, or where `cassette_upstream` says."""
        upstream = self._settings.upstream
        target = upstream.gateway if upstream and upstream.gateway else origin
        request.scheme = target.scheme
        request.host = upstream.host if upstream else origin.host
        request.port = upstream.port if upstream else origin.port
        request.host_header = target.authority
        if upstream and upstream.prefix:
            request.path = upstream.prefix + request.path

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
            elif origin := self._origins.get(client.id):
                server.sni = origin.host
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
