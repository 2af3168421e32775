"""A miss: no interaction answers a request; what is nearest, and which options would let it pass."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from anyvcr.core.cassette.model import Request
from anyvcr.core.matching.differences import ABSENT, Difference
from anyvcr.core.matching.ignored import RENAMED
from anyvcr.core.matching.nearest import Nearest
from anyvcr.core.matching.rules import TOOL_CALL_IDS

_ADVISED = 3
"""Differences for which ignoring them is worth a suggestion."""
_ELEMENT = re.compile(r"\[\d+\]$")
_TOOL_CALL = re.compile(
    r"\$\.(messages\[\d+\]\.(tool_calls\[\d+\]\.id|tool_call_id)"
    r"|input\[\d+\]\.(call_id|id))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """No interaction answers `request`."""

    request: Request
    nearest: tuple[Nearest, ...] = ()
    """The best first; empty where nothing is recorded or no explanation was wanted."""
    used_up: bool = False
    """Equal interactions exist, and all were played."""
    indistinct: tuple[int, ...] = ()
    """Ids of equal interactions of which each was asked with a secret of its own."""
    expected: int | None = None
    """Id of the interaction whose turn it is, where the cassette is played strictly in order."""
    recorded: int = 0
    """Number of interactions in the cassette."""

    @property
    def equal(self) -> tuple[Nearest, ...]:
        """Those that match, only not (or no longer) now."""
        return tuple(near for near in self.nearest if not near.differences)


def suggestions(miss: Miss) -> tuple[str, ...]:
    """The options that would have let the request pass, the narrowest first."""
    new = "cassette_mode=replay-with-new-episodes"
    if miss.indistinct:
        return ("cassette_repeats=strict",)
    if miss.used_up:
        return ("cassette_repeats=sticky", "cassette_repeats=cycle", new)
    if miss.expected is not None:
        return ("cassette_repeats=once", new) if miss.equal else (new,)
    ignoring = _ignoring(miss.nearest[0]) if miss.nearest else ""
    return (ignoring, new) if ignoring else (new,)


def _ignoring(near: Nearest) -> str:
    renamed = [each for each in near.differences if _TOOL_CALL.fullmatch(each.path)]
    others = [each for each in near.differences if each not in renamed]
    parts = [_ignorable(each) for each in others]
    if renamed:
        parts.append(TOOL_CALL_IDS if _one_to_one(renamed) else "")
    if len(parts) > _ADVISED or not all(parts):
        return ""
    wanted = " ".join(f"cassette_ignore={part}" for part in parts)
    return f"{wanted} cassette_repeats=sticky" if near.already_played else wanted


def _ignorable(difference: Difference) -> str:
    """What to declare so that this difference does not count; empty where nothing would."""
    path = difference.path
    if path.startswith("$"):
        one_sided = ABSENT in (difference.recorded, difference.sent)
        # Ignoring one element of an array would remove another one on the shorter side.
        return "" if path == "$" or (one_sided and _ELEMENT.search(path)) else path
    kind = path.partition(":")[0]
    return path if kind in {"query", "form", "form-type"} else ""


def _one_to_one(renamed: Sequence[Difference]) -> bool:
    """Whether the ids are others throughout, neither crossed nor compared by order already."""
    if any(str(each.sent).startswith(RENAMED) for each in renamed):
        return False
    pairs = {(str(each.recorded), str(each.sent)) for each in renamed}
    recorded, sent = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return len(pairs) == len(recorded) == len(sent) and not recorded & sent
