"""What HTTP/1.1 cannot carry of a recorded response: mended where that is sure, else refused.

A cassette is text that anyone may edit. The rules are RFC 9110's: status codes of three digits
(section 15), names that are tokens (5.1), values without CR, LF and NUL and without blanks
around them (5.5). Every door and every mode asks here before it plays an interaction, so that
nothing in a cassette splits an answer or adds a header to it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from anyvcr.core.cassette.extensions import CONVERSATION
from anyvcr.core.cassette.model import Headers, Interaction, Response, header
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.go.status import reason

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]+")
_CONTROL = re.compile(r"[\0-\x08\n-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that cannot go on the wire as it stands; never a value of the file."""

    what: str
    """A sentence's rest: what was found where, and what was expected."""
    mended: bool
    """Whether `playable` puts it right; the interaction cannot be played otherwise."""


def faults(interaction: Interaction) -> list[Fault]:
    """Everything in the response of `interaction` that HTTP cannot carry, for `anyvcr check`."""
    response = interaction.response
    found = []
    if not _answers(interaction):
        what = f"expected a status code from 200 to 999 in `response.code`, found {response.code}"
        found.append(Fault(what, mended=False))
    if _is_odd_status(response):
        what = "expected the code and a reason in `response.status`, found a control character or another code"
        found.append(Fault(what, mended=True))
    for field in ("headers", "trailer"):
        found += _header_faults(getattr(response, field), f"response.{field}")
    return found


def playable(interaction: Interaction) -> Interaction:
    """`interaction` as it can be played; itself where nothing is to be mended.

    Raises CassetteFormatError, naming the interaction's id, for what cannot be mended.
    """
    found = faults(interaction)
    for fault in found:
        if not fault.mended:
            msg = f"{fault.what}: mend it by hand, or record the interaction again"
            raise CassetteFormatError(msg, interaction=interaction.id)
    if not found:
        return interaction
    response = interaction.response
    return replace(
        interaction,
        response=replace(
            response,
            status=_mended_status(response),
            headers=_mended(response.headers),
            trailer=_mended(response.trailer),
        ),
    )


def _answers(interaction: Interaction) -> bool:
    """101 counts where a WebSocket began with it: its request asked, or its conversation is kept."""
    code = interaction.response.code
    if code == 101:
        kind = header(interaction.response.headers, "Content-Type")
        asked = header(interaction.request.headers, "Upgrade")
        return bool(asked) or kind == CONVERSATION
    return is_final(code)


def is_final(code: int) -> bool:
    """Whether an answer with `code` ends an exchange, and HTTP can carry it."""
    return 200 <= code <= 999


def _is_odd_status(response: Response) -> bool:
    """go-vcr's status is `200 OK`; an empty one, or one without a reason, is usual."""
    code, _, phrase = response.status.partition(" ")
    other = code.isascii() and code.isdecimal() and code != str(response.code)
    return (
        other
        or _CONTROL.search(phrase) is not None
        or _CONTROL.search(code) is not None
    )


def _mended_status(response: Response) -> str:
    if not _is_odd_status(response):
        return response.status
    return f"{response.code} {reason(response.code)}".rstrip()


@lru_cache(maxsize=1024)
def _header_faults(headers: Headers, field: str) -> tuple[Fault, ...]:
    return tuple(_each_header_fault(headers, field))


def _each_header_fault(headers: Headers, field: str) -> Iterator[Fault]:
    for position, (name, values) in enumerate(headers, 1):
        if _TOKEN.fullmatch(name) is None:
            what = f"expected a name of letters, digits and hyphens for entry {position} of `{field}`, found other characters"
            yield Fault(what, mended=False)
            continue
        for value in values:
            if _FORBIDDEN.search(_unfolded(value)):
                what = f"expected one line of text in `{field}.{name}`, found CR, LF or NUL in it"
                yield Fault(what, mended=False)
            elif value != _unfolded(value):
                what = f"expected no folded line and no blanks around the value in `{field}.{name}`"
                yield Fault(what, mended=True)


@lru_cache(maxsize=1024)
def _mended(headers: Headers) -> Headers:
    return tuple(
        (name, tuple(_unfolded(value) for value in values)) for name, values in headers
    )


def _unfolded(value: str) -> str:
    """Without blanks around it; a line folded by the old rule is one line (RFC 9112, section 5.2)."""
    return _FOLD.sub(" ", value).strip(" \t")
