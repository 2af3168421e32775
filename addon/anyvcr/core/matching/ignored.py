"""Leaves out of a body what the rules ignore, before it is compared."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from anyvcr.core.matching.body import Body, Form, Json, Lines, Multipart
from anyvcr.core.matching.json_value import Repeating, Value
from anyvcr.core.matching.rules import TOOL_CALL_IDS, Rules, compiled_path

SPAN = "\0"
"""What stands for a part of a text that does not count: no prompt holds it."""

RENAMED = "tool call "
"""What stands for an id that is compared by its order of appearance, with a number."""
Container: TypeAlias = "dict[str, Value] | list[Value] | Repeating"


def without_volatile(body: Body, rules: Rules) -> Body:
    """`body` without the ignored parts. Modifies the parsed value in place."""
    if not rules.ignore and not rules.spans:
        return body
    match body:
        case Json(value) if isinstance(value, dict | list | Repeating):
            return Json(_strip(value, rules))
        case Lines(values):
            _strip(values, rules)
            return Lines(values)
        case Form(pairs):
            return Form(tuple(pair for pair in pairs if pair[0] not in rules.form))
        case Multipart():
            return _strip_parts(body, rules)
        case _:
            return body


def _strip_parts(body: Multipart, rules: Rules) -> Multipart:
    kept = (part for part in body.parts if part.name not in rules.form)
    return Multipart(
        tuple(
            replace(part, type="") if part.name in rules.form_type else part
            for part in kept
        )
    )


def _strip(root: Container, rules: Rules) -> Container:
    """`root` itself, changed: parsed for this one purpose."""
    if TOOL_CALL_IDS in rules.ignore:
        _rename_tool_calls(root)
    found = {
        match.parts
        for path in rules.paths
        for match in compiled_path(path).finditer(root)
    }
    # Deepest first, and from the end of each array, so that no place moves beforehand.
    for parts in sorted(found, key=_removal_order, reverse=True):
        _remove(root, parts)
    for span in rules.spans:
        for match in list(compiled_path(span.path).finditer(root)):
            if isinstance(match.obj, str):
                _set(root, match.parts, _without(match.obj, span.pattern))
    return root


def _without(text: str, pattern: re.Pattern[str]) -> str:
    """`text` with SPAN in place of what the groups of `pattern` match."""

    def replaced(found: re.Match[str]) -> str:
        whole, start = found[0], found.start()
        for group in range(pattern.groups, 0, -1):
            begin, end = found.span(group)
            if begin >= 0:
                whole = whole[: begin - start] + SPAN + whole[end - start :]
        return whole

    return pattern.sub(replaced, text)


def _set(root: Container, parts: tuple[int | str, ...], text: str) -> None:
    parent = _at(root, parts[:-1])
    if isinstance(parent, dict | list):  # one with a repeated name stays as it is
        parent[parts[-1]] = text  # type: ignore[index]  # found in root


def _at(root: Container, parts: tuple[int | str, ...]) -> object:
    found: object = root
    for part in parts:
        found = found[part]  # type: ignore[index]  # the path was found in root
    return found


def _removal_order(parts: tuple[int | str, ...]) -> tuple[int, int]:
    return len(parts), parts[-1] if isinstance(parts[-1], int) else 0


def _remove(root: Container, parts: tuple[int | str, ...]) -> None:
    parent = _at(root, parts[:-1])
    last = parts[-1]
    if isinstance(parent, Repeating):
        parent.pairs = tuple(pair for pair in parent.pairs if pair[0] != last)
    else:
        del parent[last]  # type: ignore[attr-defined]


def _rename_tool_calls(root: Container) -> None:
    """Give every id of a tool call the number of its first appearance.

    Two requests then differ where their ids are crossed, not where they are others.
    """
    numbers: dict[str, str] = {}
    for holder, name in _id_places(root):
        identifier = holder.get(name)
        if isinstance(identifier, str):
            new = f"{RENAMED}{len(numbers) + 1}"
            holder[name] = numbers.setdefault(identifier, new)


def _id_places(root: Container) -> "Iterator[tuple[dict[str, Value], str]]":
    """$.messages[*].tool_calls[*].id, $.messages[*].tool_call_id, $.input[*]['call_id', 'id']."""
    if not isinstance(root, dict):
        return
    for message in _objects(root.get("messages")):
        for call in _objects(message.get("tool_calls")):
            yield call, "id"
        yield message, "tool_call_id"
    for item in _objects(root.get("input")):
        yield item, "call_id"
        if item.get("type") != "item_reference":  # that id is all such an item says
            yield item, "id"


def _objects(values: "Value") -> "list[dict[str, Value]]":
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, dict)]
