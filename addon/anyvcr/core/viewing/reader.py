"""Which reader knows an interaction: by its path first, then by what its bodies look like."""

import re
from urllib.parse import urlsplit

from anyvcr.core import sse
from anyvcr.core.cassette import extensions
from anyvcr.core.cassette.model import Interaction, header
from anyvcr.core.viewing import (
    anthropic,
    gemini,
    openai_chat,
    openai_responses,
    resources,
    websocket,
)
from anyvcr.core.viewing.exchange import Exchange, Shown
from anyvcr.core.viewing.loose import Object, obj, parsed
from anyvcr.core.viewing.streams import Event, events, objects
from anyvcr.core.websocket.transcript import CONTENT_TYPE

_GEMINI = re.compile(r"/models/([^/:]+):(?:stream)?[gG]enerateContent\Z")


def read(interaction: Interaction) -> Shown:
    """What `interaction` was; raises nothing."""
    request, response = interaction.request, interaction.response
    timing = extensions.of(response)
    return Shown(
        id=interaction.id,
        method=request.method or "GET",
        url=request.url,
        code=response.code,
        exchange=_exchange(interaction),
        duration=response.duration / 1e9,
        first=timing[0].offset / 1e9 if timing else None,
        last=timing[-1].offset / 1e9 if timing else None,
        request_size=len(request.body),
        response_size=len(response.body),
    )


def _exchange(interaction: Interaction) -> Exchange:
    request, response = interaction.request, interaction.response
    sent_type = header(request.headers, "Content-Type")
    got_type = header(response.headers, "Content-Type")
    if got_type == CONTENT_TYPE:
        return websocket.read(response.body)
    sent = obj(parsed(request.body)) if request.body else {}
    streamed = events(response.body) if sse.is_stream(got_type) else []
    got = parsed(response.body) if response.body and not streamed else None
    path = urlsplit(request.url).path if "?" in request.url else request.url
    if response.code >= 400 and (message := resources.error(got)):
        asked = _conversation(path, sent, {}, []) or Exchange(
            asked=resources.asked(request.body, sent_type)
        )
        return _failed(asked, message)
    if found := _GEMINI.search(path):
        answers = [event.data for event in streamed] or objects(response.body)
        return gemini.read(sent, answers, found[1])
    known = _conversation(path, sent, obj(got), streamed)
    if known is not None:
        return known
    return resources.exchange(
        resources.asked(request.body, sent_type),
        resources.answered(response.body, got_type, streamed),
        sent,
        obj(got),
        streamed,
    )


def _conversation(
    path: str, sent: Object, got: Object, streamed: list[Event]
) -> Exchange | None:
    if "messages" in sent and path.endswith("/messages"):
        return anthropic.read(sent, got, streamed)
    if "messages" in sent or got.get("object") == "chat.completion":
        return openai_chat.read(sent, got, streamed)
    if path.endswith("/responses") or got.get("object") == "response":
        return openai_responses.read(sent, got, streamed)
    return None


def _failed(asked: Exchange, message: str) -> Exchange:
    return Exchange(
        model=asked.model, settings=asked.settings, asked=asked.asked, error=message
    )
