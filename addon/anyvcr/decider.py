"""The decision on a client's request: an answer, or leave to forward it to the API.

Nothing here can reach a network. A decider returns values; leave is a value, too, and only
a caller that has a way to the API can make use of it. The layer that replays asks `answer`,
which gives no leave.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from anyvcr import safe_output
from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.library import Library
from anyvcr.cassettes.summary import Summary
from anyvcr.control_api import PREFIX as CONTROL
from anyvcr.control_api import Control
from anyvcr.core.callers import foreign_page
from anyvcr.core.cassette.model import Request, canonical_header_name
from anyvcr.core.client_request import REQUEST_HEADERS, Asked, Fields, recorded_request
from anyvcr.core.errors import AnyvcrError, ConfigError
from anyvcr.core.hosts import Origin
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.replay.answer import FAILED, Answer, forbidden, refused
from anyvcr.core.replay.handshake import is_upgrade
from anyvcr.core.replay.upgrade import Upgrade
from anyvcr.core.telemetry import CONTENT, is_telemetry
from anyvcr.settings import Settings
from anyvcr.tally import Tally

logger = logging.getLogger(__name__)


OTHER_MODE = refused(
    "this connection is from the time when the proxy only replayed, and cannot reach the API: "
    "open a new one",
    "replaying_connection",
)


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to forward a request to the API."""

    deck: Deck
    """Where its exchange belongs."""
    request: Callable[[], Request]
    """Makes the request's recorded form; called once its answer is here."""
    record: bool
    """Whether the exchange is stored."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A WebSocket that is played, and may go on to the API where nothing of it was."""

    upgrade: Upgrade
    leave: Leave | None
    """None where it may only be played."""


