"""The options' values: which place's counts, what its text means, and what the proxy gets.

mitmproxy enforces neither `choices` nor types for a script's options, and an error raised
while they are declared leaves a proxy running without the addon. So values come as texts,
and are parsed here, where a fault is a ConfigError.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from anyvcr import spelling
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import ConfigError, one_of
from anyvcr.core.hosts import OPENAI_API, ApiHosts, Origin
from anyvcr.core.matching import profiles
from anyvcr.core.matching.advice import Spell
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.user_rules import RedactionRules
from anyvcr.core.replay.answer import REFUSED
from anyvcr.core.replay.pacing import INSTANT, Pace
from anyvcr.options import BY_NAME, SETTINGS, SEVERAL, Kind, Option

DEFAULT_CASSETTE = BY_NAME["cassette"].default

T = TypeVar("T")
Value = str | tuple[str, ...]
"""A text, or those of an option that may be given several times."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: the command line, mitmproxy's options, the environment."""

    values: Mapping[str, Value]
    """By the option's name, and none for what is not given there."""
    spelling: Callable[[Option], str]
    """What an option is called there."""

    @classmethod
    def of_command_line(cls, given: Mapping[str, Value]) -> "Layer":
        """The command line's values by option; each text of several is one value, whatever is in it."""
        said = {n: v for n, v in given.items() if v or not BY_NAME[n].is_setting}
        return cls(said, lambda option: (*option.flags, option.name.upper())[0])

    @classmethod
    def of_mitmproxy(cls, given: Mapping[str, str | Sequence[str]]) -> "Layer":
        """The values of mitmproxy's options, by `--set` name."""
        values = {o.name: _divided(o, given.get(o.set_name, "")) for o in SETTINGS}
        return cls(_said(values), attrgetter("set_name"))

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "Layer":
        """The values of environment variables."""
        values = {o.name: _divided(o, environ.get(o.variable, "")) for o in SETTINGS}
        return cls(_said(values), attrgetter("variable"))


class Values:
    """What counts of each option: what the first of some layers says, else its default."""

    def __init__(self, *layers: Layer) -> None:
        self._layers = layers

    def get(self, name: str, parse: Callable[[str], T]) -> T | None:
        """What `parse` makes of the text; raises ConfigError saying where the text is from."""
        for layer in self._layers:
            if name in layer.values:
                try:
                    return parse(str(layer.values[name]))
                except ConfigError as error:
                    spelling = layer.spelling(BY_NAME[name])
                    if spelling in str(error):
                        raise
                    msg = f"{error} (from {spelling})"
                    raise ConfigError(msg) from None
        return None

    def require(self, name: str, parse: Callable[[str], T]) -> T:
        """What `parse` makes of the text of an option with a default; raises ConfigError."""
        value = self.get(name, parse)
        return parse(BY_NAME[name].default) if value is None else value

    def flag(self, name: str) -> bool:
        """Whether a flag is set; raises ConfigError for what is neither true nor false."""
        return self.get(name, lambda text: _flag(BY_NAME[name].set_name, text)) or False

    def source(self, name: str) -> tuple[Value, str]:
        """The value in force, as text, and where it is from in the user's words."""
        for layer in self._layers:
            if name in layer.values:
                return layer.values[name], layer.spelling(BY_NAME[name])
        return BY_NAME[name].default, "default"

    def items(self, name: str) -> tuple[str, ...]:
        """The texts of an option that may be given several times."""
        for layer in self._layers:
            if name in layer.values:
                return tuple(layer.values[name])
        return ()


