"""Bodies that pass through while they are kept, and the clock that goes with them."""

import time
from collections.abc import Callable, Iterator

from anyvcr.core.terminal_events import Watch


class Tap:
    """Passes a streamed body on as it comes, and keeps it (mitmproxy's `message.stream`).

    `complete` is called once, as soon as the body is whole to whoever reads it: by `length`,
    or by the terminal event that `watch` looks for. That is before its last bytes go to a
    client, which may be gone once it has them.

    A body of more than `most` bytes is not kept, and `overflows`.
    """

    def __init__(
        self,
        length: int | None = None,
        complete: Callable[[], None] | None = None,
        most: int | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.overflows = False
        self.sizes: list[int] = []
        self.times: list[int] = []
        """When each chunk came: nanoseconds since the tap was made."""
        self.called = False
        """Whether anything followed the headers, were it only the end."""
        self.size = 0
        """Bytes that have come."""
        self.watch = watch
        # Not a list of chunks: what many small ones have used, Python does not give back.
        self._body = bytearray()
        self._start = time.perf_counter_ns()
        self._length = length
        self._complete = complete
        self._most = most

    def __call__(self, data: bytes) -> bytes | list[bytes]:
        self.called = True
        if not data:
            # The end of the message, or an empty DATA frame within it. As a chunk it
            # would end the message for an HTTP/1 client.
            return []
        self.size += len(data)
        if self._most is not None and self.size > self._most:
            self.overflows = True
            self._body = bytearray()
        if self.overflows:
            return data
        self._body += data
        self.sizes.append(len(data))
        self.times.append(time.perf_counter_ns() - self._start)
        if self._complete is not None and (
            self.size == self._length
            or (self.watch is not None and self.watch.feed(data))
        ):
            complete, self._complete = self._complete, None
            complete()
        return data

    @property
    def missing(self) -> int | None:
        """Bytes that are still to come, None where the length is not known."""
        return None if self._length is None else self._length - self.size

    def body(self) -> bytes:
        """The bytes that have come."""
        return bytes(self._body)

    def take(self) -> bytes:
        """The body, which is no longer kept: a second copy of a large one is too much."""
        body = bytes(self._body)
        self._body = bytearray()
        return body

    def chunks(self) -> Iterator[bytes]:
        """The body in the pieces that it came in."""
        start = 0
        for size in self.sizes:
            yield bytes(self._body[start : start + size])
            start += size


def pass_on(data: bytes) -> bytes | list[bytes]:
    """Pass a body on that is not kept, nor cut short by an empty frame."""
    return data or []


class Stopwatch:
    """go-vcr's duration: from the request being sent until the response's headers."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()
        self.duration = 0

    def stop(self) -> None:
        """Take the time, in nanoseconds of microsecond grain."""
        self.duration = (time.perf_counter_ns() - self._start) // 1000 * 1000
