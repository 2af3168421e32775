"""JSON of unknown shape, read without surprises: a wrong type is as good as nothing there."""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator

Object = dict[str, object]


def parsed(text: str | bytes) -> object:
    """The JSON value, None for what is none."""
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
    """The `index` of a piece of a stream."""
    found = number(value, "index")
    return default if found is None else found


def others(value: Object, known: frozenset[str]) -> Iterator[tuple[str, object]]:
    """The members that are not `known`, in order, without nulls."""
    return ((k, v) for k, v in value.items() if k not in known and v is not None)


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
