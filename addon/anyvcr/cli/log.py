"""Our log on stderr, and of mitmproxy's only what went wrong."""

import logging
import sys

from anyvcr import safe_output
from anyvcr.cli.console import PREFIX


def set_up(*, quiet: bool, verbose: bool) -> None:
    """Send our log to stderr; of mitmproxy's, only what went wrong, unless `verbose`."""
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
