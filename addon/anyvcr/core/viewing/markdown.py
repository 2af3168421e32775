"""An interaction as Markdown, for a pull request."""

import re
from collections.abc import Iterator

from anyvcr.core.viewing.exchange import Shown
from anyvcr.core.viewing.text import Line, Look, lines

_FENCE = re.compile("`{3,}")


def markdown(shown: Shown) -> str:
    """A heading, who said what in code blocks that no text can leave, and the cost."""
    blocks: list[str] = []
    said: list[str] = []
    for line in lines(shown):
        if line.look in (Look.TITLE, Look.ROLE) or _is_end(line):
            blocks += _fenced(said)
            said = []
            blocks.append(_heading(line))
        else:
            said.append(line.text.removeprefix("    "))
    return "\n\n".join([*blocks, *_fenced(said)]) + "\n"


def _is_end(line: Line) -> bool:
    return not line.text.startswith("    ") and line.look in (Look.FAINT, Look.ERROR)


def _heading(line: Line) -> str:
    text = re.sub(r"([\\`*_<>\[\]#&|!~])", r"\\\1", line.text.strip())
    match line.look:
        case Look.TITLE:
            return f"### {text}"
        case Look.ROLE:
            return f"**{text}**"
    return f"*{text}*"


def _fenced(said: list[str]) -> Iterator[str]:
    if said:
        text = "\n".join(said)
        longest = max((len(found[0]) for found in _FENCE.finditer(text)), default=2)
        fence = "`" * max(3, longest + 1)
        yield f"{fence}text\n{text}\n{fence}"
