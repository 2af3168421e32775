"""How an API behaves beside what it says: late ends, connections closed without a word, 1xx.

The defaults are what APIs do in the wild; `Manners.TIDY` is a server that never surprises.
What an `Answer` says of itself goes before its server's manners.
"""

import re
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

from standin.answer import Answer

CONTINUE, EARLY_HINTS = (100,), (103,)
ANY_INTERIM = (100, 102, 103)
"""With Processing (RFC 2518). For a test of clients that skip them all."""
_KNOW_CONTINUE = re.compile(r"python-requests|python-urllib|libwww-perl", re.IGNORECASE)
"""User-Agents of clients that take any 1xx but Continue for the answer (RFC 9110, section 15.2,
forbids it): those on Python's http.client, and Perl's LWP. Node's fetch breaks off at a Continue
that it did not ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """Equal manners, `seed` included, do the same to the same sequence of answers."""

    late_end: tuple[float, float] = (0.0, 0.05)
    """Least and most seconds from the last chunk of an answer without Content-Length to the
    end of its message. A compressed body's last bytes come with that end."""
    closes: float = 0.1
    """Share of answers after which the idle connection is closed (HTTP/2: GOAWAY first)."""
    interim: float = 0.1
    """Share of answers that a 1xx goes before."""
    interims: tuple[int, ...] | None = None
    """Which, one of them each time; None for the one that the client skips, which for a client
    without a name, such as a test's own socket, is none."""
    new_ids: bool = True
    """Whether ids and times of a cassette's answers are new each time they are given."""
    seed: int = 0

    TIDY: ClassVar["Manners"]
    """Ends at once, keeps its connections, repeats a cassette byte for byte."""

    def settled(self, answer: Answer, chance: Random, agent: str = "") -> Answer:
        """`answer` with everything that it left open decided, by four numbers of `chance`.

        `agent` is the client's User-Agent.
        """
        late, closes, is_interim, which = (chance.random() for _ in range(4))
        least, most = self.late_end
        skipped = CONTINUE if _KNOW_CONTINUE.match(agent) else EARLY_HINTS
        interims = self.interims or skipped
        interim = (interims[int(which * len(interims))],)
        share = self.interim if agent or self.interims else 0.0
        return replace(
            answer,
            end_delay=least + late * (most - least)
            if answer.end_delay is None
            else answer.end_delay,
            closes=closes < self.closes if answer.closes is None else answer.closes,
            interim=(interim if is_interim < share else ())
            if answer.interim is None
            else answer.interim,
        )


Manners.TIDY = Manners(late_end=(0.0, 0.0), closes=0.0, interim=0.0, new_ids=False)
