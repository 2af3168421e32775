"""What to change so that a request that missed would be answered: options and their values.

The words in which a user types an option are those of the command that runs, so they are not
known here: whoever shows an advice spells it.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from anyvcr.core.matching.differences import ABSENT, Difference
from anyvcr.core.matching.ignored import RENAMED
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.nearest import Nearest
from anyvcr.core.matching.rules import TOOL_CALL_IDS

Advice: TypeAlias = tuple[tuple[str, str], ...]
"""Options, by their names in the table, that belong together: `(("ignore", "$.user"),)`."""
Spell: TypeAlias = Callable[[Advice], str]
"""Makes of an advice what can be typed, or pasted."""

NEW_EPISODES: Advice = (("mode", "replay-with-new-episodes"),)
"""Record what the cassette does not hold."""

_ADVISED = 5
"""Differences up to which two requests may be meant as the same; a miss spells out as many."""

_MEANT = frozenset(
    [
        "api-version",
        "audio",
        "background",
        "contents",
        "conversation",
        "dimensions",
        "documents",
        "encoding_format",
        "encodingformat",
        "file",
        "file_ids",
        "files",
        "filters",
        "format",
        "frequency_penalty",
        "function_call",
        "functions",
        "generation_config",
        "generationconfig",
        "image",
        "images",
        "include",
        "input",
        "inputs",
        "instructions",
        "language",
        "logit_bias",
        "logprobs",
        "mask",
        "max_completion_tokens",
        "max_new_tokens",
        "max_output_tokens",
        "max_tokens",
        "max_tool_calls",
        "messages",
        "metric",
        "modalities",
        "model",
        "models",
        "modelid",
        "n",
        "options",
        "output",
        "output_format",
        "parallel_tool_calls",
        "parameters",
        "partial_images",
        "prediction",
        "presence_penalty",
        "prompt",
        "purpose",
        "quality",
        "query",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "response",
        "response_format",
        "safety_settings",
        "safetysettings",
        "seed",
        "session",
        "size",
        "source",
        "speed",
        "stop",
        "stop_sequences",
        "stream",
        "stream_options",
        "style",
        "suffix",
        "system",
        "system_instruction",
        "systeminstruction",
        "task",
        "temperature",
        "text",
        "texts",
        "thinking",
        "timestamp_granularities",
        "tool_choice",
        "tool_config",
        "tool_resources",
        "toolconfig",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "training_file",
        "truncation",
        "turn_detection",
        "url",
        "vector_store_ids",
        "verbosity",
        "voice",
        "web_search_options",
    ]
)
"""What a body, query or form says of the answer that it wants, in the words of OpenAI's,
Anthropic's, Google's and Bedrock's APIs: two requests that differ there ask for other answers."""
_ID = re.compile(r"(?:^|[_a-z])(?:id|Id|ID|uuid|_at|_time|timestamp|nonce)$")
"""Members that tell one run from another, wherever they stand."""
_STEP = re.compile(r'\.([^.\[]+)|\["((?:[^"\\]|\\.)*)"\]|\[\d+\]')
_ELEMENT = re.compile(r"\[\d+\]$")
_TOOL_CALL = re.compile(
    r"\$\.(messages\[\d+\]\.(tool_calls\[\d+\]\.id|tool_call_id)"
    r"|input\[\d+\]\.(call_id|id))"
)


def advices(miss: Miss) -> tuple[Advice, ...]:
    """Each of what would have let the request pass, the narrowest first.

    What changes an answer's meaning is never advised to be ignored: not the prompt, the model,
    `stream`, tools or any setting of the model.
    """
    if miss.indistinct:
        return ((("repeats", "strict"),),)
    if miss.used_up:
        return ((("repeats", "sticky"),), (("repeats", "cycle"),), NEW_EPISODES)
    if miss.expected is not None:
        in_any_order = ((("repeats", "once"),),) if miss.equal else ()
        return (*in_any_order, NEW_EPISODES)
    ignoring = _ignoring(miss.nearest[0]) if miss.nearest else ()
    return (ignoring, NEW_EPISODES) if ignoring else (NEW_EPISODES,)


def _ignoring(near: Nearest) -> Advice:
    renamed = [each for each in near.differences if _TOOL_CALL.fullmatch(each.path)]
    others = [each for each in near.differences if each not in renamed]
    rules = [_rule(each) for each in others]
    if renamed:
        rules.append(TOOL_CALL_IDS if _one_to_one(renamed) else "")
    if len(rules) > _ADVISED or not all(rules):
        return ()
    wanted = tuple(("ignore", rule) for rule in rules)
    return (*wanted, ("repeats", "sticky")) if near.already_played else wanted


def _rule(difference: Difference) -> str:
    """What to declare so that this difference does not count; empty for nothing."""
    path = difference.path
    if path.startswith("$"):
        one_sided = ABSENT in (difference.recorded, difference.sent)
        # Ignoring one element of an array would remove another one on the shorter side.
        is_shift = one_sided and _ELEMENT.search(path)
        return "" if path == "$" or is_shift or _is_meant(_names(path)) else path
    kind, _, name = path.partition(":")
    if kind in {"query", "form"}:
        return "" if _is_meant([name]) else path
    return path if kind == "form-type" else ""


def _names(path: str) -> list[str]:
    return [step[1] or step[2] for step in _STEP.finditer(path) if step[1] or step[2]]


def _is_meant(names: Sequence[str]) -> bool:
    """Whether the member that these names lead to can change the answer's meaning."""
    if not names or names[0].lower() not in _MEANT:
        return False
    return len(names) == 1 or _ID.search(names[-1]) is None


def _one_to_one(renamed: Sequence[Difference]) -> bool:
    """Whether the ids are others throughout, neither crossed nor compared by order already."""
    if any(str(each.sent).startswith(RENAMED) for each in renamed):
        return False
    pairs = {(str(each.recorded), str(each.sent)) for each in renamed}
    recorded, sent = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return len(pairs) == len(recorded) == len(sent) and not recorded & sent
