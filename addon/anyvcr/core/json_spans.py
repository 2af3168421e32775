"""Maps a JSON path to the character span of its value, and a span back to its path.

A value can so be replaced, or named, while all other text keeps its bytes.
"""

import json
import re
from collections.abc import Iterator

from anyvcr.core.json_path import step

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def is_json(text: bytes) -> bool:
    """Whether `text` is one JSON text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def json_documents(body: bytes) -> Iterator[tuple[int, int]]:
    """Spans of the JSON texts in a body: all of it, or its lines (JSON Lines, SSE's `data:`)."""
    if is_json(body):
        yield 0, len(body)
        return
    start = 0
    for line in body.splitlines(keepends=True):
        value = line.removeprefix(b"data:").strip()
        if value[:1] in (b"{", b"[") and is_json(value):
            at = start + line.index(value)
            yield at, at + len(value)
        start += len(line)


def path_at(text: str, offset: int) -> str:
    """JSON path of the innermost value of the JSON `text` that holds the character at `offset`.

    For the name of a member, the path of the object that has it.
    """
    path, at = "$", _skip(text, 0)
    while text[at : at + 1] in ("{", "["):
        for key, start, end in _members(text, at):
            if start <= offset < end:
                path, at = path + step(key), start
                break
        else:
            break
    return path


def path_of(steps: tuple[int | str, ...]) -> str:
    """JSON path of the value to which `steps` lead."""
    return "$" + "".join(map(step, steps))


def spans(text: str, path: tuple[int | str, ...]) -> Iterator[tuple[int, int]]:
    """Where in the JSON `text` the value at `path` stands; repeated names all count."""
    at = _skip(text, 0)
    if path:
        yield from _spans(text, at, path)
    else:
        yield at, _DECODER.raw_decode(text, at)[1]


def _spans(
    text: str, at: int, path: tuple[int | str, ...]
) -> Iterator[tuple[int, int]]:
    for key, start, end in _members(text, at):
        if key == path[0] and len(path) == 1:
            yield start, end
        elif key == path[0]:
            yield from _spans(text, start, path[1:])


def _members(text: str, at: int) -> Iterator[tuple[int | str, int, int]]:
    """Key or index, and span, of each value in the object or array that starts at `at`."""
    in_object = text[at] == "{"
    at, index = _skip(text, at + 1), 0
    while text[at] not in "]}":
        key: int | str = index
        if in_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        end = _DECODER.raw_decode(text, at)[1]
        yield key, at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
