"""A stand-in for api.openai.com: a small real server for demonstrations, tests and benchmarks.

It answers from a cassette or from a function, over TLS (HTTP/2 and HTTP/1.1) and plain
HTTP/1.1, on 127.0.0.1 only, and can be slow, break off, refuse. By default it behaves as
APIs in the wild do: messages end late, idle connections are closed, a 1xx comes before an
answer, ids are new each time (`Manners`). It needs h11, h2, wsproto, cryptography, brotli and backports.zstd.

    with StandIn(cassette) as api:
        httpx.get(f"https://{api.address}/v1/models", verify=ssl.create_default_context(cafile=api.ca_file))
        assert api.connections == 1

From the command line: `python scripts/standin cassettes/simple_streaming.yaml --gap 100`.
"""

from standin.answer import Answer, BreakOff, Chunk, Framing, split_events
from standin.encoding import Encoding
from standin.ids import new_id
from standin.manners import ANY_INTERIM, Manners
from standin.repertoire import Repertoire
from standin.request import Received
from standin.sending import Sent
from standin.server import StandIn

__all__ = [
    "ANY_INTERIM",
    "Answer",
    "BreakOff",
    "Chunk",
    "Encoding",
    "Framing",
    "Manners",
    "Received",
    "Repertoire",
    "Sent",
    "StandIn",
    "new_id",
    "split_events",
]