class Decider:
    """Decides by the cassettes of one proxy, which may be opened anew while it runs."""

    def __init__(
        self, ca_pem: Callable[[], bytes], stop: Callable[[], None], tally: Tally
    ) -> None:
        """`ca_pem` and `stop` are what the control API needs of the proxy."""
        self._ca_pem = ca_pem
        self._stop = stop
        self.tally = tally
        self._credentials = Credentials()
        self._settings = Settings()
        self._api = self._settings.api_hosts()
        self.kept_headers: frozenset[str] = frozenset()
        """Names, in Go's spelling, of headers that the user wants stored."""
        self.request_headers = REQUEST_HEADERS
        """Names, in Go's spelling, of the request headers that are stored."""
        self._library: Library | None = None
        self._control: Control | None = None
        self.secret = os.urandom(24).hex()
        """By which clients of other machines are let to the control API."""

    def open(self, settings: Settings) -> None:
        """Open the cassettes that `settings` name; raises AnyvcrError, and then all is refused."""
        self._settings = settings
        self._api = settings.api_hosts()
        self.kept_headers = frozenset(map(canonical_header_name, settings.kept_headers))
        self.request_headers = REQUEST_HEADERS | self.kept_headers
        safe_output.redact_with(Redactor(settings.redact, self._credentials).text)
        library = Library(settings, self._credentials)
        library.open()
        self._library = library
        self._control = Control(library, self._ca_pem, self._stop, self.secret)

    def close(self) -> tuple[Summary, ...]:
        """Close all cassettes; what became of each. Until `open`, everything is refused."""
        if self._library is None:
            return ()
        summaries = self._library.close_all()
        self._library = self._control = None
        return summaries

    def summaries(self) -> tuple[Summary, ...]:
        """What became of the open cassettes so far."""
        decks = self._library or ()
        return tuple(deck.summary() for _, deck in decks)

    # What callers ask before there is a request

    @property
    def is_open(self) -> bool:
        """Whether there are cassettes to decide by."""
        return self._library is not None

    @property
    def may_forward(self) -> bool:
        """Whether any request may get leave; none does while no cassette is open."""
        return self._library is not None and self._library.may_forward

    @property
    def may_replay(self) -> bool:
        """Whether any request may be answered from a cassette."""
        return self._library is not None and self._library.may_replay

    @property
    def base_url(self) -> Origin:
        """The API that base-URL requests are for."""
        return self._settings.base_url

    @property
    def upload_limit(self) -> int:
        """Bytes of a request's body that are accepted; a larger one is refused."""
        return self._settings.upload_limit

    def describe(self) -> str:
        """What this proxy is about to do, in words."""
        assert self._library is not None
        return self._library.describe()

    def plays(self, origin: Origin) -> bool:
        """Whether requests for `origin` are decided here: it is an API host."""
        return (origin.host, origin.port) in self._api

    def see(self, fields: Fields, url: str = "") -> None:
        """Remember the credentials in these headers and this URL as secrets of the run."""
        self._credentials.see_request(fields, url)

    def see_user(self, user_and_password: str) -> None:
        """Remember the credentials for a parent proxy as secrets of the run."""
        self._credentials.see_user(user_and_password)

    def open_deck(self, asked: Asked) -> Deck | None:
        """The deck that `asked` would be decided by, if it is open already."""
        if self._library is None or self._is_control(asked):
            return None
        return self._library.open_deck(asked.cassette)

    def closes(self, asked: Asked) -> Deck | None:
        """The deck that `asked`, where it is a request of the control API, is about to close."""
        if self._control is None or not self._is_control(asked):
            return None
        return self._control.closes(asked)

    # Decisions

    def answer(self, asked: Asked) -> Answer | Upgrade:
        """The recorded answer or a refusal; raises nothing, and never gives leave."""
        match self.decide(asked):
            case Answer() | Upgrade() as answer:
                return answer
        return OTHER_MODE

    def decide(self, asked: Asked) -> Answer | Upgrade | Episode | Leave:
        """The answer to a complete request, or leave to forward it; raises nothing."""
        try:
            return self._decide(asked)
        except Exception as error:
            self.fault(error)
            return FAILED

    def decide_early(self, asked: Asked) -> Leave | None:
        """Leave for a request whose body is still to come, where the body cannot matter.

        Its `request` has as much of the body as is here.
        """
        if asked.at_listener and self._foreign_page(asked):
            return None  # refused when the request is complete
        try:
            deck = self._deck(asked)
        except AnyvcrError:
            return None  # said when the request is complete
        if (foregone := deck.session.fixed_decision) is None:
            return None
        self.see(asked.fields, asked.url)
        is_report = is_telemetry(asked.target)
        self.tally.calls += not is_report
        record = foregone.record and not is_report
        return Leave(deck, lambda: self._recorded(asked), record=record)

    def fault(self, error: Exception) -> None:
        """Report an error of our own, and fail the run."""
        if isinstance(error, AnyvcrError):
            logger.error("%s", error)
        else:
            logger.error("anyvcr failed:\n%s", safe_output.traceback_of(error))
        self.tally.failed = True

    def turn_away(self, why: str) -> None:
        """Report a way to an API host that is closed in replay, and fail the run."""
        logger.warning("%s", why)
        self.tally.turned_away += 1

    def _decide(self, asked: Asked) -> Answer | Upgrade | Episode | Leave:
        if self._is_control(asked):
            assert self._control is not None
            return self._control.answer(asked)
        self.see(asked.fields, asked.url)
        if asked.at_listener and (why := self._foreign_page(asked)):
            logger.warning("refused %s %s: %s", asked.method, asked.url, why)
            return forbidden(safe_output.clean(why), "foreign_page")
        is_report = is_telemetry(asked.target)
        self.tally.calls += not is_report
        try:
            deck = self._deck(asked)
        except AnyvcrError as error:
            if is_report:
                return CONTENT
            self.tally.refused += 1
            logger.warning("refused %s %s: %s", asked.method, asked.url, error)
            text = safe_output.clean(str(error))
            return refused(text, "no_cassette", self._settings.miss_status)
        if is_report:
            if deck.replays:
                return CONTENT
            return Leave(deck, lambda: self._recorded(asked), record=False)
        if deck.replays and is_upgrade(asked.headers):
            return self._converse(deck, asked)
        if (foregone := deck.session.fixed_decision) is not None:
            return Leave(deck, lambda: self._recorded(asked), record=foregone.record)
        request = self._recorded(asked)
        match deck.decide(request):
            case Answer() as answer:
                return answer
            case forward:
                return Leave(deck, lambda: request, record=forward.record)

    def _converse(self, deck: Deck, asked: Asked) -> Answer | Upgrade | Episode | Leave:
        request = self._recorded(asked)
        match deck.converse(request, self.upload_limit):
            case Upgrade(choice=choice) as upgrade:
                if not self.may_forward:
                    return upgrade
                if not deck.session.may_forward:
                    return Episode(upgrade, None)
                leave = Leave(deck, lambda: request, record=deck.session.records)
                if choice.lead is None:
                    return leave
                return Episode(replace(upgrade, may_leave=True), leave)
            case Answer() as answer:
                return answer
            case forward:
                return Leave(deck, lambda: request, record=forward.record)

    def _foreign_page(self, asked: Asked) -> str | None:
        """Why the base URL is closed to `asked`, if it comes from a page in a browser."""
        allowed = self._settings.allow_pages
        why = foreign_page(
            asked.headers,
            lambda host: host in allowed or self.plays(Origin("https", host, 443)),
        )
        if why is None or "*" in allowed:
            return None
        return f"{why}; name its host with --allow-page if it may call the API"

    def _is_control(self, asked: Asked) -> bool:
        return asked.at_listener and asked.path.startswith(CONTROL)

    def _deck(self, asked: Asked) -> Deck:
        """The deck of the cassette that `asked` names; raises AnyvcrError."""
        if self._library is None:
            msg = "no cassette is open: the reason is in the proxy's log"
            raise ConfigError(msg)
        return self._library.deck(asked.cassette)

    def _recorded(self, asked: Asked) -> Request:
        return recorded_request(
            asked.method, asked.url, asked.sent, asked.body, self.request_headers
        )
