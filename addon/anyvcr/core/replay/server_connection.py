"""The server's side of a client's HTTP/1.1 connection in replay: bytes and times in, actions out.

As h11 it does no IO. A shell gives it what it reads (`receive`) and carries out what it asks
for (`next`). Nothing in it can open a connection: whatever goes wrong, no request for an API
host leaves the machine.

It serves three doors: requests inside a CONNECT tunnel (`tunnel` is their origin), proxy
requests with a whole URL, and base-URL requests. On the listener it reads CONNECT, too. What
is not for the API it gives back to the shell with its bytes.

    connection.receive(data)           # b"" once the client sends no more
    while (action := connection.next(now)) is not None:
        ...                            # Send, WaitUntil, Close, OpenTunnel or HandOver

`next` gives None where only the client can make anything happen.
"""

import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import h11

from anyvcr.core import utf8
from anyvcr.core.callers import is_loopback
from anyvcr.core.client_request import Asked, Fields, proxy_user
from anyvcr.core.errors import AnyvcrError, ConfigError
from anyvcr.core.hosts import Origin, is_host
from anyvcr.core.replay import fast_http1
from anyvcr.core.replay.action import (
    Action,
    Close,
    HandOver,
    OpenTunnel,
    Send,
    WaitUntil,
)
from anyvcr.core.replay.answer import (
    FAILED,
    NO_LOOPBACK,
    Answer,
    bad_request,
    refused,
    too_large,
)
from anyvcr.core.replay.handshake import accept
from anyvcr.core.replay.playback import Playback
from anyvcr.core.replay.request_parser import RequestParser
from anyvcr.core.replay.tunnel_guard import names_api, refusal
from anyvcr.core.replay.upgrade import Upgrade

if TYPE_CHECKING:
    from anyvcr.core.replay.websocket_connection import WebSocketConnection

LINGER = 5.0
"""Seconds without a byte that a client has to send the rest of what is refused. To close
before would reset the connection, and the client would not see the answer."""

_AUTHORITY = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_TUNNEL_IS_OPEN = b"HTTP/1.1 200 OK\r\n\r\n"


class Player(Protocol):
    """What answers the requests that come in."""

    @property
    def base_url(self) -> Origin:
        """The API that base-URL requests are for."""

    @property
    def upload_limit(self) -> int:
        """Bytes of a request's body that are read; a larger one is refused."""

    def plays(self, origin: Origin) -> bool:
        """Whether requests for `origin` are answered from the cassette."""

    def see(self, fields: Fields) -> None:
        """Take note of the headers of a CONNECT."""

    def answer(self, asked: Asked) -> Answer | Upgrade:
        """The recorded answer, or the refusal; never an exception that means "forward".

        An Upgrade answers the opening handshake of a WebSocket alone.
        """

    def fault(self, error: Exception) -> None:
        """Report that an answer could not be given, and fail the run."""

    def turn_away(self, why: str) -> None:
        """Report what would have led to the API by another way, and fail the run."""


