"""The `anyvcr` command: thin calls of library functions, and the one error boundary."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import anyvcr
from anyvcr.cli import talk
from anyvcr.core.cassette import Style
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.modes import Mode

if TYPE_CHECKING:
    from anyvcr.cli.run import Listener
    from anyvcr.proxy.options import Settings

Command = Callable[..., Any]


def main() -> None:
    """Run the command line; an error of ours is one line on stderr and exit code 1."""
    try:
        cli()
    except AnyvcrError as error:
        talk.say(str(error))
        sys.exit(1)
    except Exception as error:
        talk.crash(error)
        sys.exit(1)
    finally:
        # Else Python ends with 100 ms of freeing what the system takes back anyway.
        gc.disable()
        gc.freeze()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(anyvcr.__version__, prog_name="anyvcr")
def cli() -> None:
    """Record the OpenAI calls of any program, and play them back in its tests.

    \b
    anyvcr record cassettes/chat.yaml -- npm test     calls the API, writes the cassette
    anyvcr replay cassettes/chat.yaml -- npm test     offline, no key, from the cassette

    The command after -- runs with HTTPS_PROXY and its runtime's certificate variables set,
    so it need not change. Its input, output, signals and exit code stay its own; lines on
    stderr that begin with "anyvcr:" are ours.
    """


def _proxy_options(command: Command) -> Command:
    """The options that every command with a proxy takes."""
    options = (
        click.option(
            "--api-host",
            "hosts",
            multiple=True,
            metavar="HOST",
            help="A further API host to intercept: name, *.domain or host:port. May be repeated.",
        ),
        click.option(
            "--api",
            metavar="URL",
            help="The API that OPENAI_BASE_URL stands for.  [default: https://api.openai.com]",
        ),
        click.option(
            "--upstream",
            metavar="HOST:PORT|URL",
            help="Send API requests there instead; what is recorded stays the same.",
        ),
        click.option(
            "--upstream-ca",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Certificates (PEM) to trust toward the upstream, besides the usual ones.",
        ),
        click.option(
            "--offline",
            is_flag=True,
            help="Refuse every host that is not the API, too.",
        ),
        click.option(
            "--keep-header",
            "keep_headers",
            multiple=True,
            metavar="NAME",
            help="A further header to store. May be repeated.",
        ),
        click.option(
            "--match-header",
            "match_headers",
            multiple=True,
            metavar="NAME",
            help="A header that must match as well, such as openai-beta. May be repeated.",
        ),
        click.option(
            "--ignore",
            multiple=True,
            metavar="WHAT",
            help="What does not count in matching: a JSON path ($.user), query:NAME, "
            "form:NAME, or tool-call-ids. May be repeated.",
        ),
        click.option(
            "--repeats",
            type=click.Choice(["once", "sticky", "cycle", "strict"]),
            help="What identical requests get: each answer once, the last again, all "
            "again, or only in the file's order.  [default: once]",
        ),
        click.option(
            "--redact",
            multiple=True,
            metavar="RULE",
            help="A further secret to remove: $.json.path, header:NAME or regex:PATTERN. "
            "May be repeated.",
        ),
        click.option(
            "--pace",
            metavar="PACE",
            help="How fast answers are played back: instant, recorded, or a factor such as 2x "
            "(twice as fast) or 0.5x.  [default: instant]",
        ),
        click.option(
            "--timing",
            is_flag=True,
            help="Store when the chunks of streams came, so that --pace can repeat it. go-vcr "
            "ignores what is stored, and drops it when it writes the file again.",
        ),
        click.option(
            "--keep-partial",
            is_flag=True,
            help="Store answers that broke off, too; played back, they break off at the same byte.",
        ),
        click.option(
            "--upload-limit",
            metavar="SIZE",
            help="Answer larger requests with 413; bytes, with k, m or g.  [default: 1g]",
        ),
        click.option(
            "--style",
            type=click.Choice([str(style) for style in Style]),
            help="Layout of a new cassette.  [default: x-vcr]",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=0,
            help="Port to listen on.  [default: a free one]",
        ),
        click.option("--quiet", "-q", is_flag=True, help="Only say what went wrong."),
        click.option("--verbose", "-v", is_flag=True, help="Say everything."),
    )
    for option in reversed(options):
        command = option(command)
    return command


_base_url = click.option(
    "--base-url",
    is_flag=True,
    help="Set OPENAI_BASE_URL instead of HTTPS_PROXY: needs no certificate.",
)
_shell = click.option(
    "--shell",
    type=click.Choice(["sh", "fish", "powershell", "dotenv", "github"]),
    default="sh",
    show_default=True,
    help="How to print the variables.",
)
_name = click.option(
    "--cassette",
    "name",
    metavar="NAME",
    help="Name a cassette of the proxy's folder in the printed proxy or base URL.",
)
_report = click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write hits, misses and unused interactions of each cassette there, as JSON.",
)
# Not a Path, which loses the slash at the end: that slash makes a folder of cassettes.
_cassette = click.argument("cassette")
_command = click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)


@cli.command()
@_cassette
@_command
@click.option(
    "--mode",
    type=click.Choice(["record-only", "record-once", "replay-with-new-episodes"]),
    default=str(Mode.RECORD_ONLY),
    show_default=True,
    help="record-only replaces an existing cassette when the command has ended.",
)
@_report
@_base_url
@_proxy_options
def record(command: tuple[str, ...], **options: Any) -> None:
    """Run COMMAND and record its calls into CASSETTE.

    Answers come from the real API and pass on live, streams included. Exit code: the
    command's own, or 1 if it succeeded but the cassette could not be written.
    """
    _run(command, **options)


@cli.command()
@_cassette
@_command
@click.option(
    "--strict", is_flag=True, help="Also fail on interactions that nobody asked for."
)
@click.option(
    "--max-age",
    metavar="AGE",
    help="Also fail on cassettes committed (or else written) longer ago: 30d, 12h, 2w.",
)
@_report
@_base_url
@_proxy_options
def replay(command: tuple[str, ...], **options: Any) -> None:
    """Run COMMAND and answer its calls from CASSETTE.

    No call reaches the API: one that the cassette does not hold gets status 599 and an
    error that says what differs. Exit code: the command's own, or 3 if it succeeded
    although a call was refused.
    """
    _run(command, mode=Mode.REPLAY_ONLY, **options)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Of the proxy.")
@click.option(
    "--port", type=click.IntRange(1, 65535), required=True, help="Of the proxy."
)
@click.option(
    "--api-host", "hosts", multiple=True, metavar="HOST", help="As for serve."
)
@click.option(
    "--replay", is_flag=True, help="Set a dummy OPENAI_API_KEY where none is set."
)
@_name
@_shell
@_base_url
def env(
    *,
    host: str,
    port: int,
    hosts: tuple[str, ...],
    replay: bool,
    name: str | None,
    shell: str,
    base_url: bool,
) -> None:
    """Print the variables that send a client to a proxy started with serve --port.

    For another terminal, an IDE or a container; for the latter name the host as the
    container sees it: --host host.docker.internal.
    """
    from anyvcr.cli import run
    from anyvcr.clients.environment import Endpoint
    from anyvcr.proxy.options import Settings

    mode = Mode.REPLAY_ONLY if replay else Mode.RECORD_ONCE
    settings = Settings(hosts=hosts, mode=mode)
    endpoint = Endpoint(host, port)
    lines = run.variables(
        endpoint, settings, cassette=name, base_url=base_url, shell=shell
    )
    click.echo(lines, nl=False)


@cli.command()
@_cassette
@click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.RECORD_ONCE),
    show_default=True,
    help="What to do with calls that the cassette holds, and with those it does not.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any other lets the network use this proxy.",
)
@_name
@_shell
@_base_url
@_proxy_options
def serve(host: str, name: str | None, shell: str, **options: Any) -> None:
    """Serve CASSETTE until stopped, for clients that are started elsewhere.

    Prints the variables to set for them on stdout: eval "$(…)" them, or paste them.
    """
    from anyvcr.cli import run

    settings, listener = _settings(host=host, **options)
    if host not in ("127.0.0.1", "::1", "localhost"):
        talk.say(f"listening on {host}: who reaches this address can use the proxy")
    sys.exit(run.until_stopped(settings, listener, name, shell))


@cli.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def doctor(command: tuple[str, ...]) -> None:
    """Find out which runtimes of this machine go through the proxy and trust it.

    With a COMMAND after --, run it and say what becomes of its calls. Nothing is asked of
    the API, and the COMMAND gets errors for what it asks. Exit code 1 if anything fails.
    """
    from anyvcr.cli import doctor as examining

    talk.set_up(quiet=True, verbose=False)
    if command:
        findings = examining.examine_command(command)
    else:
        findings = examining.examine_runtimes()
    click.echo(examining.write(findings), nl=False)
    sys.exit(0 if all(finding.is_fine for finding in findings) else 1)


_paths = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path)
)


@cli.command()
@_paths
@click.option(
    "--output",
    type=click.Choice(["human", "json", "github"]),
    default="human",
    show_default=True,
    help="Sentences, a JSON list, or annotations for GitHub Actions.",
)
def check(paths: tuple[Path, ...], output: str) -> None:
    """Check that the cassettes in PATHS are valid and hold no secret.

    PATHS are files and folders. Exit code 0: all is well; 1: there are problems, which
    are printed without the secrets themselves.
    """
    from anyvcr.cli import check as checking

    files = list(checking.cassettes(paths))
    found = [problem for file in files for problem in checking.problems(file)]
    click.echo(checking.write(found, checking.Form(output)), nl=False)
    if not files:
        talk.say(
            "no cassette found: expected files, or folders with YAML files in them"
        )
    talk.say(f"checked {len(files)} cassettes, {len(found)} problems")
    sys.exit(1 if found or not files else 0)


@cli.command()
@_paths
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="RULE",
    help="A further secret to remove: $.json.path, header:NAME or regex:PATTERN. "
    "May be repeated.",
)
def redact(paths: tuple[Path, ...], rules: tuple[str, ...]) -> None:
    """Remove secrets from the cassettes in PATHS, also from those that go-vcr wrote.

    Each file is replaced in one step. What check reports is removed, and what --rule names.
    """
    from anyvcr.cli import check as checking
    from anyvcr.core.redaction import RedactionRules

    parsed = RedactionRules.parse("\n".join(rules))
    for file in checking.cassettes(paths):
        changed = checking.redact(file, parsed)
        if changed:
            talk.say(f"{file}: secrets removed from {changed} interactions")


@cli.command()
def addon() -> None:
    """Print the path of the mitmproxy addon, for mitmdump -s "$(anyvcr addon)"."""
    package = Path(anyvcr.__file__).parent
    installed = package / "script" / "vcr.py"
    click.echo(installed if installed.exists() else package.parent / "vcr.py")


def _run(
    command: tuple[str, ...],
    *,
    report: Path | None,
    strict: bool = False,
    max_age: str | None = None,
    **options: Any,
) -> None:
    from anyvcr.cli import run
    from anyvcr.cli.verdict import Demands, parse_age

    settings, listener = _settings(**options)
    demands = Demands(
        strict=strict, max_age=parse_age(max_age) if max_age else None, report=report
    )
    sys.exit(run.with_command(settings, listener, demands, command))


def _settings(
    *,
    cassette: str,
    mode: str,
    hosts: tuple[str, ...],
    api: str | None,
    upstream: str | None,
    upstream_ca: Path | None,
    offline: bool,
    keep_headers: tuple[str, ...],
    match_headers: tuple[str, ...],
    ignore: tuple[str, ...],
    repeats: str | None,
    redact: tuple[str, ...],
    pace: str | None,
    timing: bool,
    keep_partial: bool,
    upload_limit: str | None,
    style: str | None,
    port: int,
    base_url: bool,
    quiet: bool,
    verbose: bool,
    host: str = "127.0.0.1",
) -> tuple["Settings", "Listener"]:
    """The proxy's settings, from the command line and, where that is silent, the environment."""
    import os

    from anyvcr.cli.run import Listener
    from anyvcr.proxy.options import Settings

    talk.set_up(quiet=quiet, verbose=verbose)
    text = {
        "cassette": cassette,
        "cassette_mode": str(mode),
        "cassette_hosts": ",".join(hosts),
        "cassette_base_url": api or "",
        "cassette_upstream": upstream or "",
        "cassette_offline": "true" if offline else "",
        "cassette_keep_headers": ",".join(keep_headers),
        "cassette_match_headers": ",".join(match_headers),
        "cassette_ignore": ",".join(ignore),
        "cassette_repeats": repeats or "",
        "cassette_redact": "\n".join(redact),
        "cassette_pace": pace or "",
        "cassette_timing": "true" if timing else "",
        "cassette_keep_partial": "true" if keep_partial else "",
        "cassette_upload_limit": upload_limit or "",
        "cassette_style": style or "",
    }
    return Settings.parse(text, os.environ), Listener(
        host=host, port=port, upstream_ca=upstream_ca, base_url=base_url
    )
