"""How an API behaves beside what it says: late ends, connections closed without a word, 1xx.

The defaults are what APIs do in the wild; `Manners.TIDY` is a server that never surprises.
What an `Answer` says of itself goes before its server's manners.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

from standin.answer import Answer

SKIPPED_BY_ALL = (100,)
"""Continue, unasked. Python's http.client, and so requests, takes any other 1xx for the answer,
and so does Perl's LWP (RFC 9110, section 15.2, forbids it)."""
ANY_INTERIM = (100, 102, 103)
"""With Processing (RFC 2518) and Early Hints (RFC 8297), which all other clients of the tests skip."""


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
    interims: tuple[int, ...] = SKIPPED_BY_ALL
    """Which, one of them each time; a test of clients that skip more says ANY_INTERIM."""
    new_ids: bool = True
    """Whether ids and times of a cassette's answers are new each time they are given."""
    seed: int = 0

    TIDY: ClassVar["Manners"]
    """Ends at once, keeps its connections, repeats a cassette byte for byte."""

    def settled(self, answer: Answer, chance: Random) -> Answer:
        """`answer` with everything that it left open decided, by four numbers of `chance`."""
        late, closes, is_interim, which = (chance.random() for _ in range(4))
        least, most = self.late_end
        interim = (self.interims[int(which * len(self.interims))],)
        return replace(
            answer,
            end_delay=least + late * (most - least)
            if answer.end_delay is None
            else answer.end_delay,
            closes=closes < self.closes if answer.closes is None else answer.closes,
            interim=(interim if is_interim < self.interim else ())
            if answer.interim is None
            else answer.interim,
        )


Manners.TIDY = Manners(late_end=(0.0, 0.0), closes=0.0, interim=0.0, new_ids=False)
