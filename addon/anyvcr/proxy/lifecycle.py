"""The cassettes of a running proxy, opened, exchanged for others and closed in order.

In order means: no new request begins, what is on its way may end within PATIENCE, and what
it brings is stored; then the files are closed. A WebSocket, which might never end, is stored
as far as it has come. A request that comes in the meantime waits
where it can be decided afterwards, and is refused where the proxy ends.
"""

import asyncio
import logging
from collections.abc import Callable, Collection

from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.summary import Summary
from anyvcr.core.client_request import Asked
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.replay.answer import Answer, refused
from anyvcr.decider import Decider
from anyvcr.proxy import mitmdump
from anyvcr.proxy.gate import Gate
from anyvcr.proxy.recording import conversations, exchange
from anyvcr.proxy.recording.capture import RESPONSE_HEADERS
from anyvcr.proxy.recording.conversations import Conversations
from anyvcr.proxy.recording.exchange import StoredParts
from anyvcr.proxy.recording.exchanges import Exchanges
from anyvcr.proxy.routes import Routes
from anyvcr.settings import Settings
from anyvcr.tally import Tally

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that answers on their way have to end before a cassette is closed.

A supervisor such as `docker stop` kills after ten.
"""

ENDING = refused("anyvcr is stopping and takes no further requests", "stopping")


class Lifecycle:
    """What lasts as long as the proxy, also when its script is loaded again."""

    def __init__(
        self, settings: Settings | None = None, host: Decider | None = None
    ) -> None:
        """`host` is the decider of another server, which opens and closes it."""
        self.settings = settings or Settings()
        self.is_guest = host is not None
        """Whether another server has the cassettes, and this proxy takes what is left over."""
        self.tally = host.tally if host else Tally()
        self.decider = host or Decider(mitmdump.ca_pem, mitmdump.stop, self.tally)
        self.exchanges = Exchanges(StoredParts(), self.decider.fault, self.tally)
        self.conversations = Conversations(self.decider.fault)
        self.routes = Routes(self.settings)
        self.gate = Gate(self.routes, self.tally)
        self.summaries: tuple[Summary, ...] = ()
        self._closing: set[Deck] = set()
        """Whose new requests wait."""
        self._change: asyncio.Task[None] | None = None
        """All new requests wait for it."""
        self._moved: asyncio.Event = asyncio.Event()
        """Set when waiting requests should look again."""
        self._is_ending = False
        self._hurry: asyncio.Event | None = None

    def open(self, settings: Settings) -> None:
        """Open the cassettes that `settings` name; raises AnyvcrError."""
        self.settings = settings
        self.routes.use(settings)
        if self.is_guest:
            return
        self.decider.open(settings)
        self.exchanges.what = StoredParts(
            request_headers=self.decider.request_headers,
            response_headers=RESPONSE_HEADERS | self.decider.kept_headers,
            timing=settings.timing,
            partial=settings.keep_partial,
        )
        self.conversations.timing = settings.timing

    def close(self) -> None:
        """Close all cassettes now; what is still on its way is not stored."""
        if self.is_guest or not self.decider.is_open:
            return
        why = exchange.STOPPED if self._is_ending else exchange.CLOSED
        self.exchanges.abandon(why)
        ended = conversations.STOPPED if self._is_ending else conversations.CLOSED
        self.conversations.stop(ended)
        summaries = self.decider.close()
        self.summaries += summaries
        for summary in summaries:
            logger.info("%s", summary.describe())

    def report(self) -> None:
        """Say what became of the open cassettes so far."""
        for summary in self.decider.summaries():
            logger.info("%s so far", summary.describe())

    def change(self, read: Callable[[], Settings]) -> None:
        """Open what the settings name in place of what is open, if they have changed.

        An error is logged. The settings are read when the time has come, so that a second
        change that comes while the first one waits is part of it.
        """
        if self._change is not None or not self._has_changed(read):
            return
        if self.exchanges.count():
            self._change = asyncio.create_task(self._change_in_order(read))
        else:
            self._exchange(read)

    def _has_changed(self, read: Callable[[], Settings]) -> bool:
        try:
            return not self.decider.is_open or read() != self.settings
        except AnyvcrError:
            return True

    async def _change_in_order(self, read: Callable[[], Settings]) -> None:
        try:
            await self._settle("the cassettes are changed")
            self._exchange(read)
        finally:
            self._change = None
            self._release()

    def _exchange(self, read: Callable[[], Settings]) -> None:
        self.close()
        try:
            self.open(read())
        except AnyvcrError as error:
            # Logged, not raised: mitmproxy ends with exit code 1 after an error at start,
            # and after a raised one it prints a traceback as well.
            logger.error("%s", error)

    @property
    def is_busy(self) -> bool:
        """Whether some requests must wait, or all are refused."""
        return self._is_ending or self._change is not None or bool(self._closing)

    async def admit(self, asked: Asked) -> Answer | None:
        """Wait until `asked` may be decided; the refusal instead where the proxy ends.

        A request of the control API that closes a cassette waits until what is on its way
        for it has ended, and the cassette's new requests wait for that. The caller decides
        before it awaits anything else.
        """
        while self.is_busy:
            if self._is_ending:
                return ENDING
            if self._change is None and not self._is_closing(asked):
                break
            await self._moved.wait()
        deck = self.decider.closes(asked)
        if deck is not None and self._is_in_use(deck):
            self._closing.add(deck)
            try:
                await self._settle("a cassette is closed", [deck])
                await self.conversations.settle([deck])
            finally:
                self._closing.discard(deck)
                self._release()
            self.exchanges.abandon(exchange.CLOSED, [deck])
            self.conversations.stop(conversations.CLOSED, [deck])
        return None

    def _is_in_use(self, deck: Deck) -> bool:
        return bool(self.exchanges.count([deck]) or self.conversations.count([deck]))

    def _is_closing(self, asked: Asked) -> bool:
        return self.decider.open_deck(asked) in self._closing

    async def end(self) -> None:
        """Stop accepting, let what is on its way end, and close all cassettes."""
        if self._is_ending or self.is_guest:
            return
        self._is_ending = True
        self._release()
        self._hurry = asyncio.Event()
        with mitmdump.on_signal(self._hurry.set):
            await mitmdump.stop_listening()
            await self._settle("the proxy stops")
            await self.conversations.settle()
            await mitmdump.flush(PATIENCE)
        self.close()

    async def _settle(self, why: str, decks: Collection[Deck] | None = None) -> None:
        """Wait until no exchange of `decks` is open, or PATIENCE ends, or a signal says hurry."""
        count = self.exchanges.count(decks)
        if not count:
            return
        # The rest of an answer whose client has left was promised more time.
        patience = self.exchanges.patience(decks, PATIENCE)
        logger.info(
            "%s: waiting up to %s s for %s answers that are on their way",
            *(why, round(patience, 1), count),
        )
        settled = asyncio.create_task(self.exchanges.settled(decks))
        hurried = asyncio.create_task((self._hurry or asyncio.Event()).wait())
        is_over = False
        while not is_over and patience:
            done, _ = await asyncio.wait(
                {settled, hurried}, timeout=patience, return_when="FIRST_COMPLETED"
            )
            is_over = bool(done)
            patience = self.exchanges.patience(decks, 0.0)
        settled.cancel()
        hurried.cancel()

    def _release(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
