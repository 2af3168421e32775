"""What mitmproxy refuses by itself, as an error in the API's shape instead of a page of HTML.

An SDK shows the message of such an error; of a page it shows that it was none. The function
is not documented API: where it is missing, the page stays.
"""

from mitmproxy import http
from mitmproxy.net.http.http1 import assemble_response
from mitmproxy.proxy.layers.http import _http1

from anyvcr import safe_output
from anyvcr.core.replay.answer import bad_gateway, bad_request


def install() -> None:
    """Answer so from now on, for every connection of this process."""
    if hasattr(_http1, "make_error_response"):
        _http1.make_error_response = error_response


def error_response(status_code: int, message: str = "") -> bytes:
    """The bytes of an answer that closes the connection."""
    why = safe_output.clean(message)
    make = bad_request if status_code < 500 else bad_gateway
    answer = make(why, status_code)
    response = http.Response.make(answer.code, answer.body, answer.encoded_headers)
    response.headers["Connection"] = "close"
    written: bytes = assemble_response(response)
    return written