class ServerConnection:
    """One connection. Times are seconds of any clock that never goes back."""

    def __init__(
        self,
        player: Player,
        tunnel: Origin | None = None,
        user: str | None = None,
        *,
        is_local: bool = False,
        may_reach_loopback: bool = True,
    ) -> None:
        """`user` is that of the tunnel's proxy URL.

        `is_local`: the client connected from loopback; `may_reach_loopback`: it may be led
        to this machine's loopback, as a proxy does.
        """
        self._is_local = is_local
        self._may_reach_loopback = may_reach_loopback
        self._player = player
        self._tunnel = tunnel
        self._user = user
        self._pending = b""
        """What came and was not looked at yet."""
        self._has_ended = False
        """The client sends no more."""
        self._is_over = False
        self._last: Action | None = None
        """What is asked for next and last, where that is settled."""
        self._plain: fast_http1.PlainHead | None = None
        """The head of the request whose body is being read, where it is plain."""
        self._body: list[bytes] = []
        self._missing = 0
        """Bytes of a plain request's body that are still to come."""
        self._parser: RequestParser | None = None
        """What reads any other request."""
        self._playback: Playback | None = None
        """The answer that is being played."""
        self._handshake = b""
        """The answer that opens a WebSocket, until it is sent."""
        self._websocket: WebSocketConnection | None = None
        """What has the connection once it is one."""
        self._lingers_until: float | None = None
        """All is said, and what the client still sends is thrown away until then."""

    def receive(self, data: bytes) -> None:
        """Take what the client sent; b"" once it sends no more."""
        if self._websocket is not None:
            self._websocket.receive(data)
        elif data:
            self._pending = self._pending + data if self._pending else data
        else:
            self._has_ended = True

    def next(self, now: float) -> Action | None:
        """What the shell is to do now."""
        while not self._is_over:
            if self._handshake:
                head, self._handshake = self._handshake, b""
                return Send(head)
            if self._websocket is not None:
                return self._websocket.next(now)
            if self._last is not None:
                return self._over(self._last)
            if self._playback is not None:
                if (step := self._playback.next(now)) is not None:
                    return step
                if self._playback.is_last:
                    return self._end(now)
                self._playback = None
            try:
                action = self._read(now)
            except h11.RemoteProtocolError as error:
                self._reject(str(error), now, status=error.error_status_hint)
                continue
            if action is not None:
                return action
            if self._playback is None and not self._handshake:
                return self._over(Close()) if self._has_ended else None
        return None

    def _over(self, last: Action) -> Action:
        self._is_over = True
        return last

    def _end(self, now: float) -> Action:
        """Close, once the client has sent what it is still sending."""
        if self._lingers_until is None or self._has_ended:
            return self._over(Close())
        if self._pending:
            self._pending = b""
            self._lingers_until = now + LINGER
        if now >= self._lingers_until:
            return self._over(Close())
        return WaitUntil(self._lingers_until)

    # Reading requests

    def _read(self, now: float) -> Action | None:
        """Read on: an action; or None, and an answer is in `_playback` or more must come."""
        if self._parser is None and self._plain is None:
            # RFC 9112, section 2.2: empty lines before a request are ignored.
            self._pending = self._pending.lstrip(b"\r\n")
            if not self._pending:
                return None
            if not self._begin_plainly():
                self._parser = RequestParser(self._player.upload_limit)
        if self._parser is not None:
            return self._parse(self._parser, now)
        self._read_plainly(now)
        return None

    def _begin_plainly(self) -> bool:
        """Take the head of the next request, if it is as plain as most are."""
        end = self._pending.find(b"\r\n\r\n") + 4
        plain = fast_http1.read_head(self._pending[:end]) if end > 3 else None
        if plain is None or plain.length > self._player.upload_limit:
            return False
        self._plain, self._missing = plain, plain.length
        self._pending = self._pending[end:]
        return True

    def _read_plainly(self, now: float) -> None:
        plain = self._plain
        assert plain is not None
        if self._missing:
            self._body.append(self._pending[: self._missing])
            self._pending = self._pending[self._missing :]
            self._missing -= len(self._body[-1])
            if self._missing:
                if self._has_ended:
                    self._reject("it ends before its body does", now)
                return
        body = b"".join(self._body)
        self._plain, self._body = None, []
        asked = Asked(
            method=plain.method,
            origin=self._tunnel or self._player.base_url,
            path=plain.target,
            fields=plain.fields,
            body=body,
            at_listener=self._tunnel is None,
            user=self._user,
            is_local=self._is_local,
        )
        self._answer(asked, now, closes=plain.closes)

    def _parse(self, parser: RequestParser, now: float) -> Action | None:
        is_new = parser.head is None
        if self._pending:
            parser.receive(self._pending)
            self._pending = b""
        if self._has_ended:
            parser.receive(b"")
        if (head := parser.read_head()) is None:
            return None
        if is_new and (action := self._leave(parser, head, now)) is not None:
            return action
        if self._playback is not None:
            return None
        origin = self._origin_of(head)
        if origin is None:
            self._reject("its target is neither a path nor a URL of a host", now)
            return None
        parser.read_body()
        if parser.is_too_large:
            self._play(too_large(self._player.upload_limit), now, closes=True)
            self._lingers_until = None if parser.is_whole else now + LINGER
        elif parser.is_whole:
            self._pending, self._parser = parser.rest, None
            self._answer_parsed(parser, head, origin, now)
        elif parser.is_waiting():
            return Send(_GO_ON)
        return None

    def _leave(
        self, parser: RequestParser, head: h11.Request, now: float
    ) -> Action | None:
        """What is to be done with a connection that goes on as something else, if it does."""
        if self._tunnel is not None:
            return None
        origin = self._origin_of(head)
        if origin is None:
            return None
        is_api = self._player.plays(origin)
        if not (is_api or self._may_reach_loopback) and is_loopback(origin.host):
            self._play(NO_LOOPBACK, now, closes=True)
            return None
        if head.method != b"CONNECT":
            if is_api:
                return None
            hosts = [value for name, value in parser.fields if name.lower() == "host"]
            if any(names_api(host, self._player.plays) for host in hosts):
                why = refusal(f"a request to {origin}", "its Host names an API host")
                self._player.turn_away(why)
                self._play(refused(why, "another_way"), now, closes=True)
                return None
            return self._over(HandOver(parser.raw))
        if not is_api:
            return self._over(HandOver(parser.raw, origin))
        self._player.see(parser.fields)
        said = {name.lower(): value for name, value in parser.fields}
        user = proxy_user(said.get("proxy-authorization", ""))
        parser.read_body()
        self._last = OpenTunnel(origin, user, parser.rest)
        return Send(_TUNNEL_IS_OPEN)

    def _origin_of(self, head: h11.Request) -> Origin | None:
        """What the request is for; None where its target names nothing that can be."""
        if self._tunnel is not None:
            return None if head.method == b"CONNECT" else self._tunnel
        if head.target.startswith(b"/"):
            return self._player.base_url
        target = head.target.decode("ascii", "surrogateescape")
        if head.method == b"CONNECT":
            target = f"https://{target}" if _AUTHORITY.fullmatch(target) else ""
        try:
            origin = Origin.parse(target)
        except ConfigError:
            return None
        return origin if is_host(origin.host) else None

    # Answering them

    def _answer_parsed(
        self, parser: RequestParser, head: h11.Request, origin: Origin, now: float
    ) -> None:
        target = utf8.decode(head.target)
        at_listener = self._tunnel is None and target.startswith("/")
        if not target.startswith("/"):
            parts = urlsplit(target)
            target = parts._replace(scheme="", netloc="").geturl() or "/"
        asked = Asked(
            method=head.method.decode("ascii"),
            origin=origin,
            path=target,
            fields=parser.fields,
            body=parser.body,
            at_listener=at_listener,
            user=self._user,
            is_local=self._is_local,
        )
        self._answer(asked, now, closes=parser.is_last, chunks=parser.reads_chunks)

    def _answer(
        self, asked: Asked, now: float, *, closes: bool, chunks: bool = True
    ) -> None:
        """Begin to play what answers `asked`, or else an error that says why nothing does."""
        head_only = asked.method.upper() == "HEAD"
        try:
            answer = self._player.answer(asked)
            if isinstance(answer, Upgrade):
                self._open_websocket(answer, asked, now)
                return
            self._play(answer, now, closes=closes, chunks=chunks, head_only=head_only)
        except AnyvcrError as error:
            self._player.fault(error)
            self._play(refused(str(error), "unplayable_answer"), now, closes=closes)
        except Exception as error:
            self._player.fault(error)
            self._play(FAILED, now, closes=closes)

    def _open_websocket(self, upgrade: Upgrade, asked: Asked, now: float) -> None:
        """Answer the handshake; what follows are frames."""
        # Imported here: wsproto takes 15 ms, and few connections become WebSockets.
        from anyvcr.core.replay.websocket_connection import (  # noqa: PLC0415
            WebSocketConnection,
        )

        self._handshake = accept(asked.headers, upgrade.subprotocol)
        self._websocket = WebSocketConnection(
            upgrade.choice,
            upgrade.miss,
            pace=upgrade.pace,
            limit=upgrade.limit,
            now=now,
        )
        if self._pending:
            self._websocket.receive(self._pending)
            self._pending = b""
        if self._has_ended:
            self._websocket.receive(b"")

    def _reject(self, why: str, now: float, status: int = 400) -> None:
        """Answer what is no request that can be read, and close."""
        self._plain = self._parser = None
        self._play(bad_request(why, status), now, closes=True)
        if status == 431:
            self._lingers_until = now + LINGER

    def _play(
        self,
        answer: Answer,
        now: float,
        *,
        closes: bool,
        chunks: bool = True,
        head_only: bool = False,
    ) -> None:
        self._playback = Playback(
            answer, asked=now, head_only=head_only, closes=closes, chunks=chunks
        )
