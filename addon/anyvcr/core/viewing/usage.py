"""Tokens that an answer cost, by the names that the APIs have for them."""

from anyvcr.core.viewing.exchange import Usage
from anyvcr.core.viewing.loose import Object, number

_INPUT = (("prompt_tokens",), ("input_tokens",), ("promptTokenCount",))
_OUTPUT = (("completion_tokens",), ("output_tokens",), ("candidatesTokenCount",))
_CACHED = (
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
    ("cache_read_input_tokens",),
    ("cachedContentTokenCount",),
)
_REASONING = (
    ("completion_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "reasoning_tokens"),
    ("thoughtsTokenCount",),
)
"""Each in the words of chat completions, of Responses and Anthropic, and of Gemini."""


def usage(value: Object) -> Usage | None:
    """The tokens in an answer's `usage` or `usageMetadata`; None where it counts none."""
    found = Usage(
        input=_first(value, _INPUT),
        output=_first(value, _OUTPUT),
        cached=_first(value, _CACHED),
        reasoning=_first(value, _REASONING),
    )
    return None if found == Usage() else found


def _first(value: Object, places: tuple[tuple[str, ...], ...]) -> int | None:
    counts = (number(value, *place) for place in places)
    return next((count for count in counts if count is not None), None)
