"""Parts of a conversation that go on beside each other: streams and responses.

The Responses API carries several conversations on one socket, told apart by the `stream_id`
that the client chose and every event of the server repeats. `response.steer` and
`response.inject` have none and name their response by `previous_response_id`; events of the
Realtime API name a `response_id` (openai-python, responses_client_event.py and
response_steer_event.py). Within a lane, order is kept.
"""

from typing import NamedTuple

from anyvcr.core.matching.json_value import Value

STEERS = frozenset({"response.steer", "response.inject"})


class Lane(NamedTuple):
    """The kind (`session`, `response` or `stream`) and the id of a lane."""

    kind: str
    id: str = ""

    @property
    def is_stream(self) -> bool:
        """Whether other lanes do not wait for this one, nor this one for them."""
        return self.kind == "stream"


SESSION = Lane("session")


class Lanes:
    """The lanes of one conversation; learns which response belongs to which stream."""

    def __init__(self) -> None:
        self._of_response: dict[str, Lane] = {}

    def of_server(self, event: dict[str, Value]) -> Lane:
        """The lane of an event of the server's."""
        response = _response(event)
        if stream := _text(event, "stream_id"):
            lane = Lane("stream", stream)
        elif response:
            lane = self._of_response.get(response, Lane("response", response))
        else:
            return SESSION
        if response:
            self._of_response.setdefault(response, lane)
        return lane

    def of_client(self, event: dict[str, Value]) -> Lane:
        """The lane of an event of the client's."""
        if stream := _text(event, "stream_id"):
            return Lane("stream", stream)
        kind = event.get("type")
        if kind in STEERS:
            response = _text(event, "previous_response_id") or _response(event)
        elif kind == "response.cancel":
            response = _response(event)
        else:
            return SESSION
        return self._of_response.get(response, SESSION) if response else SESSION


def _response(event: dict[str, Value]) -> str:
    response = event.get("response")
    if isinstance(response, dict) and (identifier := _text(response, "id")):
        return identifier
    return _text(event, "response_id")


def _text(event: dict[str, Value], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
