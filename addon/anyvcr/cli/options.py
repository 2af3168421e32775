"""The options that several commands take, and what they amount to."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anyvcr.cli import console
from anyvcr.core.cassette.model import Style

if TYPE_CHECKING:
    from anyvcr.cli.running import Listener
    from anyvcr.settings import Settings

Command = Callable[..., Any]


def proxy_options(command: Command) -> Command:
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


BASE_URL = click.option(
    "--base-url",
    is_flag=True,
    help="Set OPENAI_BASE_URL instead of HTTPS_PROXY: needs no certificate.",
)
SHELL = click.option(
    "--shell",
    type=click.Choice(["sh", "fish", "powershell", "dotenv", "github"]),
    default="sh",
    show_default=True,
    help="How to print the variables.",
)
NAME = click.option(
    "--cassette",
    "name",
    metavar="NAME",
    help="Name a cassette of the proxy's folder in the printed proxy or base URL.",
)
REPORT = click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write hits, misses and unused interactions of each cassette there, as JSON.",
)
# Not a Path, which loses the slash at the end: that slash makes a folder of cassettes.
CASSETTE = click.argument("cassette")
COMMAND = click.argument(
    "command",
    nargs=-1,
    required=True,
    type=click.UNPROCESSED,
    metavar="-- COMMAND...",
)
PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path)
)


def settings(
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
    from anyvcr.cli.running import Listener
    from anyvcr.settings import Settings

    console.set_up(quiet=quiet, verbose=verbose)
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
