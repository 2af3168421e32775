"""Answers from the cassette, on the client's connection, with no way to a server.

mitmproxy's HTTP layer asks its addons and then connects upstream; this one stands in its
place in replay-only sessions. It speaks HTTP/1.1 (h11) and has no command that opens a
connection, and the decider that it asks has none either: whatever goes wrong in it, no
request for an API host leaves the machine.

It serves three doors: requests inside a CONNECT tunnel (`tunnel` is their origin), plain
proxy requests, and base-URL requests. On the listener itself it reads CONNECT, too. What is
not for the API it hands over to mitmproxy's HTTP layer, bytes unread, for good.
"""

import time
from urllib.parse import urlsplit

import h11
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ClientTLSLayer, modes
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode

from anyvcr.client_request import Asked, Fields, proxy_user
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import Origin
from anyvcr.core.replay import fast_http1
from anyvcr.core.replay.answer import Answer, refused, too_large
from anyvcr.decider import Decider
from anyvcr.proxy.replaying.writer import Playback

MAX_HEAD = 1 << 20
"""Bytes of a request's line and headers; h11's own limit of 16 kB is short of long URLs."""

Commands = layer.CommandGenerator[None]


class ReplayLayer(layer.Layer):
    """HTTP/1.1 server on the client's connection."""

    def __init__(
        self,
        context: Context,
        decider: Decider,
        tunnel: Origin | None = None,
        user: str | None = None,
    ) -> None:
        super().__init__(context)
        self._decider = decider
        self._tunnel = tunnel
        self._user = user
        self._http = _connection()
        self._head = b""
        """Bytes since the last answer, until they turn out to be a request of ours."""
        self._request: h11.Request | None = None
        self._origin: Origin | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._is_too_large = False
        self._playback: Playback | None = None
        """The answer that is being played."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.DataReceived):
            if self._request is None:
                if not self._head and (yield from self._answer_plainly(event.data)):
                    return
                self._head += event.data
            self._http.receive_data(event.data)
            yield from self._read()
        elif isinstance(event, events.Wakeup):
            if self._playback is not None and (yield from self._play()):
                yield from self._read()
        elif isinstance(event, events.ConnectionClosed):
            self._playback = None
            yield commands.CloseConnection(self.context.client)

    def _answer_plainly(self, data: bytes) -> layer.CommandGenerator[bool]:
        """Answer the whole request that `data` is without h11, if it is as plain as most are."""
        plain = fast_http1.read(data)
        if plain is None or len(plain.body) > self._decider.upload_limit:
            return False
        asked_at = time.perf_counter()
        origin = self._tunnel or self._decider.base_url
        asked = Asked(
            method=plain.method,
            origin=origin,
            path=plain.target,
            fields=plain.fields,
            body=plain.body,
            at_listener=self._tunnel is None,
            user=self._user,
        )
        answer = self._decider.answer(asked)
        written = fast_http1.write(answer)
        if written is not None:
            yield commands.SendData(self.context.client, written)
            return True
        # It does not go out at once: let h11 know of the request that it answers.
        self._http.receive_data(data)
        while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Request):
                self._request, self._origin = event, origin
        if (yield from self._start(answer, asked_at)):
            yield from self._read()
        return True

    def _read(self) -> Commands:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                yield from self._reject(error)
                return
            match event:
                case h11.Request():
                    if (yield from self._begin(event)):
                        return
                case h11.Data():
                    self._keep(bytes(event.data))
                case h11.EndOfMessage():
                    if not (yield from self._answer()):
                        return
                case h11.ConnectionClosed():
                    yield commands.CloseConnection(self.context.client)
                    return
                case _:
                    # NEED_DATA or PAUSED. A client that waits for leave to send its body
                    # has sent all it will.
                    if self._http.they_are_waiting_for_100_continue:
                        if self._is_too_large:
                            yield from self._answer()
                            return
                        go_on = h11.InformationalResponse(
                            status_code=100, reason=b"Continue", headers=[]
                        )
                        yield self._send(go_on)
                    return

    def _begin(self, request: h11.Request) -> layer.CommandGenerator[bool]:
        """Take up `request`; True where another layer has taken over the connection."""
        if request.method == b"CONNECT" and self._tunnel is None:
            yield from self._connect(request)
            return True
        origin = self._origin_of(request)
        if origin is None:
            yield from self._reject("its target is no URL")
            return True
        if self._tunnel is None and not self._decider.plays(origin):
            yield from self._hand_over()
            return True
        self._request, self._origin = request, origin
        self._head = b""
        self._size = 0
        announced = dict(request.headers).get(b"content-length", b"0")
        self._is_too_large = int(announced) > self._decider.upload_limit
        return False

    def _keep(self, data: bytes) -> None:
        """Take a piece of the request's body; one that is too large is read, not kept."""
        self._size += len(data)
        if self._is_too_large or self._size > self._decider.upload_limit:
            self._is_too_large = True
            self._body.clear()
        else:
            self._body.append(data)

    def _origin_of(self, request: h11.Request) -> Origin | None:
        if self._tunnel is not None:
            return self._tunnel
        if request.target.startswith(b"/"):
            return self._decider.base_url
        try:
            return Origin.parse(request.target.decode("ascii", "surrogateescape"))
        except ConfigError:
            return None

    def _connect(self, request: h11.Request) -> Commands:
        host, _, port = request.target.decode("ascii", "surrogateescape").rpartition(
            ":"
        )
        number = int(port) if port.isdecimal() else 0
        origin = Origin("https", host.strip("[]").lower(), number)
        if not self._decider.plays(origin):
            yield from self._hand_over()
            return
        fields = _fields(request)
        self._decider.see(fields)
        response = h11.Response(status_code=200, reason=b"OK", headers=[])
        yield self._send(response)
        self.context.server.address = (origin.host, origin.port)
        tunnelled, _ = self._http.trailing_data
        child = _Tunnel(self.context, self._decider, origin, _user(fields))
        self._handle_event = child.handle_event  # type: ignore[method-assign]
        yield from child.handle_event(events.Start())
        if tunnelled:
            yield from child.handle_event(
                events.DataReceived(self.context.client, tunnelled)
            )

    def _hand_over(self) -> Commands:
        upstream = isinstance(self.context.layers[0], modes.HttpUpstreamProxy)
        mode = HTTPMode.upstream if upstream else HTTPMode.regular
        other = HttpLayer(self.context, mode)
        self._handle_event = other.handle_event  # type: ignore[method-assign]
        yield from other.handle_event(events.Start())
        yield from other.handle_event(
            events.DataReceived(self.context.client, self._head)
        )

    def _answer(self) -> layer.CommandGenerator[bool]:
        """Answer the request; True where the next one may come at once."""
        assert self._request is not None
        assert self._origin is not None
        asked_at = time.perf_counter()
        if self._is_too_large:
            return (
                yield from self._start(too_large(self._decider.upload_limit), asked_at)
            )
        target = self._request.target.decode("utf-8", "surrogateescape")
        if not target.startswith("/"):
            parts = urlsplit(target)
            target = parts._replace(scheme="", netloc="").geturl() or "/"
        asked = Asked(
            method=self._request.method.decode("ascii"),
            origin=self._origin,
            path=target,
            fields=_fields(self._request),
            body=b"".join(self._body),
            at_listener=self._tunnel is None and self._request.target[:1] == b"/",
            user=self._user,
        )
        answer = self._decider.answer(asked)
        return (yield from self._start(answer, asked_at))

    def _start(self, answer: Answer, asked: float) -> layer.CommandGenerator[bool]:
        """Begin to play `answer`; True where it is out and the next request may come."""
        assert self._request is not None
        self._playback = Playback(
            self._http,
            answer,
            asked=asked,
            head_only=self._request.method == b"HEAD",
        )
        return (yield from self._play())

    def _play(self) -> layer.CommandGenerator[bool]:
        assert self._playback is not None
        if not (yield from self._playback.run(self.context.client)):
            return False
        is_last = self._playback.breaks_off
        self._playback = None
        if is_last or not self._next_cycle():
            yield commands.CloseConnection(self.context.client)
            return False
        return True

    def _next_cycle(self) -> bool:
        """Make ready for the next request on the connection, if there may be one."""
        self._request = self._origin = None
        self._body = []
        if (
            self._http.our_state is not h11.DONE
            or self._http.their_state is not h11.DONE
        ):
            return False
        self._http.start_next_cycle()
        self._head, _ = self._http.trailing_data
        return True

    def _reject(self, why: object) -> Commands:
        """Answer 400 to what is no HTTP request, and close."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = refused(f"anyvcr cannot read this request: {why}", "bad_request")
            body = answer.body
            head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
            head += b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
            yield commands.SendData(self.context.client, head + body)
        yield commands.CloseConnection(self.context.client)

    def _send(
        self, event: h11.InformationalResponse | h11.Response
    ) -> commands.SendData:
        return commands.SendData(self.context.client, self._http.send(event) or b"")


class _Tunnel(layer.Layer):
    """The inside of a CONNECT to an API host: TLS as a rule, else plain HTTP."""

    def __init__(
        self, context: Context, decider: Decider, origin: Origin, user: str | None
    ) -> None:
        super().__init__(context)
        self._decider = decider
        self._origin = origin
        self._user = user

    def _handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, events.DataReceived):
            if isinstance(event, events.ConnectionClosed):
                yield commands.CloseConnection(self.context.client)
            return
        child = replay(
            self.context, self._decider, self._origin, event.data, self._user
        )
        self._handle_event = child.handle_event  # type: ignore[method-assign]
        yield from child.handle_event(events.Start())
        yield from child.handle_event(event)


def replay(
    context: Context,
    decider: Decider,
    origin: Origin | None,
    first: bytes,
    user: str | None = None,
) -> layer.Layer:
    """The layer that replays on a connection which begins with the bytes `first`.

    `origin` is known where a tunnel or a proxy mode says it; None on the listener itself.
    `user` is that of the tunnel's proxy URL.
    """
    tls = first[:1] == b"\x16"
    if origin is not None and not tls:
        origin = Origin("http", origin.host, origin.port)
    if not tls:
        return ReplayLayer(context, decider, origin, user)
    if origin is not None:
        # What we serve is HTTP/1.1; a client that insists on HTTP/2 must not be told yes.
        context.client.alpn = b"http/1.1"
    outer = ClientTLSLayer(context)
    outer.child_layer = ReplayLayer(context, decider, origin, user)
    return outer


def _user(fields: Fields) -> str | None:
    headers = {name.lower(): value for name, value in fields}
    return proxy_user(headers.get("proxy-authorization", ""))


def _fields(request: h11.Request) -> Fields:
    return tuple(
        (name.decode("ascii"), value.decode("utf-8", "surrogateescape"))
        for name, value in request.headers.raw_items()
    )


def _connection() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
