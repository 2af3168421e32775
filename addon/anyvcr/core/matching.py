"""Which recorded interaction answers a request: equality by meaning, and the index over it.

Two requests match exactly when their keys are equal. The index sorts interactions by
method and URL when they come, and computes keys in file order only as far as a request
needs them, so a large cassette costs next to nothing at the start.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import quote

from anyvcr.core.body import Body, Form, Json, Lines, Multipart, Repeating, Value
from anyvcr.core.body import digest as body_digest
from anyvcr.core.body import pairs as urlencoded_pairs
from anyvcr.core.body import read as read_body
from anyvcr.core.cassette import Interaction, Request, header
from anyvcr.core.differences import (
    RENAMED,
    Candidate,
    Meaning,
    Miss,
    Nearest,
    Place,
    closest,
    nearest,
)
from anyvcr.core.errors import ConfigError

if TYPE_CHECKING:
    from jsonpath import JSONPath

__all__ = ["Hit", "Index", "Key", "Miss", "Repeats", "Rules", "key", "meaning"]


class Repeats(StrEnum):
    """Which answer identical requests get."""

    ONCE = "once"
    """Their recorded answers in order, each once (go-vcr cassette.go, GetInteraction)."""
    STICKY = "sticky"
    """In order, then the last one again and again."""
    CYCLE = "cycle"
    """In order, then from the first again."""
    STRICT = "strict"
    """The whole cassette in its order, each once."""

    @classmethod
    def parse(cls, text: str) -> "Repeats":
        """The rule of that name; raises ConfigError listing the four."""
        try:
            return cls(text.strip().lower())
        except ValueError:
            msg = f"unknown rule for repeats {text!r}: expected one of {', '.join(cls)}"
            raise ConfigError(msg) from None


TOOL_CALL_IDS = "tool-call-ids"
"""Preset: ids of tool calls are compared by their order of first appearance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What does not count although it differs, and what counts although it is a header.

    Raises ConfigError for a declaration that cannot be read.
    """

    ignore: tuple[str, ...] = ()
    """JSON paths (`$.user`; JSON Lines are an array), `query:NAME`, `form:NAME` (urlencoded
    field or multipart part), `form-type:NAME` (only a part's Content-Type), and
    `tool-call-ids`."""
    headers: tuple[str, ...] = ()
    """Names of the headers that must be equal as well."""
    query: frozenset[str] = field(init=False, repr=False, compare=False)
    form: frozenset[str] = field(init=False, repr=False, compare=False)
    form_type: frozenset[str] = field(init=False, repr=False, compare=False)
    paths: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for entry in self.ignore:
            _check_ignore(entry)
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                msg = f"{name!r} is not the name of a header that could be matched"
                raise ConfigError(msg)
        for name in ("query", "form", "form-type"):
            named = frozenset(_named(self.ignore, f"{name}:"))
            object.__setattr__(self, name.replace("-", "_"), named)
        paths = tuple(entry for entry in self.ignore if entry.startswith("$"))
        object.__setattr__(self, "paths", paths)


def _named(ignore: Sequence[str], prefix: str) -> list[str]:
    return [entry[len(prefix) :] for entry in ignore if entry.startswith(prefix)]


def _check_ignore(entry: str) -> None:
    kind, colon, name = entry.partition(":")
    if entry.startswith("$"):
        _compiled(entry)
    elif entry != TOOL_CALL_IDS and not (
        colon and name and kind in {"query", "form", "form-type"}
    ):
        msg = (
            f"cannot ignore {entry!r}: expected a JSON path such as $.user,"
            f" query:NAME, form:NAME, form-type:NAME or {TOOL_CALL_IDS}"
        )
        raise ConfigError(msg)


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Key(NamedTuple):
    """What a request asks, as a value: equal for two requests exactly when they match."""

    place: Place
    headers: tuple[tuple[str, str], ...]
    body: bytes


def key(request: Request, rules: Rules) -> Key:
    """The key of a recorded or live request."""
    return _key(meaning(request, rules))


def _key(meant: Meaning) -> Key:
    return Key(meant.place, meant.headers, body_digest(meant.body))


def meaning(request: Request, rules: Rules) -> Meaning:
    """All of a request that counts, without what the rules ignore."""
    body = read_body(request.body, _content_type(request))
    return Meaning(
        place=place(request, rules),
        headers=_headers(request, rules),
        body=_without_volatile(body, rules),
    )


def _content_type(request: Request) -> str:
    return header(request.headers, "Content-Type")


def _headers(request: Request, rules: Rules) -> tuple[tuple[str, str], ...]:
    wanted = {name.lower() for name in rules.headers}
    if not wanted:
        return ()
    return tuple(
        sorted(
            (name.lower(), ", ".join(value.strip() for value in values))
            for name, values in request.headers
            if name.lower() in wanted
        )
    )


# Where a request goes


def place(request: Request, rules: Rules) -> Place:
    """Method and URL; spellings that RFC 3986 (6.2.2, 6.2.3) calls equivalent are equal."""
    return _place(request.method or "GET", request.url, request.host, rules.query)


@lru_cache(maxsize=1024)
def _place(method: str, url: str, host: str, ignored: frozenset[str]) -> Place:
    match = _URL.fullmatch(url)
    assert match is not None  # the pattern takes any text
    scheme, netloc, path, query = (part or "" for part in match.groups())
    fields = urlencoded_pairs(query.encode("utf-8", "surrogatepass"))
    return Place(
        method=method,
        scheme=scheme.lower(),
        authority=_authority(scheme.lower(), netloc or host),
        path=_TO_NORMALISE.sub(_normal, path) or "/",
        query=tuple(sorted(pair for pair in fields if pair[0] not in ignored)),
    )


_URL = re.compile(
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
"""RFC 3986, appendix B."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def _authority(scheme: str, netloc: str) -> str:
    host, colon, port = netloc.rpartition("@")[2].lower().rpartition(":")
    if not colon or (not port.isdecimal() and port):
        return netloc.rpartition("@")[2].lower()
    return host if port in ("", _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"


_TO_NORMALISE = re.compile(r"%[0-9A-Fa-f]{2}|[^!-~]|[\"<>\\^`{|}]")
"""Percent-encoded bytes, and what a path may only hold percent-encoded."""


def _normal(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 1:
        return quote(text.encode("utf-8", "surrogatepass"), safe="")
    char = chr(int(text[1:], 16))
    unreserved = char.isascii() and (char.isalnum() or char in "-._~")
    return char if unreserved else text.upper()


# Volatile parts of bodies


def _without_volatile(body: Body, rules: Rules) -> Body:
    if not rules.ignore:
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


Container: TypeAlias = "dict[str, Value] | list[Value] | Repeating"


def _strip(root: Container, rules: Rules) -> Container:
    """`root` itself, changed: parsed for this one purpose."""
    if TOOL_CALL_IDS in rules.ignore:
        _rename_tool_calls(root)
    found = {
        match.parts for path in rules.paths for match in _compiled(path).finditer(root)
    }
    # Deepest first, and from the end of each array, so that no place moves beforehand.
    for parts in sorted(found, key=_removal_order, reverse=True):
        _remove(root, parts)
    return root


def _removal_order(parts: tuple[int | str, ...]) -> tuple[int, int]:
    return len(parts), parts[-1] if isinstance(parts[-1], int) else 0


def _remove(root: Container, parts: tuple[int | str, ...]) -> None:
    parent: object = root
    for part in parts[:-1]:
        parent = parent[part]  # type: ignore[index]  # the path was found in root
    last = parts[-1]
    if isinstance(parent, Repeating):
        parent.pairs = tuple(pair for pair in parent.pairs if pair[0] != last)
    else:
        del parent[last]  # type: ignore[attr-defined]


@lru_cache(maxsize=256)
def _compiled(path: str) -> "JSONPath":
    # Imported here: it takes 100 ms, and few sessions ignore a JSON path.
    from jsonpath import (  # noqa: PLC0415
        JSONPath,
        JSONPathEnvironment,
        JSONPathError,
    )

    try:
        compiled = JSONPathEnvironment(strict=True).compile(path)
    except JSONPathError as error:
        reason = str(error).partition("\n")[0]
        msg = f"cannot ignore {path!r}: not a JSON path of RFC 9535 ({reason})"
        raise ConfigError(msg) from None
    if not isinstance(compiled, JSONPath) or any(compiled.finditer([])):
        msg = f"cannot ignore {path!r}: that is the whole body"
        raise ConfigError(msg)
    return compiled


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


# The index


@dataclass(frozen=True, slots=True)
class Hit:
    """The interaction that answers."""

    interaction: Interaction


@dataclass(slots=True)
class _Equal:
    """Positions of interactions with one key, in file order; those before `next` were played."""

    positions: list[int] = field(default_factory=list)
    next: int = 0


@dataclass(slots=True)
class _Bucket:
    """Positions of interactions of one place; those before `keyed` are in `by_key`."""

    positions: list[int] = field(default_factory=list)
    keyed: int = 0
    by_key: dict[Key, _Equal] = field(default_factory=dict)


class Index:
    """The interactions of one cassette session, and which of them were played."""

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        rules: Rules | None = None,
        repeats: Repeats = Repeats.ONCE,
    ) -> None:
        self._rules = rules or Rules()
        self._repeats = repeats
        self._interactions: list[Interaction] = []
        self._buckets: dict[Place, _Bucket] = {}
        self._played = bytearray()
        """1 for each position that has to wait for its turn to come round again."""
        self._used = bytearray()
        """1 for each position that answered, or was recorded, since the last rewind."""
        self._first = 0
        """Before this position all were played (kept for `strict` only)."""
        for interaction in interactions:
            self.add(interaction, played=False)

    def add(self, interaction: Interaction, *, played: bool) -> None:
        """Append; `played` where its answer has just been given, as after recording it."""
        bucket = self._buckets.setdefault(
            place(interaction.request, self._rules), _Bucket()
        )
        bucket.positions.append(len(self._interactions))
        self._interactions.append(interaction)
        self._played.append(played)
        self._used.append(played)

    def unused(self) -> tuple[Interaction, ...]:
        """Those that answered nothing since the last rewind, in file order."""
        return tuple(
            interaction
            for interaction, used in zip(self._interactions, self._used, strict=True)
            if not used
        )

    def rewind(self) -> None:
        """Start again: nothing was played."""
        count = len(self._interactions)
        self._played, self._used, self._first = bytearray(count), bytearray(count), 0
        for bucket in self._buckets.values():
            for equal in bucket.by_key.values():
                equal.next = 0

    def prepare(self, count: int) -> bool:
        """Compute up to `count` keys before they are asked for; whether some are left."""
        for bucket in self._buckets.values():
            while bucket.keyed < len(bucket.positions):
                if count <= 0:
                    return True
                self._key_one(bucket)
                count -= 1
        return False

    def take(self, request: Request, *, explain: bool = True) -> Hit | Miss:
        """Play the interaction that answers; a Miss names the nearest if it is to `explain`."""
        meant = meaning(request, self._rules)
        wanted = _key(meant)
        if self._repeats is Repeats.STRICT:
            position = self._next_in_file(wanted)
        else:
            position = self._next_equal(request, wanted)
        if position is None:
            return self._miss(request, meant, wanted, explain=explain)
        self._played[position] = self._used[position] = 1
        return Hit(self._interactions[position])

    def _next_equal(self, request: Request, wanted: Key) -> int | None:
        bucket = self._buckets.get(wanted.place)
        if bucket is None:
            return None
        position = self._unplayed(bucket, wanted)
        while position is None and bucket.keyed < len(bucket.positions):
            if self._key_one(bucket, request, wanted) == wanted:
                position = self._unplayed(bucket, wanted)
        return self._again(bucket, wanted) if position is None else position

    def _unplayed(self, bucket: _Bucket, wanted: Key) -> int | None:
        equal = bucket.by_key.get(wanted)
        while equal is not None and equal.next < len(equal.positions):
            position = equal.positions[equal.next]
            equal.next += 1
            if not self._played[position]:
                return position
        return None

    def _again(self, bucket: _Bucket, wanted: Key) -> int | None:
        """The answer once all equal ones were played."""
        equal = bucket.by_key.get(wanted)
        if equal is None or self._repeats is Repeats.ONCE:
            return None
        if self._repeats is Repeats.STICKY:
            return equal.positions[-1]
        for position in equal.positions:
            self._played[position] = 0
        equal.next = 1
        return equal.positions[0]

    def _next_in_file(self, wanted: Key) -> int | None:
        position = self._expected()
        if position is None:
            return None
        recorded = self._interactions[position].request
        return position if key(recorded, self._rules) == wanted else None

    def _expected(self) -> int | None:
        found = self._played.find(0, self._first)
        self._first = len(self._played) if found < 0 else found
        return None if found < 0 else found

    def _key_one(
        self, bucket: _Bucket, request: Request | None = None, wanted: Key | None = None
    ) -> Key:
        """Compute the next key, which is `wanted` at once where it is the same request."""
        position = bucket.positions[bucket.keyed]
        recorded = self._interactions[position].request
        if request and wanted and self._same_bytes(recorded, request, wanted):
            found = wanted
        else:
            found = key(recorded, self._rules)
        bucket.by_key.setdefault(found, _Equal()).positions.append(position)
        bucket.keyed += 1
        return found

    def _same_bytes(self, recorded: Request, request: Request, wanted: Key) -> bool:
        """Whether two requests of one place are equal before any parsing."""
        return (
            recorded.body == request.body
            and _content_type(recorded) == _content_type(request)
            and _headers(recorded, self._rules) == wanted.headers
        )

    def _equal_positions(self, request: Request, wanted: Key) -> list[int]:
        bucket = self._buckets.get(wanted.place, _Bucket())
        while bucket.keyed < len(bucket.positions):
            self._key_one(bucket, request, wanted)
        equal = bucket.by_key.get(wanted)
        return [] if equal is None else equal.positions

    def _miss(
        self, request: Request, meant: Meaning, wanted: Key, *, explain: bool
    ) -> Miss:
        equal = self._equal_positions(request, wanted)
        expected = self._expected() if self._repeats is Repeats.STRICT else None
        return Miss(
            request=request,
            nearest=self._nearest(request, meant, equal, expected) if explain else (),
            used_up=bool(equal) and all(self._played[position] for position in equal),
            expected=None if expected is None else self._interactions[expected].id,
            recorded=len(self._interactions),
        )

    def _nearest(
        self,
        request: Request,
        meant: Meaning,
        equal: Sequence[int],
        expected: int | None,
    ) -> tuple[Nearest, ...]:
        """The one whose turn it is, if there is a turn, then the others by their likeness."""
        first = [] if expected is None else [expected]
        near = equal or self._same_place(meant.place)
        others = [position for position in near if position != expected]
        return tuple(
            found
            for positions in (first, others)
            for found in nearest(
                meant,
                request.body,
                [self._candidate(position) for position in positions],
                lambda recorded: meaning(recorded, self._rules),
            )
        )

    def _candidate(self, position: int) -> Candidate:
        return Candidate(self._interactions[position], bool(self._played[position]))

    def _same_place(self, wanted: Place) -> list[int]:
        """Positions worth comparing: of the same place, else of the most similar ones."""
        bucket = self._buckets.get(wanted)
        if bucket is not None:
            return bucket.positions
        return [
            position
            for other in closest(wanted, self._buckets)
            for position in self._buckets[other].positions
        ]
