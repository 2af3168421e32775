"""JSON of unknown shape, read without surprises: a wrong type is as good as nothing there."""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable, Iterator

Object = dict[str, object]


def parsed(text: str | bytes) -> object:
    """The JSON value of `text`, None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def obj(value: object, *names: str) -> Object:
    """The object at the end of `names`, empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objs(value: object, *names: str) -> list[Object]:
    """The objects of the list at the end of `names`."""
    *way, last = names or ("",)
    found = obj(value, *way).get(last) if names else value
    return (
        [each for each in found if isinstance(each, dict)]
        if isinstance(found, list)
        else []
    )


def text(value: object, *names: str) -> str:
    """The string at the end of `names`, empty where there is none."""
    *way, last = names
    found = obj(value, *way).get(last)
    return found if isinstance(found, str) else ""


def number(value: object, *names: str) -> int | None:
    """The whole number at the end of `names`."""
    *way, last = names
    found = obj(value, *way).get(last)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def index(value: object, default: int) -> int:
    """The `index` that a piece of a stream has, else `default`."""
    found = number(value, "index")
    return default if found is None else found


def settings(
    request: Object, known: frozenset[str], tools: Iterable[str]
) -> Iterator[tuple[str, object]]:
    """What a request asks for beside its messages: its tools by name, and members that are not `known`."""
    if names := list(tools):
        yield "tools", ", ".join(names)
    for name, value in request.items():
        if name not in known and value is not None:
            yield name, value


def base64_size(data: str) -> int:
    """Bytes that a base64 text stands for, about as many where it is none."""
    try:
        return len(a2b_base64(data))
    except (Base64Error, ValueError):
        return len(data) * 3 // 4


def data_url(url: str) -> tuple[str, int] | None:
    """Media type and size of a `data:` URL, None for any other."""
    if not url.startswith("data:"):
        return None
    head, _, data = url[5:].partition(",")
    size = base64_size(data) if head.endswith(";base64") else len(data)
    return head.partition(";")[0], size
