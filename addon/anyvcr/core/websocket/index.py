"""The recorded conversations of a cassette, and which of them were had."""

from collections import Counter
from collections.abc import Callable, Sequence

from anyvcr.core import utf8
from anyvcr.core.cassette.model import Interaction, Request, header
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.matching.target import target
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.conversation import Conversation, Script

SWITCHED = 101
"""The code of an interaction that is a conversation (RFC 9110, section 15.2.2)."""


def is_conversation(interaction: Interaction) -> bool:
    """Whether an interaction's body is the transcript of a WebSocket."""
    response = interaction.response
    return (
        response.code == SWITCHED
        and header(response.headers, "Content-Type") == transcript.CONTENT_TYPE
    )


class Conversations:
    """What a client that opens a WebSocket may have, by where it goes."""

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        rules: Rules | None = None,
        repeats: Repeats = Repeats.ONCE,
        redact: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """`redact` is given what a client says before it is compared."""
        self._kept = tuple(each for each in interactions if is_conversation(each))
        self._scripts: dict[int, Script] = {}
        """Those that were read already, by the id of the interaction."""
        self._rules = rules or Rules()
        self._repeats = repeats
        self._redact = redact
        self._taken: set[int] = set()
        self._had: Counter[int] = Counter()

    def open(self, request: Request, played: Callable[[int], object] = id) -> Choice:
        """What a client may have that opens a WebSocket by `request`; may be nothing at all.

        `played` is given the id of the interaction that it turns out to have.
        Raises CassetteFormatError where a transcript cannot be read.
        """
        rules = self._rules.for_agent(header(request.headers, "User-Agent"))
        wanted = target(request, rules)
        kept = [
            each for each in self._in_turn() if target(each.request, rules) == wanted
        ]
        headers = kept[0].response.headers if kept else ()

        def count(now: int | None, before: int | None) -> None:
            if before is not None:
                self._had[before] -= 1
            if now is not None:
                self._had[now] += 1
                played(now)

        return Choice(
            [Conversation(each.id, self._script(each), rules) for each in kept],
            self._taken,
            self._redact,
            count,
            header(headers, "Sec-Websocket-Protocol"),
        )

    def _script(self, interaction: Interaction) -> Script:
        known = self._scripts.get(interaction.id)
        if known is None:
            body = utf8.decode(interaction.response.body)
            known = self._scripts[interaction.id] = Script(transcript.read(body))
        return known

    def _in_turn(self) -> list[Interaction]:
        """Those that may be had now, in the order in which they are tried."""
        fresh = [
            each
            for each in self._kept
            if not self._had[each.id] and each.id not in self._taken
        ]
        if self._repeats is Repeats.STRICT:
            return fresh[:1]
        if self._repeats is Repeats.ONCE:
            return fresh
        again = [each for each in self._kept if self._had[each.id]]
        if self._repeats is Repeats.STICKY:
            again.reverse()
        else:
            again.sort(key=lambda each: self._had[each.id])
        self._taken -= {each.id for each in again}
        return fresh + again

    @property
    def played(self) -> int:
        """How often a conversation was had."""
        return self._had.total()

    def unused(self) -> tuple[Interaction, ...]:
        """Those that nobody had, in file order."""
        return tuple(each for each in self._kept if not self._had[each.id])
