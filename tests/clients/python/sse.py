import json
from collections.abc import Iterable


def text(lines: Iterable[str]) -> str:
    """The content of all `data:` lines of a chat completion."""
    data = (line[6:] for line in lines if line.startswith("data: {"))
    choices = (choice for item in data for choice in json.loads(item)["choices"])
    return "".join(choice["delta"].get("content") or "" for choice in choices)
