"""Calls to an API host that are not calls of the API: what SDKs report about themselves.

They differ on every run, nothing depends on their answers, and they may come at any time, so
they are not recorded; in replay they get the answer that contents the client.
"""

from anyvcr.core.replay.answer import Answer

PATHS = {
    "/v1/traces/ingest": "OpenAI's Agents SDKs for Python and JavaScript (traces of runs)",
}
"""Paths at an API host, each with who sends to it."""

CONTENT = Answer(code=204, reason="No Content", headers=(), body=b"")
"""What those who report take for success: any 2xx."""


def is_telemetry(target: str) -> bool:
    """Whether a request for this path and query is a report of a client about itself."""
    return target.partition("?")[0] in PATHS
