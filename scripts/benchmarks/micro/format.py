"""How long cassettes take to load and to write, against PyYAML's C loader.

    python -m benchmarks.micro.format

Ends with status 1 where loading misses its bars: 1.3 times `yaml.CSafeLoader` for 10 MB in
1,000 interactions, and 10.5 times that for 10,000.
"""

import gc
import sys
import time
from collections.abc import Callable

import yaml
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style

CHUNK = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","delta":{"content":"Hi"}}\n\n'
BODY = CHUNK * (9_000 // len(CHUNK))
QUESTION = (
    b'{"messages":[{"content":"'
    + b"Say hi in Portuguese. " * 20
    + b'","role":"user"}]}'
)
TO_YAML, TO_TEN_TIMES = 1.3, 10.5


def cassette(count: int) -> Cassette:
    """`count` interactions of 10 kB, of the shape of a streamed chat completion."""
    request = Request(
        method="POST",
        url="https://api.openai.com/v1/chat/completions",
        headers=tuple(
            (name, ("application/json",)) for name in ("Accept", "Content-Type")
        ),
        body=QUESTION,
        content_length=len(QUESTION),
    )
    response = Response(
        code=200,
        status="200 OK",
        headers=(("Content-Type", ("text/event-stream; charset=utf-8",)),),
        body=BODY,
        duration=1_133_094_000,
    )
    return Cassette(
        interactions=tuple(
            Interaction(id=i, request=request, response=response) for i in range(count)
        )
    )


def best(runs: int, work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of `runs`: other processes do not count."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> int:
    """Print the measures; 1 where a bar is missed."""
    thousand = cassette_format.dumps(cassette(1_000))
    ten_thousand = cassette_format.dumps(cassette(10_000))
    by_yaml = best(3, lambda: yaml.load(thousand, Loader=yaml.CSafeLoader))
    by_us = best(7, lambda: cassette_format.loads(thousand))
    longer = best(5, lambda: cassette_format.loads(ten_thousand))
    one = cassette(1).interactions[0]
    writing = best(200, lambda: b"".join(cassette_format.pieces(one, Style.X_VCR)))
    ratio, growth = by_us / by_yaml, longer / by_us
    print(f"1,000 interactions, {len(thousand) / 1e6:.1f} MB: {by_us:.3f} s")
    print(f"  CSafeLoader alone: {by_yaml:.3f} s, ratio {ratio:.2f} (bar {TO_YAML})")
    print(
        f"10,000 interactions: {longer:.3f} s, ratio {growth:.2f} (bar {TO_TEN_TIMES})"
    )
    print(
        f"one interaction of {len(BODY) / 1e3:.0f} kB is written in {writing * 1e6:.0f} µs"
    )
    return int(ratio > TO_YAML or growth > TO_TEN_TIMES)


if __name__ == "__main__":
    sys.exit(main())
