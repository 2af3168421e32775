"""The `anyvcr` command: thin calls of library functions, and the one error boundary."""

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import anyvcr
from anyvcr.cli import console, parameters
from anyvcr.cli.parameters import Given
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.modes import Mode

if TYPE_CHECKING:
    from anyvcr.settings import Values


def main() -> None:
    """Run the command line; an error of ours is one line on stderr and exit code 1."""
    try:
        cli()
    except AnyvcrError as error:
        console.say(str(error))
        sys.exit(1)
    except Exception as error:
        console.crash(error)
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


@cli.command()
@parameters.CASSETTE
@parameters.COMMAND
@parameters.options(
    "record",
    mode={
        "type": click.Choice(
            ["record-only", "record-once", "replay-with-new-episodes"]
        ),
        "default": str(Mode.RECORD_ONLY),
        "show_default": True,
        "help": "record-only replaces an existing cassette when the command has ended.",
    },
)
def record(given: Given, command: tuple[str, ...]) -> None:
    """Run COMMAND and record its calls into CASSETTE.

    Answers come from the real API and pass on live, streams included. Exit code: the
    command's own; if it succeeded, 1 where the cassette could not be written, and 4 where
    it made no call, or a call of it is not in the cassette.
    """
    _run(command, given)


@cli.command()
@parameters.CASSETTE
@parameters.COMMAND
@parameters.options("replay")
def replay(given: Given, command: tuple[str, ...]) -> None:
    """Run COMMAND and answer its calls from CASSETTE.

    No call reaches the API: one that the cassette does not hold gets status 418 and an
    error that says what differs. Exit code: the command's own, or 3 if it succeeded
    although a call was refused, or nothing of the cassette was played.
    """
    given["mode"] = Mode.REPLAY_ONLY
    _run(command, given)


@cli.command()
@click.option(
    "--replay", is_flag=True, help="Set a dummy OPENAI_API_KEY where none is set."
)
@parameters.options(
    "env",
    host={"help": "Of the proxy.  [default: 127.0.0.1]"},
    port={"help": "Of the proxy.", "type": click.IntRange(1, 65535), "required": True},
)
def env(given: Given, *, replay: bool) -> None:
    """Print the variables that send a client to a proxy started with serve --port.

    For another terminal, an IDE or a container; for the latter name the host as the
    container sees it: --host host.docker.internal.
    """
    from anyvcr.cli import running

    if replay:
        given["mode"] = Mode.REPLAY_ONLY
    click.echo(running.variables(_values(given)), nl=False)


@cli.command()
@parameters.CASSETTE
@parameters.options("serve")
def serve(given: Given) -> None:
    """Serve CASSETTE until stopped, for clients that are started elsewhere.

    Prints the variables to set for them on stdout: eval "$(…)" them, or paste them.
    """
    from anyvcr.cli import running

    sys.exit(running.until_stopped(_values(given)))


@cli.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def doctor(command: tuple[str, ...]) -> None:
    """Find out which runtimes of this machine go through the proxy and trust it.

    With a COMMAND after --, run it and say what becomes of its calls. Nothing is asked of
    the API, and the COMMAND gets errors for what it asks. Exit code 1 if anything fails;
    a runtime without its TLS library counts as neither.
    """
    from anyvcr.cli import doctor as examining
    from anyvcr.cli import log

    log.set_up(quiet=True, verbose=False)
    if command:
        findings = examining.examine_command(command)
    else:
        findings = examining.examine_runtimes()
    click.echo(examining.write(findings), nl=False)
    fails = examining.Verdict.FAILS
    sys.exit(1 if any(finding.verdict is fails for finding in findings) else 0)


