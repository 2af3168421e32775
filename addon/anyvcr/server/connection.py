"""A client's connection: it carries a ServerConnection, with TLS below it in a tunnel."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

from anyvcr.core.callers import is_loopback_peer
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.hosts import Origin
from anyvcr.core.replay import client_hello
from anyvcr.core.replay.action import Close, HandOver, OpenTunnel, Send, WaitUntil
from anyvcr.core.replay.server_connection import ServerConnection
from anyvcr.decider import Decider
from anyvcr.server.certificates import Certificates
from anyvcr.server.tls import Tls
from anyvcr.tally import Tally

HIGH_WATER = 256 * 1024
"""Bytes that may wait for a client to take them."""


class Elsewhere(Protocol):
    """Takes connections that are not for the API."""

    def take(
        self, transport: asyncio.Transport, data: bytes, tunnel: Origin | None
    ) -> None:
        """Carry on with `transport`, whose first bytes are `data`."""


class Connection(asyncio.Protocol):
    """The protocol of one client's connection."""

    def __init__(
        self,
        decider: Decider,
        tally: Tally,
        certificates: Certificates,
        elsewhere: Elsewhere,
        forget: Callable[["Connection"], None],
        *,
        allow_loopback: bool = False,
    ) -> None:
        """`allow_loopback`: lead clients of other machines there, too."""
        self._allow_loopback = allow_loopback
        self._is_local = False
        self._decider = decider
        self._tally = tally
        self._certificates = certificates
        self._elsewhere = elsewhere
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._http: ServerConnection | None = None
        """None while the first bytes of the connection, or of its tunnel, are awaited."""
        self._tunnel: OpenTunnel | None = None
        self._tls: Tls | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._may_write = True

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(HIGH_WATER)
        self._transport = transport
        self._is_local = is_loopback_peer(transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        try:
            self._receive(data)
        except Exception as error:
            self._decider.fault(error)
            self.close()

    def eof_received(self) -> bool:
        """The client sends no more, and may still read; we close."""
        self.data_received(b"")
        return True

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        self._carry_on()

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_timer()
        self._transport = None
        self._forget(self)

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.close()

    # What becomes of it

    def _receive(self, data: bytes) -> None:
        if self._http is None and not self._begin(data):
            return
        assert self._http is not None
        if self._tls is None:
            self._http.receive(data)
        elif not self._decrypt(self._tls, data):
            return
        self._carry_on()

    def _begin(self, first: bytes) -> bool:
        """Find out what the first bytes begin; False where nothing goes on here."""
        assert self._transport is not None
        if not first:
            self.close()
            return False
        is_tls = first[0] == client_hello.HANDSHAKE
        if self._tunnel is None:
            if is_tls:  # the proxy itself over TLS
                self._leave(first, None)
                return False
            self._http = ServerConnection(
                self._decider,
                is_local=self._is_local,
                may_reach_loopback=self._is_local or self._allow_loopback,
            )
            return True
        origin = self._tunnel.origin
        if is_tls:
            try:
                self._tls = Tls(self._certificates.context(origin.host))
            except AnyvcrError as error:
                self._decider.fault(error)
                self.close()
                return False
        else:
            origin = Origin("http", origin.host, origin.port)
        self._http = ServerConnection(self._decider, origin, self._tunnel.user)
        return True

    def _decrypt(self, tls: Tls, data: bytes) -> bool:
        """Give the inside what `data` holds; False where the connection is over."""
        assert self._http is not None
        assert self._transport is not None
        was_established = tls.is_established
        try:
            plain, has_ended = tls.receive(data)
        except ssl.SSLError:
            if not was_established:
                self._tally.refused_handshakes += 1
            self._transport.write(tls.pending)  # the alert
            self.close()
            return False
        if tls.is_established and not was_established:
            self._tally.handshakes += 1
        if out := tls.pending:
            self._transport.write(out)
        if plain:
            self._http.receive(plain)
        if has_ended:
            self._http.receive(b"")
        return True

    def _carry_on(self) -> None:
        """Do what is asked for, as far as the client takes it."""
        self._stop_timer()
        http = self._http
        while http is not None and self._transport is not None and self._may_write:
            action = http.next(now := self._loop.time())
            match action:
                case Send(data):
                    self._send(data)
                case None:
                    return
                case WaitUntil(moment):
                    if moment > now:
                        self._timer = self._loop.call_at(moment, self._carry_on)
                        return
                case Close():
                    self._end()
                    return
                case OpenTunnel(rest=rest):
                    self._tunnel, self._http = action, None
                    if rest:
                        self._receive(rest)
                    return
                case HandOver(data, tunnel):
                    self._leave(data, tunnel)
                    return

    def _send(self, data: bytes) -> None:
        assert self._transport is not None
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.send(data)
            self._transport.write(self._tls.pending)

    def _end(self) -> None:
        assert self._transport is not None
        if self._tls is not None:
            self._tls.close()
            self._transport.write(self._tls.pending)
        self._transport.close()

    def _leave(self, data: bytes, tunnel: Origin | None) -> None:
        transport, self._transport, self._http = self._transport, None, None
        assert transport is not None
        self._forget(self)
        self._elsewhere.take(transport, data, tunnel)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
