"""Prints our messages on stderr, each line marked, apart from the child's own output."""

import sys

PREFIX = "anyvcr: "


def say(message: str) -> None:
    """Print one line for the user."""
    from anyvcr import safe_output

    print(f"{PREFIX}{safe_output.on_its_line(message)}", file=sys.stderr, flush=True)


def crash(error: Exception) -> None:
    """Print an unexpected error with its traceback."""
    from anyvcr import safe_output

    where = safe_output.traceback_of(error)
    say(safe_output.Lines(f"failed unexpectedly\n{where}"))
