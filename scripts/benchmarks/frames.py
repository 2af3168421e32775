"""A WebSocket as the benchmark's client: the upgrade, and how late each message of it comes.

Messages are JSON of less than 126 bytes, each in a frame without a mask, as a server's are
(RFC 6455, section 5.2); the server closes at the end.
"""

import base64
import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median

from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Close, Message, Side, Text

from benchmarks import load, subject
from benchmarks.exchange import HOST, cassette, small
from benchmarks.load import Address, WrongAnswerError
from benchmarks.plan import Plan
from benchmarks.table import Row

SECTION = "Replay"
PACE = "paced WebSocket: error of a gap, p50"
ALLOWED = "1 ms"
_GAP = 0.020
"""Seconds between events that were recorded without their times."""
_EVENTS = 100
PATH = "/v1/realtime"
KEY = base64.b64encode(b"benchmark-------").decode()
CLOSE = b"\x88\x00"
_ACCEPT = base64.b64encode(
    hashlib.sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n" % _ACCEPT
)
_REQUEST = (
    f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
_UPGRADE = re.compile(rb"(?i)\r\nupgrade: *websocket\r\n")


def is_upgrade(head: bytes) -> bool:
    """Whether a request asks for a WebSocket."""
    return _UPGRADE.search(head) is not None


def frame(message: bytes) -> bytes:
    """A short text message as a server sends it."""
    return bytes((0x81, len(message))) + message


def messages(address: Address) -> Iterator[tuple[float, bytes]]:
    """What a WebSocket says until its close, each with the seconds of the monotonic clock."""
    with load.connect(address) as sock:
        sock.sendall(_REQUEST)
        data = _head(sock)
        while True:
            while len(data) >= 2 and len(data) >= 2 + data[1]:
                if data[0] == CLOSE[0]:
                    return
                yield time.monotonic(), data[2 : 2 + data[1]]
                data = data[2 + data[1] :]
            if not (more := sock.recv(65536)):
                raise WrongAnswerError("the WebSocket ended without a close")
            data += more


def lateness(address: Address) -> list[float]:
    """Seconds from each message's `sent`, which is of the clock that all processes share."""
    return [at - json.loads(text)["sent"] / 1e9 for at, text in messages(address)]


def pace(plan: Plan, work: Path) -> list[Row]:
    """How far the gaps of a paced replay are from what they should be."""
    exchanges = small(1)
    path = work / "paced.yaml"
    recorded = codec.loads(cassette(exchanges, path).read_bytes()).interactions
    path.write_bytes(codec.dumps(Cassette(interactions=(*recorded, _conversation()))))
    ours = subject.anyvcr_command(path, exchanges)
    ours = replace(ours, command=(*ours.command, "--pace", "recorded"))
    errors = []
    with subject.running(ours, work) as running:
        for _ in range(plan.rounds):
            times = [at for at, _ in messages(running.address)]
            gaps = [after - before for before, after in pairwise(times)]
            errors.append(median(abs(gap - _GAP) for gap in gaps) * 1e3)
    return [
        Row(
            section=SECTION, measure=PACE, subject=name, unit="ms", values=tuple(values)
        )
        for name, values in ((ours.name, errors), (ALLOWED, [1.0] * len(errors)))
    ]


def _conversation() -> Interaction:
    said: list[Message] = [
        Text(Side.SERVER, f'{{"number":{n}}}') for n in range(_EVENTS)
    ]
    lines = map(transcript.write, [*said, Close(Side.SERVER)])
    return Interaction(
        id=1,
        request=Request(method="GET", url=f"https://{HOST}{PATH}"),
        response=Response(
            code=101,
            status="101 Switching Protocols",
            headers=(("Content-Type", (transcript.CONTENT_TYPE,)),),
            body="".join(lines).encode(),
        ),
    )


def _head(sock: socket.socket) -> bytes:
    """What follows the answer to the upgrade, as far as it is here."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := sock.recv(65536)):
            break
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise WrongAnswerError(f"the upgrade was answered with {head[:80]!r}")
    return rest
