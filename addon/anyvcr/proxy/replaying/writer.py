"""One recorded answer on its way to a client of HTTP/1.1, at its pace."""

import time
from collections.abc import Iterator

import h11
from mitmproxy.connection import Client
from mitmproxy.proxy import commands, layer

from anyvcr.core.replay.answer import Answer
from anyvcr.core.replay.pacing import Piece, Schedule

BLOCK = 256 * 1024
"""Bytes of a large body that are written at once."""


class Playback:
    """Writes `answer` to `http`; the request was complete at `asked` of time.perf_counter()."""

    def __init__(
        self,
        http: h11.Connection,
        answer: Answer,
        *,
        asked: float,
        head_only: bool,
    ) -> None:
        self.breaks_off = answer.breaks_off
        self._http = http
        self._asked = asked
        if answer.schedule is not None:
            # Where finding the answer took longer than it may: late, but with its own gaps.
            now = time.perf_counter()
            self._asked = max(asked, now - answer.schedule.head)
        self._steps = self._write(answer, head_only=head_only)
        self._next = next(self._steps, None)

    def run(self, client: Client) -> layer.CommandGenerator[bool]:
        """Send what is due, and ask to be woken for the rest; True where there is none."""
        due_now: list[bytes] = []
        while self._next is not None:
            due, data = self._next
            # Against the time of the request, not of the step before: or delays add up.
            wait = self._asked + due - time.perf_counter()
            if wait > 0:
                yield from _send(client, due_now)
                yield commands.RequestWakeup(wait)
                return False
            due_now.append(data)
            if len(data) >= BLOCK:
                yield from _send(client, due_now)
            self._next = next(self._steps, None)
        yield from _send(client, due_now)
        return True

    def _write(
        self, answer: Answer, *, head_only: bool
    ) -> Iterator[tuple[float, bytes]]:
        """The answer's bytes, each with the seconds since the request when they are due."""
        schedule = answer.schedule or Schedule(0.0, (Piece(0.0, answer.body),))
        yield schedule.head, self._http.send(_head(answer)) or b""
        due = schedule.head
        if answer.has_body and not head_only:
            for piece in schedule.pieces:
                due = piece.due
                for at in range(0, len(piece.data), BLOCK):
                    data = h11.Data(data=piece.data[at : at + BLOCK])
                    yield due, self._http.send(data) or b""
        if not answer.breaks_off:
            yield due, self._http.send(h11.EndOfMessage()) or b""


def _send(client: Client, data: list[bytes]) -> layer.CommandGenerator[None]:
    if data:
        yield commands.SendData(client, b"".join(data))
        data.clear()


def _head(answer: Answer) -> h11.Response:
    headers = answer.encoded_headers
    if answer.has_body:
        if answer.length is None:
            headers.append((b"Transfer-Encoding", b"chunked"))
        else:
            headers.append((b"Content-Length", b"%d" % answer.length))
    return h11.Response(
        status_code=answer.code,
        reason=answer.reason.encode("latin-1", "replace"),
        headers=headers,
    )