@dataclass(frozen=True, slots=True)
class Upstream:
    """A replacement for the API's own address: a stand-in that plays it, or a gateway.

    `HOST:PORT` is only another address, as curl's --connect-to: TLS name, Host header and
    path stay the API's. A URL is a gateway with a name of its own: TLS name and Host header
    are the gateway's, and its path is put before the request's.
    """

    host: str
    port: int
    gateway: Origin | None = None
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "Upstream":
        """The gateway that the option's text names; raises ConfigError."""
        if "://" in text:
            origin = Origin.parse(text, "cassette_upstream")
            prefix = urlsplit(text).path.rstrip("/")
            return cls(origin.host, origin.port, origin, prefix)
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            msg = f"cassette_upstream: expected HOST:PORT or a URL, found {text!r}"
            raise ConfigError(msg)
        return cls(host.strip("[]"), int(port))

    @property
    def plain(self) -> bool:
        """Whether the gateway speaks HTTP without TLS."""
        return self.gateway is not None and self.gateway.scheme == "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the proxy gets to know; its defaults are the table's, parsed."""

    cassette: Path = Path(DEFAULT_CASSETTE)
    is_folder: bool = False
    """The name ended in a slash: a cassette for each test in it."""
    mode: Mode = Mode.RECORD_ONCE
    hosts: tuple[str, ...] = ()
    base_url: Origin = OPENAI_API
    upstream: Upstream | None = None
    offline: bool = False
    allow_pages: tuple[str, ...] = ()
    """Hosts, in lower case."""
    allow_loopback: bool = False
    style: Style | None = None
    keep_headers: tuple[str, ...] = ()
    rules: Rules = field(default_factory=lambda: Rules(profiles=profiles.shipped()))
    repeats: Repeats = Repeats.ONCE
    redact: RedactionRules = field(default_factory=RedactionRules)
    pace: Pace = INSTANT
    timing: bool = False
    keep_partial: bool = False
    upload_limit: int = 1 << 30
    """Bytes."""
    miss_status: int = REFUSED
    spell: Spell = spelling.mitmdump
    """The words in which a miss gives its advice."""

    def api_hosts(self) -> ApiHosts:
        """The hosts to intercept; the one behind the base URL is always among them."""
        host = self.base_url.host
        base = f"[{host}]:{self.base_url.port}"
        return ApiHosts((*self.hosts, base))

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """Headers to store beyond those that are always stored."""
        return (*self.keep_headers, *self.rules.headers)

    @classmethod
    def parse(cls, values: Values) -> "Settings":
        """The settings that `values` amount to; raises ConfigError naming the option at fault."""
        cassette = values.require("cassette", str)
        settings = cls(
            cassette=Path(cassette).expanduser(),
            is_folder=cassette.endswith(("/", os.sep)),
            mode=values.require("mode", Mode.parse),
            hosts=values.items("hosts"),
            base_url=values.require("base_url", _base_url),
            upstream=values.get("upstream", Upstream.parse),
            offline=values.flag("offline"),
            allow_pages=tuple(map(str.lower, values.items("allow_pages"))),
            allow_loopback=values.flag("allow_loopback"),
            style=values.get(
                "style", lambda text: one_of(Style, text, "cassette_style")
            ),
            keep_headers=values.items("keep_headers"),
            rules=Rules(
                ignore=values.items("ignore"),
                headers=values.items("match_headers"),
                profiles=profiles.named(values.items("profile")),
            ),
            repeats=values.require("repeats", Repeats.parse),
            redact=RedactionRules.of(values.items("redact")),
            pace=values.require("pace", Pace.parse),
            timing=values.flag("timing"),
            keep_partial=values.flag("keep_partial"),
            upload_limit=values.require("upload_limit", _size),
            miss_status=values.require("miss_status", _error_status),
        )
        settings.api_hosts()
        return settings


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise ConfigError for a `--set` name that looks like ours and is none."""
    known = [option.set_name for option in SETTINGS]
    for name in names:
        if name.startswith("cassette") and name not in known:
            msg = f"unknown option {name}: expected one of {', '.join(known)}"
            raise ConfigError(msg)


def _said(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value}


def _divided(option: Option, given: str | Sequence[str]) -> Value:
    """What a text means that may hold several values; blank means nothing."""
    if option.kind not in SEVERAL:
        return given.strip() if isinstance(given, str) else given[-1].strip()
    texts = [given] if isinstance(given, str) else given
    items = (item.strip() for text in texts for item in _items(option.kind, text))
    return tuple(item for item in items if item)


def _items(kind: Kind, text: str) -> list[str]:
    if kind is Kind.NAMES:
        return text.replace(",", " ").split()
    if kind is Kind.LINES or "\n" in text:
        return text.splitlines()
    # A JSON path may hold a comma in its brackets.
    return re.findall(r"(?:\[[^\]]*\]|[^,\[])+", text)


def _base_url(text: str) -> Origin:
    origin = Origin.parse(text, "cassette_base_url")
    if urlsplit(text).path.rstrip("/") not in ("", "/v1"):
        msg = (
            f"cassette_base_url: expected scheme, host and port only, found {text!r}; "
            "the path comes from the client's own base URL"
        )
        raise ConfigError(msg)
    return origin


def _flag(name: str, text: str) -> bool:
    match text.lower():
        case "" | "false" | "no" | "off" | "0":
            return False
        case "true" | "yes" | "on" | "1":
            return True
    msg = f"{name}: expected true or false, found {text!r}"
    raise ConfigError(msg)


def _error_status(text: str) -> int:
    if not re.fullmatch("[45][0-9][0-9]", text):
        msg = f"cassette_miss_status: expected a status from 400 to 599, found {text!r}"
        raise ConfigError(msg)
    return int(text)


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)([kmg]?)b?", text.lower())
    if match is None:
        msg = f"cassette_upload_limit: expected bytes, with k, m or g, such as 512m, found {text!r}"
        raise ConfigError(msg)
    return int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]]
