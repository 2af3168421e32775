"""Checks cassettes for faults and secrets, and removes the secrets from them."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from anyvcr.cassettes import store
from anyvcr.core import utf8
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Interaction
from anyvcr.core.cassette.playable import faults
from anyvcr.core.errors import CassetteError, CassetteFormatError, ConfigError
from anyvcr.core.redaction.body_text import decompressed
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import find, scan, splice, unread
from anyvcr.core.redaction.patterns import Hit
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

_SUFFIXES = (".yaml", ".yml")
_TOP_LEVEL = re.compile(
    rb"""(?m)^(?:["']?interactions["']?\s*:|\{\s*["']?(?:interactions|version)["']?\s*:)"""
)
_ITEM = re.compile(rb"(?m)^[ ]*-[ ]+id:[ ]*(\d+)[ ]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with one file; never the secret itself."""

    file: str
    what: str
    """`invalid`, or the rule that a secret was found by."""
    message: str
    line: int | None = None
    interaction: int | None = None
    """The id, or the place in the list where the file could not be read."""


def cassettes(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and every YAML file below the folders named, leftovers of a recording too.

    Raises ConfigError.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if _is_yaml(p) and p.is_file())
        elif path.exists():
            yield path
        else:
            msg = f"{path} does not exist"
            raise ConfigError(msg)


def _is_yaml(path: Path) -> bool:
    stem = path.name.removesuffix(".old").removesuffix(".partial")
    return Path(stem).suffix.lower() in _SUFFIXES


def is_cassette(path: Path) -> bool:
    """Whether the file is meant to be one: it has interactions at its top, whatever else it is."""
    data = _read(path)
    return not data.strip() or _TOP_LEVEL.search(data) is not None


def problems(path: Path) -> Iterator[Problem]:
    """What is wrong with the cassette in `path`, in its interactions and anywhere else in the file."""
    data = _read(path)
    known: list[bytes] = []
    try:
        cassette = cassette_format.loads(data, file=str(path))
    except CassetteFormatError as error:
        yield Problem(
            file=str(path),
            what="invalid",
            message=error.what,
            line=error.line,
            interaction=error.interaction,
        )
    else:
        known = [_told(interaction) for interaction in cassette.interactions]
        starts = {int(match[1]): match.start() for match in _ITEM.finditer(data)}
        for interaction in cassette.interactions:
            start = starts.get(interaction.id, 0)
            for fault in faults(interaction):
                if not fault.mended:
                    yield Problem(
                        file=str(path),
                        what="unplayable",
                        message=fault.what,
                        line=data.count(b"\n", 0, start) + 1,
                        interaction=interaction.id,
                    )
            for finding in scan(interaction):
                yield Problem(
                    file=str(path),
                    what=finding.rule,
                    message=f"a secret in the {finding.where}",
                    line=_line(data, finding.secret, start),
                    interaction=interaction.id,
                )
    for start, _, rule in _elsewhere(data, known):
        yield Problem(
            file=str(path),
            what=rule,
            message="a secret outside of the interactions",
            line=data.count(b"\n", 0, start) + 1,
        )


def unread_bodies(path: Path) -> Iterator[str]:
    """Bodies of the cassette in `path` that no check can look into, in words."""
    with contextlib.suppress(CassetteFormatError):
        for interaction in cassette_format.loads(_read(path)).interactions:
            for place in unread(interaction):
                yield f"{path}, interaction {interaction.id}: not looked into: {place}"


def _told(interaction: Interaction) -> bytes:
    """All that a look at the interaction has judged, as text."""
    sides = (interaction.request, interaction.response)
    texts = [repr(replace(each, body=b"")) for each in sides]
    texts.append(repr(interaction.extra))
    return b"\0".join((*(each.body for each in sides), *map(utf8.encode, texts)))


def _elsewhere(data: bytes, known: list[bytes]) -> list[Hit]:
    """Secrets in the bytes of a file that stand in no interaction: comments, other documents, names."""
    found = []
    for hit in find(data):
        secret = data[hit.start : hit.end]
        plain = secret.replace(b"\\", b"")
        if not any(
            secret in each or plain in each.replace(b"\\", b"") for each in known
        ):
            found.append(hit)
    return found


def _line(data: bytes, secret: bytes, start: int) -> int | None:
    """The line of `secret` from `start` on; where it is written otherwise, the interaction's."""
    at = data.find(secret, start) if secret else -1
    if at < 0:
        at = start
    return data.count(b"\n", 0, at) + 1 if at else None


@dataclass(frozen=True, slots=True)
class Removed:
    """What redacting a file came to."""

    interactions: int
    """How many changed."""
    elsewhere: int
    """Secrets that stood outside of them."""


def redact(path: Path, rules: RedactionRules) -> Removed:
    """Remove the secrets from the file in `path`, in one step, wherever they stand.

    Raises CassetteError where it cannot be read or written, RedactionError where a secret
    cannot be removed; then the file is as it was.
    """
    data = _read(path)
    cassette = cassette_format.loads(data, file=str(path))
    redactor = Redactor(rules, Credentials())
    clean = tuple(_redacted(redactor, i) for i in cassette.interactions)
    changed = sum(a is not b for a, b in zip(clean, cassette.interactions, strict=True))
    after = data
    if changed:
        after = cassette_format.dumps(replace(cassette, interactions=clean))
    hits = _elsewhere(after, [_told(interaction) for interaction in clean])
    if hits:
        after = splice(after, hits)
        cassette_format.loads(after, file=str(path))  # raises where that broke it
    if after is not data:
        _replace(path, after)
    return Removed(changed, len(hits))


def _redacted(redactor: Redactor, interaction: Interaction) -> Interaction:
    request = redactor.request(interaction.request)
    response = redactor.response(interaction.response)
    if request is interaction.request and response is interaction.response:
        return interaction
    return replace(interaction, request=request, response=response)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise CassetteError(msg) from error
    return decompressed(data) or data


def _replace(path: Path, data: bytes) -> None:
    """A whole file in one step, with the mode of the one before; links stay links."""
    try:
        store.replace(path, data)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CassetteError(msg) from error
