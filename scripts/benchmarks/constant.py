"""A script for mitmdump: the same answer to every request, as the least that a replay can do.

BENCH_ANSWER is the answer's JSON. Nothing of ours is imported, for the start is measured, too.
"""

import os

from mitmproxy import http

ANSWER = os.environ["BENCH_ANSWER"]


def request(flow: http.HTTPFlow) -> None:
    """Answer in mitmproxy's documented way."""
    headers = {"content-type": "application/json"}
    flow.response = http.Response.make(200, ANSWER, headers)
