"""Bodies that pass through while they are kept, and the clock that goes with them."""

import time
from collections.abc import Callable, Iterator


class Tap:
    """Passes a streamed body on as it comes, and keeps it (mitmproxy's `message.stream`).

    `complete` is called once, as soon as the whole body is here: before its last bytes go
    to a client that knows the length and may be gone once it has them.

    A body of more than `most` bytes is not kept, and `overflows`.
    """

    def __init__(
        self,
        length: int | None = None,
        complete: Callable[[], None] | None = None,
        most: int | None = None,
    ) -> None:
        self.overflows = False
        self.sizes: list[int] = []
        self.times: list[int] = []
        """When each chunk came: nanoseconds since the tap was made."""
        self.called = False
        """Whether anything followed the headers, were it only the end."""
        # Not a list of chunks: what many small ones have used, Python does not give back.
        self._body = bytearray()
        self._start = time.perf_counter_ns()
        self._missing = length
        self._complete = complete
        self._most = most

    def __call__(self, data: bytes) -> bytes | list[bytes]:
        self.called = True
        if not data:
            # The end of the message, or an empty DATA frame within it. As a chunk it
            # would end the message for an HTTP/1 client.
            return []
        if self._most is not None and len(self._body) + len(data) > self._most:
            self.overflows = True
            self._body = bytearray()
        if self.overflows:
            return data
        self._body += data
        self.sizes.append(len(data))
        self.times.append(time.perf_counter_ns() - self._start)
        if self._missing is not None:
            self._missing -= len(data)
            if self._missing == 0 and self._complete is not None:
                self._complete()
        return data

    def take(self) -> bytes:
        """The body, which is no longer kept: a second copy of a large one is too much."""
        body = bytes(self._body)
        self._body = bytearray()
        return body

    def chunks(self) -> Iterator[bytes]:
        """The body as it came."""
        start = 0
        for size in self.sizes:
            yield bytes(self._body[start : start + size])
            start += size


def pass_on(data: bytes) -> bytes | list[bytes]:
    """A stream that is not kept, nor cut short by an empty frame."""
    return data or []


class Stopwatch:
    """go-vcr's duration: from the request being sent until the response's headers."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()
        self.duration = 0

    def stop(self) -> None:
        """Take the time, in nanoseconds of microsecond grain."""
        self.duration = (time.perf_counter_ns() - self._start) // 1000 * 1000
