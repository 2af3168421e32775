"""Maps a JSON path to the character span of its value, and a span back to its path.

A value can so be replaced, or named, while all other text keeps its bytes.
"""

import json
import re
from collections.abc import Iterator

from anyvcr.core import utf8
from anyvcr.core.json_path import step

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_MESSAGE = re.compile(rb"[<>]%?(?:@[0-9.]+)? (?=[{\[])")
"""What a line of a WebSocket's transcript has before its JSON."""
_ATTEMPTS = 8
"""Lines at which JSON of several lines may begin that turns out to be none."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s"{}\[\],:]+')


def is_json(text: bytes) -> bool:
    """Whether `text` is one JSON text; bytes that are not UTF-8 may stand in its strings."""
    try:
        json.loads(utf8.decode(text))
    except (ValueError, RecursionError):
        return False
    return True


def json_view(body: bytes) -> bytes:
    """`body` with blanks for what parts the `data:` lines of one event, so that their JSON is whole."""
    lines, was_data = body.splitlines(keepends=True), False
    for number, line in enumerate(lines):
        is_data = line.startswith(b"data:")
        if is_data and was_data:
            lines[number] = b"     " + line[5:]
        was_data = is_data
    return b"".join(lines)


def json_documents(body: bytes) -> Iterator[tuple[int, int]]:
    """Spans of the JSON texts in a body: all of it, or its lines (JSON Lines, SSE, a transcript).

    What is no JSON around them does not matter: a byte that is not UTF-8, a NUL at the end,
    a line that was cut off. An event whose data are several lines is JSON in `json_view`.
    """
    if is_json(body):
        yield 0, len(body)
        return
    view, after, done, attempts = json_view(body), 0, 0, 0
    for line in body.splitlines(keepends=True):
        value = _lead(line)
        after += len(line)
        at = after - len(value)
        if at < done or value[:1] not in (b"{", b"["):
            continue
        size = _document_size(value)
        if not size and attempts < _ATTEMPTS:
            attempts += 1
            size = _document_size(view[at:])
        if size:
            done = at + size
            yield at, done


def _lead(line: bytes) -> bytes:
    if mark := _MESSAGE.match(line):
        return line[mark.end() :]
    return line.lstrip(b"\xef\xbb\xbf \t").removeprefix(b"data:").lstrip(b" \t")


def _document_size(data: bytes) -> int:
    """Length of the JSON text with which `data` begins; 0 where there is none."""
    text = utf8.decode(data)
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return 0
    return len(utf8.encode(text[:end]))


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


def leaves(text: str) -> Iterator[tuple[tuple[int | str, ...], int, int]]:
    """Path and span of every string, and of every list of numbers, in the JSON `text`."""
    path: list[int | str] = []
    starts: list[int] = []
    is_name = False
    is_flat = False
    for match in _TOKEN.finditer(text):
        token = match[0]
        match token[0]:
            case "{":
                path.append("")
                starts.append(match.start())
                is_name, is_flat = True, False
            case "[":
                path.append(0)
                starts.append(match.start())
                is_name, is_flat = False, True
            case "}" | "]":
                path.pop()
                start = starts.pop()
                if is_flat:
                    yield tuple(path), start, match.end()
                is_name = is_flat = False
            case ",":
                last = path[-1] if path else ""
                is_name = isinstance(last, str)
                if isinstance(last, int):
                    path[-1] = last + 1
            case '"' if is_name:
                path[-1] = json.loads(token, strict=False)
                is_name = False
            case '"':
                yield tuple(path), match.start(), match.end()
                is_flat = False