@cli.command()
@parameters.PATHS
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
    from anyvcr.cassettes import checking
    from anyvcr.cli.check import Form, write

    files = list(checking.cassettes(paths))
    kept = [file for file in files if checking.is_cassette(file)]
    found = [problem for file in kept for problem in checking.problems(file)]
    click.echo(write(found, Form(output)), nl=False)
    if not files:
        console.say(
            "no cassette found: expected files, or folders with YAML files in them"
        )
    for file in kept:
        for note in checking.unread_bodies(file):
            console.say(note)
    passed_over = f", passed over {len(files) - len(kept)} files that are none"
    console.say(
        f"checked {len(kept)} cassettes, {len(found)} problems"
        f"{passed_over if len(kept) < len(files) else ''}"
    )
    sys.exit(1 if found or not files else 0)


@cli.command()
@parameters.PATHS
@parameters.REDACTION_RULES
def redact(paths: tuple[Path, ...], rules: tuple[str, ...]) -> None:
    """Remove secrets from the cassettes in PATHS, also from those that go-vcr wrote.

    Each file is replaced in one step. What check reports is removed, and what --rule names.
    """
    from anyvcr.cassettes import checking
    from anyvcr.core.redaction.user_rules import RedactionRules

    parsed = RedactionRules.of(rules)
    for file in filter(checking.is_cassette, checking.cassettes(paths)):
        removed = checking.redact(file, parsed)
        if removed.interactions:
            console.say(
                f"{file}: secrets removed from {removed.interactions} interactions"
            )
        if removed.elsewhere:
            console.say(f"{file}: {removed.elsewhere} secrets removed elsewhere")


@cli.command()
@click.argument("cassette", type=click.Path(path_type=Path))
@click.argument("numbers", nargs=-1, metavar="[N]...")
@click.option("--json", "form", flag_value="json", help="A JSON list, for programs.")
@click.option(
    "--markdown", "form", flag_value="markdown", help="Markdown, for a pull request."
)
def show(cassette: Path, numbers: tuple[str, ...], form: str | None) -> None:
    """Show what CASSETTE holds as conversations: all, or the interactions with the ids N.

    Messages, tool calls and answers, streams put together, tokens and times; images, audio
    and files by their kind and size.
    """
    from anyvcr.cli import show as showing

    showing.show(cassette, numbers, showing.Form(form or "human"))


@cli.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
def repair(files: tuple[Path, ...]) -> None:
    """Remove a last interaction that was cut off from each cassette FILE.

    A recorder that was killed, or a full disk, leaves such files. What is removed is kept in
    FILE.partial.torn; everything before it stays as it is. Exit code 1 if a FILE has other
    faults, or is being recorded.
    """
    from anyvcr.cassettes import repair as repairing

    failed = False
    for file in files:
        try:
            done = repairing.repair(file)
        except AnyvcrError as error:
            console.say(str(error))
            failed = True
        else:
            console.say(done.describe(file) if done else f"{file}: nothing is cut off")
    sys.exit(1 if failed else 0)


@cli.command()
def config() -> None:
    """Print the options in force here, and where each is from.

    As lines of anyvcr.toml. The command line comes before the environment, the environment
    before the project's file (anyvcr.toml, or [tool.anyvcr] in pyproject.toml), which is looked
    for from the working directory upwards.
    """
    from anyvcr.cli import config as showing

    click.echo(showing.lines(_values(Given())), nl=False)


@cli.command()
def addon() -> None:
    """Print the path of the mitmproxy addon, for mitmdump -s "$(anyvcr addon)"."""
    package = Path(anyvcr.__file__).parent
    installed = package / "script" / "vcr.py"
    click.echo(installed if installed.exists() else package.parent / "vcr.py")


def _run(command: tuple[str, ...], given: Given) -> None:
    from anyvcr.cli import running

    sys.exit(running.with_command(_values(given), command))


def _values(given: Given) -> "Values":
    """The options in force: of the command line, else the environment, else the project's file."""
    from anyvcr import project_file
    from anyvcr.cli import log
    from anyvcr.settings import Layer, Values

    values = Values(
        Layer.of_command_line(given),
        Layer.of_environment(os.environ),
        *project_file.layers(),
    )
    log.set_up(quiet=values.flag("quiet"), verbose=values.flag("verbose"))
    return values
