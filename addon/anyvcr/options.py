"""The table of options: every option, once.

The command line (cli/parameters.py), mitmproxy's `--set` (proxy/addon.py), the environment
(settings.py) and docs/options.md are all made from OPTIONS.
"""

from dataclasses import dataclass
from enum import Enum, auto

from anyvcr.core.cassette.style import Style
from anyvcr.core.modes import Mode

RUNS = ("record", "replay")
"""The commands that run a program behind a proxy."""
PROXIES = (*RUNS, "serve")
"""The commands that start a proxy."""
PRINTING = ("serve", "env")
"""The commands that print what a client must set."""


class Kind(Enum):
    """What a value is, and how a text that holds several of them is divided."""

    TEXT = auto()
    FLAG = auto()
    """In a text `true` or `false`."""
    FILE = auto()
    """A path; the file must be there."""
    NEW_FILE = auto()
    PORT = auto()
    NAMES = auto()
    """Several, separated by commas or blanks."""
    RULES = auto()
    """Several, one a line or separated by commas outside brackets."""
    LINES = auto()
    """Several, one a line."""


SEVERAL = frozenset({Kind.NAMES, Kind.RULES, Kind.LINES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: its names, its kind, its default and its help."""

    name: str
    flags: tuple[str, ...] = ()
    """On the command line; none for an argument."""
    help: str
    default: str = ""
    """As text, read like any other; empty for none."""
    kind: Kind = Kind.TEXT
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    commands: tuple[str, ...] = PROXIES
    """Those that take it."""
    is_setting: bool = True
    """Whether the addon has it too, by `--set` and by variable."""

    @property
    def set_name(self) -> str:
        """The name for `--set`: all of mitmproxy's options share one name space."""
        return self.name if self.name == "cassette" else f"cassette_{self.name}"

    @property
    def variable(self) -> str:
        """The name of its environment variable."""
        return f"ANYVCR_{self.name.upper()}"


OPTIONS = (
    Option(
        name="cassette",
        help="The cassette file, or a folder with a cassette for each test: end it with a slash.",
        default="cassettes/openai.yaml",
    ),
    Option(
        name="mode",
        flags=("--mode",),
        help="What to do with calls that the cassette holds, and with those it does not.",
        default=Mode.RECORD_ONCE,
        choices=tuple(Mode),
        commands=("record", "serve"),
    ),
    Option(
        name="strict",
        flags=("--strict",),
        help="Also fail on interactions that nobody asked for.",
        kind=Kind.FLAG,
        commands=("replay",),
        is_setting=False,
    ),
    Option(
        name="max_age",
        flags=("--max-age",),
        help="Also fail on cassettes committed (or else written) longer ago: 30d, 12h, 2w.",
        metavar="AGE",
        commands=("replay",),
        is_setting=False,
    ),
    Option(
        name="allow_no_calls",
        flags=("--allow-no-calls",),
        help="Do not fail where COMMAND calls no API, so that nothing is recorded or played.",
        kind=Kind.FLAG,
        commands=RUNS,
        is_setting=False,
    ),
    Option(
        name="allow_dropped",
        flags=("--allow-dropped",),
        help="Do not fail on calls that could not be recorded, such as answers cut short.",
        kind=Kind.FLAG,
        commands=("record",),
        is_setting=False,
    ),
    Option(
        name="report",
        flags=("--report",),
        help="Write hits, misses and unused interactions of each cassette there, as JSON.",
        kind=Kind.NEW_FILE,
        commands=RUNS,
        is_setting=False,
    ),
    Option(
        name="base_url_only",
        flags=("--base-url",),
        help="Set OPENAI_BASE_URL instead of HTTPS_PROXY: needs no certificate.",
        kind=Kind.FLAG,
        commands=(*PROXIES, "env"),
        is_setting=False,
    ),
    Option(
        name="client_cassette",
        flags=("--cassette",),
        help="Name a cassette of the proxy's folder in the printed proxy or base URL.",
        metavar="NAME",
        commands=PRINTING,
        is_setting=False,
    ),
    Option(
        name="shell",
        flags=("--shell",),
        help="How to print the variables.",
        default="sh",
        choices=("sh", "fish", "powershell", "dotenv", "github", "json"),
        commands=PRINTING,
        is_setting=False,
    ),
    Option(
        name="hosts",
        flags=("--api-host",),
        help="A further API host to intercept: name, *.domain or host:port.",
        kind=Kind.NAMES,
        metavar="HOST",
        commands=(*PROXIES, "env"),
    ),
    Option(
        name="base_url",
        flags=("--api",),
        help="The API that OPENAI_BASE_URL=http://this-proxy/v1 stands for.",
        default="https://api.openai.com",
        metavar="URL",
    ),
    Option(
        name="upstream",
        flags=("--upstream",),
        help="Send API requests there instead; what is recorded stays the same. HOST:PORT "
        "poses as the API, a URL is a gateway.",
        metavar="HOST:PORT|URL",
    ),
    Option(
        name="upstream_ca",
        flags=("--upstream-ca",),
        help="Certificates (PEM) to trust towards the upstream, besides the usual ones.",
        kind=Kind.FILE,
        is_setting=False,
    ),
    Option(
        name="offline",
        flags=("--offline",),
        help="Refuse every host that is not the API, too.",
        kind=Kind.FLAG,
    ),
    Option(
        name="allow_pages",
        flags=("--allow-page",),
        help="A further host whose web pages may call the base URL, besides loopback's, local "
        "names and the API's; * for all.",
        kind=Kind.NAMES,
        metavar="HOST",
    ),
    Option(
        name="allow_loopback",
        flags=("--allow-loopback",),
        help="Let clients of other machines reach this machine's own loopback by the proxy.",
        kind=Kind.FLAG,
        commands=("serve",),
    ),
    Option(
        name="keep_headers",
        flags=("--keep-header",),
        help="A further header to store.",
        kind=Kind.NAMES,
        metavar="NAME",
    ),
    Option(
        name="match_headers",
        flags=("--match-header",),
        help="A header that must match as well, such as openai-beta; it is stored, too.",
        kind=Kind.NAMES,
        metavar="NAME",
    ),
    Option(
        name="ignore",
        flags=("--ignore",),
        help="What does not count in matching: a JSON path ($.user), query:NAME, form:NAME, "
        "form-type:NAME, or tool-call-ids.",
        kind=Kind.RULES,
        metavar="WHAT",
    ),
    Option(
        name="profile",
        flags=("--profile",),
        help="A known client, by name, whose volatile parts do not count; all that are known "
        "where none is given, chosen by the User-Agent, and none for `none`.",
        kind=Kind.NAMES,
        metavar="NAME",
    ),
    Option(
        name="repeats",
        flags=("--repeats",),
        help="What identical requests get: each answer once, the last again, all again, or "
        "only in the file's order.",
        default="once",
        choices=(
            "once",
            "sticky",
            "cycle",
            "strict",
        ),  # Repeats, which takes long to import
    ),
    Option(
        name="redact",
        flags=("--redact",),
        help="A further secret to remove: $.json.path, header:NAME or regex:PATTERN.",
        kind=Kind.LINES,
        metavar="RULE",
    ),
    Option(
        name="pace",
        flags=("--pace",),
        help="How fast answers are played back: instant, recorded, or a factor such as 2x "
        "(twice as fast) or 0.5x.",
        default="instant",
        metavar="PACE",
    ),
    Option(
        name="timing",
        flags=("--timing",),
        help="Store when the chunks of streams came, so that pace can repeat it. go-vcr "
        "ignores what is stored, and drops it when it writes the file again.",
        kind=Kind.FLAG,
    ),
    Option(
        name="keep_partial",
        flags=("--keep-partial",),
        help="Store answers that broke off, too; played back, they break off at the same byte.",
        kind=Kind.FLAG,
    ),
    Option(
        name="upload_limit",
        flags=("--upload-limit",),
        help="Answer larger requests with 413; bytes, with k, m or g.",
        default="1g",
        metavar="SIZE",
    ),
    Option(
        name="miss_status",
        flags=("--miss-status",),
        help="Status of the error that a call gets which the cassette does not hold.",
        default="418",
        metavar="CODE",
    ),
    Option(
        name="style",
        flags=("--style",),
        help=f"Layout of a new cassette; {Style.X_VCR} where none is given.",
        choices=tuple(Style),
    ),
    Option(
        name="host",
        flags=("--host",),
        help="Address to listen on; any other than loopback lets the network use this proxy.",
        default="127.0.0.1",
        commands=PRINTING,
        is_setting=False,
    ),
    Option(
        name="port",
        flags=("--port",),
        help="Port to listen on; 0 for a free one.",
        default="0",
        kind=Kind.PORT,
        commands=(*PROXIES, "env"),
        is_setting=False,
    ),
    Option(
        name="quiet",
        flags=("--quiet", "-q"),
        help="Only say what went wrong.",
        kind=Kind.FLAG,
        is_setting=False,
    ),
    Option(
        name="verbose",
        flags=("--verbose", "-v"),
        help="Say everything.",
        kind=Kind.FLAG,
        is_setting=False,
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
SETTINGS = tuple(option for option in OPTIONS if option.is_setting)
