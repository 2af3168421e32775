"""One answer on its way to a client of HTTP/1.1, at its pace."""

from collections.abc import Iterator

from anyvcr.core.replay.action import Send, WaitUntil
from anyvcr.core.replay.answer import Answer
from anyvcr.core.replay.pacing import Piece, Schedule
from anyvcr.core.replay.response_head import response_head

BLOCK = 256 * 1024
"""Bytes of a body that are sent at once; then the client must have room for more."""


class Playback:
    """The bytes of `answer` to a request that was complete at the time `asked`.

    Raises UnplayableError where HTTP cannot carry the answer.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        asked: float,
        head_only: bool = False,
        closes: bool = False,
        chunks: bool = True,
    ) -> None:
        """`closes`: the connection ends with it; `chunks`: the client reads chunked bodies."""
        self._answer = answer  # kept, so that others who are given it share its body
        has_body = answer.has_body and not head_only
        length = answer.head_length if head_only else answer.length
        is_open = has_body and length is None
        """The body has no announced length."""
        self.is_last = closes or answer.breaks_off or (is_open and not chunks)
        """Whether the connection closes after it."""
        head = response_head(answer)
        if length is not None:
            head += b"Content-Length: %d\r\n" % length
        elif is_open and chunks:
            head += b"Transfer-Encoding: chunked\r\n"
        if self.is_last:
            head += b"Connection: close\r\n"
        self._schedule = answer.schedule
        self._asked = asked
        self._is_begun = answer.schedule is None
        self._steps = _steps(
            head + b"\r\n",
            answer.schedule or Schedule(0.0, (Piece(0.0, answer.body),)),
            has_body=has_body,
            is_chunked=is_open and chunks,
            ends=not answer.breaks_off,
        )
        self._next = next(self._steps, None)

    def next(self, now: float) -> Send | WaitUntil | None:
        """What is due, some BLOCK bytes of it at most; None where all is sent."""
        if not self._is_begun:
            if now <= self._asked:
                return WaitUntil(self._asked)  # ask again: how late is it by now?
            self._begin(now)
        due: list[bytes] = []
        size = 0
        while self._next is not None and size < BLOCK:
            # Against the time of the request, not of the step before: or delays add up.
            time = self._asked + self._next[0]
            if time > now:
                return Send(b"".join(due)) if due else WaitUntil(time)
            due.append(self._next[1])
            size += len(self._next[1])
            self._next = next(self._steps, None)
        return Send(b"".join(due)) if due else None

    def _begin(self, now: float) -> None:
        """Where finding the answer took longer than it may: late, but with its own gaps."""
        assert self._schedule is not None
        self._asked = max(self._asked, now - self._schedule.head)
        self._is_begun = True


def _steps(
    head: bytes, schedule: Schedule, *, has_body: bool, is_chunked: bool, ends: bool
) -> Iterator[tuple[float, bytes]]:
    """The answer's bytes, each with the seconds since the request when they are due."""
    yield schedule.head, head
    if not has_body:
        return
    due = schedule.head
    for piece in schedule.pieces:
        due = piece.due
        for at in range(0, len(piece.data), BLOCK):
            data = piece.data[at : at + BLOCK]
            yield due, b"%x\r\n%s\r\n" % (len(data), data) if is_chunked else data
    if is_chunked and ends:
        yield due, b"0\r\n\r\n"
