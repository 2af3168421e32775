"""Redacts everything this process prints: log records, tracebacks, mitmdump's flow lines.

The last line of defence. Our own code redacts what it has to say; but mitmproxy speaks of
URLs, and quotes in its errors what came in, and so does a crash.
"""

import contextlib
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from anyvcr.core.errors import RedactionError
from anyvcr.core.printable import printable
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

traffic = logging.getLogger("anyvcr.traffic")
"""A line for each request that was answered."""

UNSAID = "(this could not be redacted, so it is not said)"

_redact: Callable[[str], str] = Redactor(RedactionRules(), Credentials()).text
_BYTES = re.compile(r"""\bb(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_PEER = re.compile(r"(?:[0-9.]+|\[[0-9a-f:.]+\]):[0-9]+: ")
"""The client's address: what follows is mostly the same, and known by then."""
_TELLS_NO_VALUE = (AttributeError, ImportError, NameError, OSError, TypeError)
"""Of names, types and files."""


def redact_with(redact: Callable[[str], str]) -> None:
    """Use `redact` for all further output. Until then only secrets recognisable by pattern go."""
    global _redact  # noqa: PLW0603  # there is one stderr, and one log
    _redact = redact


def clean(text: str) -> str:
    """`text` without secrets, as it may be printed."""
    try:
        return _redact(without_bytes(text))
    except RedactionError:
        return UNSAID


class Lines(str):
    """A text of ours that has several lines."""

    __slots__ = ()


def on_its_line(value: object) -> str:
    """`value` as it may be put into a message: cassettes and clients may have made it."""
    text = clean(str(value))
    return text if isinstance(value, Lines) else printable(text)


def without_bytes(text: str) -> str:
    """`text` without what mitmproxy quotes of the wire: not even its shape is known."""
    if "b'" not in text and 'b"' not in text:
        return text
    return _BYTES.sub("b'…'", text)


def watch_log() -> None:
    """Have every log record of this process redacted, whoever makes it and handles it."""
    logging.setLogRecordFactory(_Record)
    # Else a record that cannot be formatted is printed with its arguments.
    logging.raiseExceptions = False


class _Record(logging.LogRecord):
    """A record that only tells what may be said; its traceback is part of its message."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._error, self.exc_info = self.exc_info, None
        self._said: str | None = None

    def getMessage(self) -> str:  # noqa: N802  # logging names it
        if self._said is None:
            is_ours = self.name.startswith("anyvcr.") and not self._error
            self._said = self._ours() if is_ours else self._theirs()
        return self._said

    def _ours(self) -> str:
        """Only what is put into a message of ours can be secret, and is mostly the same."""
        if isinstance(self.args, tuple):
            self.args = tuple(
                arg if isinstance(arg, int) else on_its_line(arg) for arg in self.args
            )
        return super().getMessage()

    def _theirs(self) -> str:
        text = super().getMessage()
        if self._error and self._error[0]:
            text += "\n" + "".join(traceback.format_exception(*self._error))
        return clean(text.rstrip("\n"))


class RedactingStream:
    """A text file that only gets what may be said, by the line or by what is said together."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._pending: list[str] = []
        self._said: str | None = None

    def write(self, text: str) -> int:
        """Write a piece of a line; what is secret in it may be split over two."""
        self._pending.append(text)
        if self._said is None and text.endswith("\n"):
            self._write_out()
        return len(text)

    def flush(self) -> None:
        self._write_out()
        self._file.flush()

    @contextlib.contextmanager
    def together(self, said: str) -> Iterator[None]:
        """Several lines as one; `said`, which is clean, is not looked at again in them."""
        self._said = said
        try:
            yield
        finally:
            self._write_out()
            self._said = None

    def _write_out(self) -> None:
        text = "".join(self._pending)
        self._pending.clear()
        if not text:
            return
        peer = _PEER.match(text) if self._said is not None else None
        start = peer.end() if peer else 0
        before, said, after = text[start:], "", ""
        if self._said and len(self._said) > 1:
            before, said, after = before.partition(self._said)
        self._file.write(text[:start] + clean(before) + said + (after and clean(after)))


def traceback_of(error: BaseException) -> Lines:
    """Where `error` and its causes arose, without their texts where those hold values."""
    before = error.__cause__ or (
        None if error.__suppress_context__ else error.__context__
    )
    earlier = f"{traceback_of(before)}\nand then\n" if before else ""
    places = "".join(traceback.format_tb(error.__traceback__))
    text = f": {error}" if isinstance(error, _TELLS_NO_VALUE) else ""
    return Lines(f"{earlier}{places}{type(error).__name__}{text}")
