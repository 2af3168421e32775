"""Faults within mitmproxy, after which it leaves a client waiting for ever."""

import logging
from collections.abc import Callable
from typing import Any

from mitmproxy.proxy.server import ConnectionHandler


def cut_clients_off(report: Callable[[], None]) -> None:
    """Close the connection of a client whose layers have failed, and `report` that.

    mitmproxy logs the exception alone, and what the layers would have said never comes.
    """
    log = getattr(ConnectionHandler, "log", None)
    if log is None:
        return
    original = getattr(log, "anyvcr", log)  # a script may be loaded again

    def log_and_close(
        self: ConnectionHandler,
        message: str,
        level: int = logging.INFO,
        exc_info: Any = None,
    ) -> None:
        original(self, message, level, exc_info)
        if exc_info and level >= logging.ERROR:
            report()
            io = self.transports.get(self.client)
            if io is not None and io.handler is not None:
                io.handler.cancel("its layers have failed")

    log_and_close.anyvcr = original  # type: ignore[attr-defined]  # found above
    ConnectionHandler.log = log_and_close  # type: ignore[method-assign]
