"""The addon's options: names, defaults, environment variables, and what their texts mean.

mitmproxy enforces neither `choices` nor types for a script's options, and an error raised
while they are declared leaves a proxy running without the addon. So all are declared as
text, empty for "not set", and parsed here, where a fault is a ConfigError.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from anyvcr.core.cassette.model import Style
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import OPENAI_API, ApiHosts, Origin
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.user_rules import RedactionRules
from anyvcr.core.replay.pacing import INSTANT, Pace
from anyvcr.upstream import Upstream

DEFAULT_CASSETTE = "cassettes/openai.yaml"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the addon; `help` stands in `mitmdump --options`."""

    name: str
    variable: str
    help: str


OPTIONS = (
    Option(
        "cassette",
        "ANYVCR_CASSETTE",
        f"The cassette file. Default: {DEFAULT_CASSETTE} under the working directory.",
    ),
    Option(
        "cassette_mode",
        "ANYVCR_MODE",
        f"go-vcr's mode: {', '.join(Mode)}. Default: record-once.",
    ),
    Option(
        "cassette_hosts",
        "ANYVCR_HOSTS",
        "Further API hosts, separated by commas: host, *.domain or host:port. "
        "OpenAI's and Azure OpenAI's are always among them.",
    ),
    Option(
        "cassette_base_url",
        "ANYVCR_BASE_URL",
        "The API that OPENAI_BASE_URL=http://this-proxy/v1 stands for. "
        f"Default: {OPENAI_API}.",
    ),
    Option(
        "cassette_upstream",
        "ANYVCR_UPSTREAM",
        "Where API requests go instead, without changing what is recorded: HOST:PORT "
        "connects there as if it were the API, a URL sends them to that gateway.",
    ),
    Option(
        "cassette_offline",
        "ANYVCR_OFFLINE",
        "true: refuse every host that is not the API, too. Default: false.",
    ),
    Option(
        "cassette_style",
        "ANYVCR_STYLE",
        "Layout of a new cassette: x-vcr (two spaces) or go-vcr (four). Default: x-vcr.",
    ),
    Option(
        "cassette_keep_headers",
        "ANYVCR_KEEP_HEADERS",
        "Further headers to store, separated by commas.",
    ),
    Option(
        "cassette_match_headers",
        "ANYVCR_MATCH_HEADERS",
        "Headers that must match as well, separated by commas; they are stored, too.",
    ),
    Option(
        "cassette_ignore",
        "ANYVCR_IGNORE",
        "What does not count in matching, separated by commas: a JSON path ($.user), "
        "query:NAME, form:NAME, or the preset tool-call-ids.",
    ),
    Option(
        "cassette_repeats",
        "ANYVCR_REPEATS",
        f"What identical requests get: {', '.join(Repeats)}. Default: once.",
    ),
    Option(
        "cassette_redact",
        "ANYVCR_REDACT",
        "Further secrets to remove, one rule a line: $.json.path, header:NAME or "
        "regex:PATTERN.",
    ),
    Option(
        "cassette_pace",
        "ANYVCR_PACE",
        "How fast answers are played back: instant, recorded, or a factor such as 2x "
        "(twice as fast) or 0.5x. Default: instant.",
    ),
    Option(
        "cassette_timing",
        "ANYVCR_TIMING",
        "true: store when the chunks of streams came, for cassette_pace, under the key "
        "chunk_timing. go-vcr ignores it, and drops it when it writes the file again. "
        "Default: false.",
    ),
    Option(
        "cassette_keep_partial",
        "ANYVCR_KEEP_PARTIAL",
        "true: store answers that broke off, too, marked `partial: true`; played back, "
        "they break off at the same byte. Default: false.",
    ),
    Option(
        "cassette_upload_limit",
        "ANYVCR_UPLOAD_LIMIT",
        "Bytes of a request's body, with k, m or g: a larger one is answered with 413. "
        "Default: 1g.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All options, parsed."""

    cassette: Path = Path(DEFAULT_CASSETTE)
    is_folder: bool = False
    """The name ended in a slash: a cassette for each test in it."""
    mode: Mode = Mode.RECORD_ONCE
    hosts: tuple[str, ...] = ()
    base_url: Origin = OPENAI_API
    upstream: Upstream | None = None
    offline: bool = False
    style: Style | None = None
    keep_headers: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    repeats: Repeats = Repeats.ONCE
    redact: RedactionRules = field(default_factory=RedactionRules)
    pace: Pace = INSTANT
    timing: bool = False
    keep_partial: bool = False
    upload_limit: int = 1 << 30
    """Bytes."""

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
    def parse(
        cls, options: Mapping[str, str], environ: Mapping[str, str]
    ) -> "Settings":
        """Options win over the environment; raises ConfigError naming the option at fault."""
        text = {
            option.name: (
                options.get(option.name) or environ.get(option.variable, "")
            ).strip()
            for option in OPTIONS
        }
        settings = cls(
            cassette=Path(text["cassette"] or DEFAULT_CASSETTE).expanduser(),
            is_folder=text["cassette"].endswith(("/", os.sep)),
            mode=Mode.parse(text["cassette_mode"] or Mode.RECORD_ONCE),
            hosts=_words(text["cassette_hosts"]),
            base_url=_base_url(text["cassette_base_url"] or str(OPENAI_API)),
            upstream=Upstream.parse(text["cassette_upstream"])
            if text["cassette_upstream"]
            else None,
            offline=_flag("cassette_offline", text["cassette_offline"]),
            style=_style(text["cassette_style"]) if text["cassette_style"] else None,
            keep_headers=_words(text["cassette_keep_headers"]),
            rules=Rules(
                ignore=_items(text["cassette_ignore"]),
                headers=_words(text["cassette_match_headers"]),
            ),
            repeats=Repeats.parse(text["cassette_repeats"] or Repeats.ONCE),
            redact=RedactionRules.parse(text["cassette_redact"]),
            pace=Pace.parse(text["cassette_pace"] or "instant"),
            timing=_flag("cassette_timing", text["cassette_timing"]),
            keep_partial=_flag("cassette_keep_partial", text["cassette_keep_partial"]),
            upload_limit=_size(
                "cassette_upload_limit", text["cassette_upload_limit"] or "1g"
            ),
        )
        settings.api_hosts()
        return settings


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise ConfigError for an option that looks like ours and is none."""
    known = [option.name for option in OPTIONS]
    for name in names:
        if name.startswith("cassette") and name not in known:
            msg = f"unknown option {name}: expected one of {', '.join(known)}"
            raise ConfigError(msg)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _items(text: str) -> tuple[str, ...]:
    """What commas outside brackets separate: a JSON path may hold one in its own."""
    items = re.findall(r"(?:\[[^\]]*\]|[^,\[])+", text)
    return tuple(item.strip() for item in items if item.strip())


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


def _size(name: str, text: str) -> int:
    match = re.fullmatch(r"([0-9]+)([kmg]?)b?", text.lower())
    if match is None:
        msg = f"{name}: expected bytes, with k, m or g, such as 512m, found {text!r}"
        raise ConfigError(msg)
    return int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]]


def _style(text: str) -> Style:
    try:
        return Style(text.lower())
    except ValueError:
        msg = f"cassette_style: expected {' or '.join(Style)}, found {text!r}"
        raise ConfigError(msg) from None
