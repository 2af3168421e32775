"""The ids and times that an API makes up anew for every answer."""

import re
import secrets
import string
import time
from dataclasses import replace

from standin.answer import Answer, Chunk

_PREFIXES = [
    "asst_",
    "batch_",
    "call_",
    "chatcmpl-",
    "cmpl-",
    "conv_",
    "fc_",
    "file-",
    "fp_",
    "ftjob-",
    "item_",
    "modr-",
    "msg_",
    "req_",
    "resp_",
    "rs_",
    "run_",
    "step_",
    "thread_",
    "toolu_",
    "vs_",
    "ws_",
]
_ID = re.compile(
    rb"\b(%s)([A-Za-z0-9]{8,})\b" % "|".join(_PREFIXES).encode(),
)
_TIME = re.compile(rb'("(?:created|created_at|completed_at)":\s*)\d{9,10}\b')
_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """`prefix`, for example `chatcmpl-`, and that many random letters and digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


class NewIds:
    """Gives recorded answers new ids, and knows them when a later request hands them in."""

    def __init__(self) -> None:
        self._recorded: dict[bytes, bytes] = {}

    def renew(self, answer: Answer) -> Answer:
        """`answer` with other ids of the same length, the same ones throughout, made just now."""
        made: dict[bytes, bytes] = {}
        now = b"%d" % time.time()

        def other(match: re.Match[bytes]) -> bytes:
            if match[0] not in made:
                made[match[0]] = new_id(match[1].decode(), len(match[2])).encode()
            return made[match[0]]

        def renewed(data: bytes) -> bytes:
            return _TIME.sub(rb"\g<1>" + now, _ID.sub(other, data))

        chunks = tuple(
            Chunk(data=renewed(chunk.data), delay=chunk.delay)
            for chunk in answer.chunks
        )
        headers = tuple(
            (name, renewed(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape"))
            for name, value in answer.headers
        )  # fmt: skip
        self._recorded |= {new: old for old, new in made.items()}
        return replace(answer, chunks=chunks, headers=headers)

    def recorded(self, data: bytes) -> bytes:
        """`data` with the ids that the cassette knows in the place of those handed out."""
        return _ID.sub(lambda match: self._recorded.get(match[0], match[0]), data)
