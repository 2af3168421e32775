"""One run over one cassette: requests in, decisions out, new interactions numbered.

As h11's Connection it does no IO: the shell converts a request, asks `decide`, and carries
out what it says. What was played is kept here, not in the recorded data.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from anyvcr.core.cassette.model import (
    Cassette,
    Interaction,
    Request,
    Response,
    header,
)
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.placeholder import comparable
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.index import Conversations, is_conversation

LOOKED_AT = 1 << 16
"""Bytes of a body that is compared byte for byte first; larger ones are decoded for each use."""


@dataclass(frozen=True, slots=True)
class Play:
    """Answer with this recorded interaction."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class Forward:
    """Send it to the API; `record` what comes back, or let it pass."""

    record: bool


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error: the cassette does not hold it and the mode forbids to ask the API."""

    miss: Miss


Decision = Play | Forward | Refuse


class Session:
    """What go-vcr's Recorder and Cassette decide together (recorder.go, requestHandler).

    `mode` is one that `modes.resolve` returned: record-once is settled by then. Requests
    are redacted before they are compared, by what redacts them before they are stored, so
    that a cassette matches whatever key the next person uses.
    """

    def __init__(
        self,
        cassette: Cassette,
        mode: Mode,
        redactor: Redactor,
        *,
        rules: Rules | None = None,
        repeats: Repeats = Repeats.ONCE,
    ) -> None:
        self.mode = mode
        self.rules = rules or Rules()
        self.recorded = 0
        self._answered = 0
        self._redactor = redactor
        kept = cassette.interactions
        exchanges = [each for each in kept if not is_conversation(each)]
        self._index = Index(
            exchanges,
            self.rules,
            repeats,
            clean=lambda request: comparable(redactor.request(request)),
            revision=lambda: redactor.revision,
        )
        self._conversations = Conversations(kept, self.rules, repeats, redactor.bytes)
        self._next_id = len(kept)
        self._exchanges = exchanges
        self._by_bytes: dict[tuple[str, str, bytes], Request] | None = None
        """Recorded requests by method, URL and body, made when the first is looked for."""
        self._looks_at_bytes = not redactor.has_rules and not (rules and rules.headers)

    @property
    def may_forward(self) -> bool:
        """Whether any request of this session may reach the API."""
        return self.mode is not Mode.REPLAY_ONLY

    @property
    def records(self) -> bool:
        """Whether new interactions are written."""
        return self.mode in (Mode.RECORD_ONLY, Mode.REPLAY_WITH_NEW_EPISODES)

    @property
    def fixed_decision(self) -> Forward | None:
        """The decision on every request, where none depends on what it is."""
        if self.mode in (Mode.PASSTHROUGH, Mode.RECORD_ONLY):
            return Forward(record=self.records)
        return None

    def decide(self, request: Request) -> Decision:
        """What to do with `request`; a recorded interaction is used up by being returned.

        Raises RedactionError; then nothing may be forwarded, stored or shown.
        """
        if (fixed_decision := self.fixed_decision) is not None:
            return fixed_decision
        found = self._take_by_bytes(request)
        if not isinstance(found, Hit):
            found = self._index.take(request, explain=not self.may_forward)
        if isinstance(found, Hit):
            self._answered += 1
            return Play(found.interaction)
        if self.mode is Mode.REPLAY_WITH_NEW_EPISODES:
            return Forward(record=True)
        return Refuse(found)

    def converse(
        self, request: Request, played: Callable[[int], object] = id
    ) -> Choice | Decision:
        """The conversations that a client may have which opens a WebSocket by `request`.

        `played` is given the id of the one that it turns out to have.
        Where none is recorded there, an answer may be: the API's refusal to open one. Raises
        RedactionError and CassetteFormatError.
        """
        choice = self._conversations.open(self._redactor.request(request), played)
        if choice.lead is not None:
            return choice
        decision = self.decide(request)
        return choice if isinstance(decision, Refuse) else decision

    @property
    def played(self) -> int:
        """How often an interaction was played."""
        return self._answered + self._conversations.played

    def _take_by_bytes(self, request: Request) -> Hit | Miss | None:
        """What answers a request that stands in the cassette byte for byte, if it does.

        It says the same as the recorded one, so nothing in it is parsed or redacted; the
        index decides whose turn it is, as ever. Where the user's own rules count, the bytes
        are not all.
        """
        if not self._looks_at_bytes or len(request.body) > LOOKED_AT:
            return None
        if self._by_bytes is None:
            self._by_bytes = {
                (there.method, there.url, there.body): there
                for there in (each.request for each in reversed(self._exchanges))
                if there.content_length <= LOOKED_AT
            }
        known = self._by_bytes.get((request.method, request.url, request.body))
        if known is None or header(known.headers, "Content-Type") != header(
            request.headers, "Content-Type"
        ):
            return None
        return self._index.take(known, explain=False)

    def record(self, request: Request, response: Response) -> Interaction:
        """A new interaction under the next id (go-vcr cassette.go, AddInteraction), redacted.

        Raises RedactionError, and then it is not to be written.

        Unlike go-vcr we do not play it back in the same session: a retry after a 429 and
        a poll must reach the API again, or the cassette would hold only the first answer.
        """
        interaction = Interaction(
            id=self._next_id,
            request=self._redactor.request(request),
            response=self._redactor.response(response),
        )
        self._next_id += 1
        self.recorded += 1
        return interaction

    def amended(
        self, interaction: Interaction, request: Request, response: Response
    ) -> Interaction:
        """`interaction` with what came of its exchange after it was recorded, redacted.

        Raises RedactionError.
        """
        return replace(
            interaction,
            request=self._redactor.request(request),
            response=self._redactor.response(response),
        )

    def unused(self) -> tuple[Interaction, ...]:
        """Interactions that nobody asked for."""
        unused = (*self._index.unused(), *self._conversations.unused())
        return tuple(sorted(unused, key=lambda each: each.id))
