"""HTTP/2 as a server: one reading loop a connection, one task a stream.

Flow control is kept in both directions: what comes in is hashed and acknowledged at once,
what goes out waits for the client's window.
"""

import asyncio
import contextlib

import h2.config  # type: ignore[import-untyped,unused-ignore]  # typed from 4.2 on
import h2.connection  # type: ignore[import-untyped,unused-ignore]  # as above
import h2.errors  # type: ignore[import-untyped,unused-ignore]  # as above
import h2.events  # type: ignore[import-untyped,unused-ignore]  # as above
import h2.exceptions  # type: ignore[import-untyped,unused-ignore]  # as above
import h2.settings  # type: ignore[import-untyped,unused-ignore]  # as above

from standin.answer import Answer, BreakOff
from standin.request import Pairs, Upload
from standin.sending import Respond, give
from standin.transport import hold, release

_READ_SIZE = 256 * 1024
_WINDOW = 1024 * 1024
_STREAMS = 1000
_H1_ONLY = frozenset({"connection", "keep-alive", "proxy-connection", "upgrade"})


async def serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    respond: Respond,
    body_limit: int,
) -> None:
    """Answers all streams of one connection, until the client closes it."""
    connection = _Connection(writer, respond, body_limit)
    async with asyncio.TaskGroup() as streams:
        try:
            connection.start()
            while data := await reader.read(_READ_SIZE):
                connection.receive(data, streams)
        except h2.exceptions.ProtocolError:
            connection.flush()  # h2 has prepared a GOAWAY that says what was wrong
        except OSError:
            pass  # the client is gone; out of a task group it would be an ExceptionGroup
        finally:
            connection.cancel_streams()


class _Connection:
    """The state that the streams of one connection share."""

    def __init__(
        self, writer: asyncio.StreamWriter, respond: Respond, body_limit: int
    ) -> None:
        self.writer = writer
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        self.h2 = h2.connection.H2Connection(config)
        self._respond = respond
        self._body_limit = body_limit
        self._uploads: dict[int, Upload] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._window_opened = asyncio.Event()
        self._has_overlapped = False

    def start(self) -> None:
        """Sends our settings: wide windows, many streams."""
        self.h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: _STREAMS,
            },
        )
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(_WINDOW)
        self.flush()

    def flush(self) -> None:
        """Writes what h2 has prepared, without waiting."""
        self.writer.write(self.h2.data_to_send())

    async def wait_for_window(self) -> None:
        """Returns when some window was opened, maybe another stream's."""
        self._window_opened.clear()
        await self._window_opened.wait()

    def receive(self, data: bytes, streams: asyncio.TaskGroup) -> None:
        """Takes bytes of the client, starts a task for each request that is complete."""
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.RequestReceived():
                    self._begin(event.stream_id, event.headers or [])
                case h2.events.DataReceived():
                    self._uploads[event.stream_id].add(event.data or b"")
                    size = event.flow_controlled_length or 0
                    self.h2.acknowledge_received_data(size, event.stream_id)
                case h2.events.StreamEnded():
                    answering = self._answer(event.stream_id)
                    self._tasks[event.stream_id] = streams.create_task(answering)
                case h2.events.StreamReset():
                    self._leave(event.stream_id)
                case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                    self._window_opened.set()
        # Not drained here: a client that is slow to read must still be heard.
        self.flush()

    def cancel_streams(self) -> None:
        """Ends all answers: there is nobody to hear them."""
        for task in self._tasks.values():
            task.cancel()

    def _begin(self, stream_id: int, raw: list[tuple[bytes, bytes]]) -> None:
        headers = tuple(
            (bytes(k).decode(), bytes(v).decode("utf-8", "surrogateescape"))
            for k, v in raw
        )
        pseudo = {name: value for name, value in headers if name.startswith(":")}
        plain = tuple(pair for pair in headers if not pair[0].startswith(":"))
        self._has_overlapped |= bool(self._uploads or self._tasks)
        self._uploads[stream_id] = Upload(
            method=pseudo[":method"],
            target=pseudo[":path"],
            host=pseudo.get(":authority", ""),
            headers=plain,
            http_version="HTTP/2",
            limit=self._body_limit,
        )
        if ("expect", "100-continue") in plain:
            self.h2.send_headers(stream_id, [(":status", "100")])

    async def _answer(self, stream_id: int) -> None:
        received = self._uploads.pop(stream_id).received()
        answer, sent = self._respond(received)
        wire = _Stream(self, stream_id)
        # The client may have reset the stream, or left, between two of our steps.
        with contextlib.suppress(h2.exceptions.ProtocolError, OSError):
            await give(answer, wire, sent, head_only=received.method == "HEAD")
            if answer.closes:
                self._close()
        self._tasks.pop(stream_id, None)

    def _close(self) -> None:
        # Where streams overlap, another may be on its way already.
        if not self._has_overlapped:
            self.h2.close_connection()
            self.flush()
            self.writer.close()
        release(self.writer)

    def _leave(self, stream_id: int) -> None:
        self._uploads.pop(stream_id, None)
        if (task := self._tasks.pop(stream_id, None)) is not None:
            task.cancel()


class _Stream:
    """One answer being written (a Wire)."""

    def __init__(self, connection: _Connection, stream_id: int) -> None:
        self._connection = connection
        self._h2 = connection.h2
        self._id = stream_id

    async def send_interim(self, status: int) -> None:
        self._h2.send_headers(self._id, [(b":status", str(status).encode())])
        await self._flush()

    def hold(self) -> None:
        hold(self._connection.writer)

    async def send_head(self, answer: Answer, *, ends: bool) -> None:
        headers = [(":status", str(answer.status))]
        headers += [
            (name.lower(), value)
            for name, value in answer.headers
            if name.lower() not in _H1_ONLY
        ]
        if answer.encoding:
            headers.append(("content-encoding", answer.encoding))
        if (length := answer.length) is not None:
            headers.append(("content-length", str(length)))
        raw = [_raw(pair) for pair in headers]
        self._h2.send_headers(self._id, raw, end_stream=ends)
        await self._flush()

    async def send_data(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            window = self._h2.local_flow_control_window(self._id)
            size = min(window, self._h2.max_outbound_frame_size)
            if size <= 0:
                await self._connection.wait_for_window()
                continue
            self._h2.send_data(self._id, bytes(rest[:size]))
            rest = rest[size:]
            await self._flush()

    async def send_end(self, trailers: Pairs) -> None:
        if trailers:
            lowered = [_raw((name.lower(), value)) for name, value in trailers]
            self._h2.send_headers(self._id, lowered, end_stream=True)
        else:
            self._h2.end_stream(self._id)
        await self._flush()

    async def break_off(self, how: BreakOff) -> None:
        match how:
            case BreakOff.CLOSE | BreakOff.UNANSWERED:  # with every other stream
                self._connection.writer.close()
            case BreakOff.RESET:
                self._h2.reset_stream(self._id, h2.errors.ErrorCodes.INTERNAL_ERROR)
                await self._flush()
            case BreakOff.SHORT:
                await self.send_end(())
            case BreakOff.STALL:
                await asyncio.Event().wait()  # until the client leaves

    async def _flush(self) -> None:
        self._connection.flush()
        await self._connection.writer.drain()


def _raw(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = pair
    return name.encode(), value.encode("utf-8", "surrogateescape")
