"""JSON paths of RFC 9535, as the user writes them in rules."""

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from anyvcr.core.errors import ConfigError

if TYPE_CHECKING:
    from jsonpath import JSONPath

_SHORTHAND = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def step(key: int | str) -> str:
    """One step of a path, to a member or an element (RFC 9535, section 2.5.1)."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _SHORTHAND.fullmatch(key) else f"[{json.dumps(key)}]"


@lru_cache(maxsize=256)
def compiled(path: str, purpose: str) -> "JSONPath":
    """`path` as a query; raises ConfigError that says for which `purpose` (`ignore`) it was given."""
    # Imported here: it takes 100 ms, and few sessions have a JSON path.
    from jsonpath import (  # noqa: PLC0415
        JSONPath,
        JSONPathEnvironment,
        JSONPathError,
    )

    try:
        query = JSONPathEnvironment(strict=True).compile(path)
    except JSONPathError as error:
        reason = str(error).partition("\n")[0]
        msg = f"cannot {purpose} {path!r}: not a JSON path of RFC 9535 ({reason})"
        raise ConfigError(msg) from None
    if not isinstance(query, JSONPath):
        msg = f"cannot {purpose} {path!r}: not one JSON path of RFC 9535"
        raise ConfigError(msg)
    return query
