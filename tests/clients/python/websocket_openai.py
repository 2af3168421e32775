# mypy: disable-error-code="import-not-found,import-untyped"
"""A conversation by the official SDK over a WebSocket: `websocket_openai.py responses|realtime`.

Prints every event as it came, one a line; those of streams beside each other by stream.
"""

import base64
import sys
from collections import defaultdict
from typing import Any

import openai

MODEL = "gpt-4o-mini"
ENDS = ("response.completed", "response.incomplete", "response.done", "error")
AUDIO = bytes(range(256)) * 100


def listen(connection: Any, kind: str | tuple[str, ...] = ENDS) -> Any:
    """Print what comes until an event of `kind`; that event."""
    for event in connection:
        print(event.to_json(indent=None), flush=True)
        if event.type in kind:
            return event
    return None


def responses(client: openai.OpenAI) -> None:
    with client.responses.connect() as connection:
        connection.response.create(model=MODEL, input="first")
        first = listen(connection).response.id
        connection.response.create(
            model=MODEL, input="second", previous_response_id=first
        )
        listen(connection)
        streams = ("one", "two", "three")
        for stream in streams:
            connection.response.create(model=MODEL, input=stream, stream_id=stream)
        said = defaultdict(list)
        open_ = set(streams)
        while open_:
            event = connection.recv()
            said[event.stream_id].append(event.to_json(indent=None))
            if event.type in ENDS:
                open_.discard(event.stream_id)
        for stream in streams:
            print(*said[stream], sep="\n", flush=True)


def realtime(client: openai.OpenAI) -> None:
    with client.realtime.connect(model="gpt-realtime") as connection:
        listen(connection, "session.created")
        for modality in ("text", "audio"):
            session: Any = {"type": "realtime", "output_modalities": [modality]}
            connection.session.update(session=session)
            for begin in range(0, len(AUDIO), 4000):
                piece = base64.b64encode(AUDIO[begin : begin + 4000]).decode()
                connection.input_audio_buffer.append(audio=piece)
            connection.input_audio_buffer.commit()
            connection.response.create()
            listen(connection)
        connection.response.create()
        listen(connection, "response.output_audio.delta")
        connection.response.cancel()
        listen(connection)


{"responses": responses, "realtime": realtime}[sys.argv[1]](openai.OpenAI())
