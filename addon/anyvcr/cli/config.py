"""`anyvcr config`: the options in force, as lines of the project's file."""

import json

from anyvcr.core.printable import printable
from anyvcr.options import OPTIONS, SEVERAL, Kind
from anyvcr.settings import Values


def lines(values: Values) -> str:
    """A line of TOML for each option that has a value, with its source as a comment."""
    shown = []
    for option in OPTIONS:
        value, source = values.source(option.name)
        if not value and source == "default":
            continue
        if option.kind in SEVERAL:
            text = json.dumps(list(value), ensure_ascii=False)
        elif option.kind is Kind.FLAG:
            text = str(value)
        else:
            text = json.dumps(value, ensure_ascii=False)
        shown.append(printable(f"{option.name} = {text}  # {source}"))
    return "".join(f"{line}\n" for line in shown)
