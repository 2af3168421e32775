"""The command under test: its terminal, its signals and its exit code stay its own."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

from anyvcr.core.errors import AnyvcrError

_FORWARDED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)


class CommandError(AnyvcrError):
    """The command cannot be started; `code` is what a shell would exit with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


async def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    interrupted: Callable[[], None] = lambda: None,
) -> int:
    """Run `command` to its end; its exit code, 128+N where signal N ended it.

    Signals that we get go on to it, and `interrupted` is called; its end is ours to wait for. A key like Ctrl-C goes
    from the terminal to the whole foreground group, so that one is not sent twice.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env=environment)
    except FileNotFoundError:
        msg = f"{command[0]}: no such command"
        raise CommandError(msg, 127) from None
    except OSError as error:
        msg = f"{command[0]}: {error.strerror or error}"
        raise CommandError(msg, 126) from None
    loop = asyncio.get_running_loop()
    for number in _FORWARDED:
        loop.add_signal_handler(number, _forward, child, number, interrupted)
    try:
        code = await child.wait()
    finally:
        for number in _FORWARDED:
            loop.remove_signal_handler(number)
    return code if code >= 0 else 128 - code


async def until_told() -> None:
    """Wait for SIGINT, SIGTERM or SIGHUP."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def _forward(
    child: asyncio.subprocess.Process,
    number: signal.Signals,
    interrupted: Callable[[], None],
) -> None:
    interrupted()
    if number in (signal.SIGINT, signal.SIGQUIT) and _in_foreground():
        return
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)


def _in_foreground() -> bool:
    """Whether a terminal sends its keys to our process group, and so to the child."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
