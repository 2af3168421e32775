"""Prints our messages on stderr, each line marked, apart from the child's own output."""

import logging
import sys

PREFIX = "anyvcr: "


def say(message: str) -> None:
    """Print one line for the user."""
    from anyvcr import safe_output

    print(f"{PREFIX}{safe_output.on_its_line(message)}", file=sys.stderr, flush=True)


def crash(error: Exception) -> None:
    """Print an unexpected error with its traceback."""
    from anyvcr import safe_output

    where = safe_output.frames(error)
    say(safe_output.Lines(f"failed unexpectedly\n{where}"))


def set_up(*, quiet: bool, verbose: bool) -> None:
    """Send our log to stderr; of mitmproxy's, only what went wrong, unless `verbose`."""
    from anyvcr import safe_output

    safe_output.watch_log()
    # Not in our lines, but looked up for each (Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.ERROR)
    for noisy in ("asyncio", "hpack", "h2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    ours = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logging.getLogger("anyvcr").setLevel(ours)


class _Formatter(logging.Formatter):
    """Our prefix, and the traceback of an error only where there is one to report."""

    def format(self, record: logging.LogRecord) -> str:
        return PREFIX + super().format(record)
