"""Measure matching: `python -m benchmarks.micro.matching`. Prints a table; takes some 20 seconds.

Bodies are chat calls of one URL, so nothing but the body tells them apart. Times are of
the processor, so that a busy machine tells the same.
"""

import json
import sys
from collections.abc import Callable
from time import process_time

from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.matching.index import Hit, Index
from anyvcr.core.matching.miss import Miss
from anyvcr.core.matching.miss_text import explain
from anyvcr.core.matching.rules import Repeats, Rules
from anyvcr.spelling import mitmdump

CHAT = "https://api.openai.com/v1/chat/completions"
ANSWER = Response(code=200, status="200 OK")
ROUNDS = 5


def chat(number: int, messages: int) -> bytes:
    """About 200 bytes for each message."""
    told = [
        {
            "role": "user",
            "content": f"NormalizedRequest {number}, part {part}: " + "lorem ip " * 16,
        }
        for part in range(messages)
    ]
    body = {"model": "gpt-4o-mini", "messages": told, "temperature": 0.7}
    return json.dumps(body, separators=(",", ":")).encode()


def request(body: bytes) -> Request:
    headers = (("Content-Type", ("application/json",)),)
    return Request(method="POST", url=CHAT, headers=headers, body=body)


def respelled(body: bytes) -> bytes:
    """The same call as another SDK writes it."""
    return json.dumps(dict(reversed(json.loads(body).items()))).encode()


def cassette(count: int, messages: int) -> list[Interaction]:
    return [
        Interaction(id=number, request=request(chat(number, messages)), response=ANSWER)
        for number in range(count)
    ]


def best(run: Callable[[], float]) -> float:
    """Seconds of the fastest of some rounds."""
    return min(run() for _ in range(ROUNDS))


def timed(run: Callable[[], object]) -> float:
    start = process_time()
    run()
    return process_time() - start


def building(interactions: list[Interaction]) -> Callable[[], float]:
    """Seconds until the first lookup may come."""
    return lambda: timed(lambda: Index(interactions))


def lookups(
    interactions: list[Interaction], asked: list[Request]
) -> Callable[[], float]:
    """Seconds for one lookup, of thousands, with nothing computed beforehand."""

    def run() -> float:
        index = Index(interactions, Rules(), Repeats.CYCLE)
        times = 10_000 // len(asked)

        def play() -> None:
            for _ in range(times):
                for each in asked:
                    assert isinstance(index.take(each), Hit)

        return timed(play) / (times * len(asked))

    return run


def misses(
    interactions: list[Interaction], sent: Request, *, first: bool
) -> Callable[[], float]:
    """Seconds from the request to the text that explains its miss."""

    def run() -> float:
        index = Index(interactions)
        if not first:
            index.take(request(b"{}"), explain=False)

        def tell() -> None:
            miss = index.take(sent)
            assert isinstance(miss, Miss)
            assert miss.nearest[0].differences
            explain(miss, mitmdump)

        return timed(tell)

    return run


def main() -> None:
    """Print each measurement on a line."""
    print(f"Python {sys.version.split()[0]}; best of {ROUNDS} rounds")
    for messages in (5, 20):
        size = len(chat(1, messages))
        few, many = cassette(10, messages), cassette(10_000, messages)
        print(f"bodies of {size} bytes, all of one URL")
        print(f"  index of 10,000: {best(building(many)) * 1e3:.1f} ms")
        for name, spelling in (("as recorded", bytes), ("other spelling", respelled)):
            lookup = [
                best(
                    lookups(all_of, [request(spelling(i.request.body)) for i in all_of])
                )
                for all_of in (few, many)
            ]
            ratio = lookup[1] / lookup[0]
            print(
                f"  lookup, {name}: {lookup[0] * 1e6:.0f} us in 10,"
                f" {lookup[1] * 1e6:.0f} us in 10,000 (x{ratio:.2f})"
            )
        sent = request(chat(500, messages).replace(b"part 3", b"part three"))
        for first in (True, False):
            told = best(misses(many[:1000], sent, first=first))
            state = "as the first request" if first else "after others"
            print(f"  miss against 1,000, {state}: {told * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
