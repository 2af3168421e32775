"""An answer being given, at its pace, over either version of HTTP, with a log of the times."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from standin.answer import Answer, BreakOff
from standin.request import Pairs, Received


@dataclass(slots=True, kw_only=True)
class Sent:
    """When the parts of one answer were written, in time.monotonic(), which all processes share."""

    head: float | None = None
    chunks: list[float] = field(default_factory=list)
    end: float | None = None
    """None while it runs, and for ever where it was broken off or the client left."""


Respond = Callable[[Received], tuple[Answer, Sent]]
"""Notes a request and finds its answer."""


class Wire(Protocol):
    """One exchange's half of a connection: HTTP/1.1 or a stream of HTTP/2."""

    async def send_interim(self, status: int) -> None: ...
    async def send_head(self, answer: Answer, *, ends: bool) -> None: ...
    async def send_data(self, data: bytes) -> None: ...
    async def send_end(self, trailers: Pairs) -> None: ...
    async def break_off(self, how: BreakOff) -> None: ...
    def hold(self) -> None:
        """Keeps what comes next back until the connection is closed, for one packet with it."""


async def give(answer: Answer, wire: Wire, sent: Sent, *, head_only: bool) -> None:
    """Sends the whole answer, or as much of it as it wants sent.

    Delays count from when the part before was due, not done: gaps do not add up to a drift.
    """
    due = time.monotonic() + answer.first_delay
    await _sleep_until(due)
    if answer.break_off is BreakOff.UNANSWERED:
        await wire.break_off(answer.break_off)
        return
    for status in answer.interim or ():
        await wire.send_interim(status)
    sent.head = time.monotonic()
    is_more = answer.trailers or answer.break_off is not None
    ends = head_only or (answer.is_empty and not is_more)
    if answer.closes and ends:
        wire.hold()
    await wire.send_head(answer, ends=ends)
    if not ends and answer.has_body:
        count = len(answer.chunks)
        for number, chunk in enumerate(answer.wire_chunks(), 1):
            if answer.break_off is not None and number > answer.break_after:
                break
            is_end = (
                number > count
            )  # without text; late, however late the last chunk was
            due = (time.monotonic() if is_end else due) + chunk.delay
            await _sleep_until(due)
            if not is_end:
                sent.chunks.append(time.monotonic())
            if answer.closes and number == count + answer.ends_late:
                wire.hold()
            await wire.send_data(chunk.data)
    if answer.break_off is not None:
        await wire.break_off(answer.break_off)
        return
    if not ends:
        await wire.send_end(answer.trailers)
    sent.end = time.monotonic()


async def _sleep_until(due: float) -> None:
    remaining = due - time.monotonic()
    if remaining > 0:
        await asyncio.sleep(remaining)
