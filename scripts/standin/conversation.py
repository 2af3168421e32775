"""What the API says on a WebSocket: the Responses API and Realtime, made up anew each time.

Events and their order are those of openai-python's types (responses_server_event.py,
realtime_server_event.py), with the fields that SDKs need. No id is ever the same twice.
"""

import asyncio
import base64
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from random import Random
from secrets import token_bytes
from typing import Any

from standin.ids import new_id

Json = dict[str, Any]
Say = Callable[[Json], Awaitable[None]]

WORDS = 8
"""In each answer, one an event."""

MOST_LATE = 0.005
"""Seconds that an event takes at most."""

_AUDIO = 480
"""Bytes in a piece of audio."""


def words() -> list[str]:
    """A text in pieces that nobody has said before."""
    return [f"{new_id('', 4)} " for _ in range(WORDS)]


def response_events(text: Iterable[str], **asked: Any) -> list[Json]:
    """A response that says `text`, a piece an event; its last is `response.completed`.

    `asked` are fields of the request that the response repeats.
    """
    pieces = list(text)
    response: Json = {
        "id": new_id("resp_", 40),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": "gpt-4o-mini",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        **asked,
    }
    item: Json = {
        "id": new_id("msg_", 40),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "annotations": [], "text": "".join(pieces)}],
    }  # fmt: skip
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    events: list[Json] = [
        {"type": "response.created", "response": response},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in pieces
        ),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "output": [item]},
        },
    ]  # fmt: skip
    return [event | {"sequence_number": n} for n, event in enumerate(events)]


class Conversation:
    """One WebSocket; answers run beside each other, those of one lane one after the other."""

    def __init__(self, say: Say, seed: int = 0) -> None:
        """`seed` decides how late each event is."""
        self._speak = say
        self._chance = Random(seed)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._cancelled: set[str] = set()
        self._active: dict[str, Json] = {}
        """Responses in progress, by lane."""

    async def begin(self) -> None:
        """Say what comes before the client's first word."""

    async def hear(self, event: Json) -> None:
        """Answer, or begin to."""
        raise NotImplementedError

    def end(self) -> None:
        """Say no more."""
        for task in self._lanes.values():
            task.cancel()

    async def say(self, event: Json) -> None:
        """Send an event, a little late as always."""
        await asyncio.sleep(self._chance.uniform(0, MOST_LATE))
        await self._speak(event)

    async def refuse(self, event: Json, code: str, message: str) -> None:
        """The error of the API for an event of the client's."""
        error = {
            "type": "invalid_request_error",
            "code": code,
            "message": message,
            "param": None,
            "event_id": event.get("event_id"),
        }
        await self.say({"type": "error", "status": 400, "error": error})

    def answer(self, lane: str, events: list[Json], cancelled: Json) -> None:
        """Say `events` after what is said in `lane`; `cancelled` in place of the rest of them."""
        before = self._lanes.get(lane)
        self._lanes[lane] = asyncio.create_task(
            self._answer(before, lane, events, cancelled)
        )

    async def _answer(
        self,
        before: asyncio.Task[None] | None,
        lane: str,
        events: list[Json],
        cancelled: Json,
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        response = events[0]["response"]
        self._active[lane] = response
        with contextlib.suppress(OSError):  # the client has left
            for event in events:
                if response["id"] in self._cancelled:
                    await self.say(cancelled)
                    break
                await self.say(event)
        del self._active[lane]

    async def cancel(self, event: Json) -> None:
        """Break off the response that `event` names, or the one in its lane."""
        lane = str(event.get("stream_id") or "")
        active = [r["id"] for r in self._active.values()]
        named = event.get("response_id")
        if named is None and lane in self._active:
            named = self._active[lane]["id"]
        if named in active:
            self._cancelled.add(str(named))
        else:
            await self.refuse(event, "response_cancel_not_active", "nothing to cancel")


class Responses(Conversation):
    """The Responses API: a response for each `response.create`, streams beside each other."""

    def __init__(self, say: Say, seed: int = 0) -> None:
        super().__init__(say, seed)
        self._said: set[str] = set()
        """Ids of responses that a client may go on from."""

    async def hear(self, event: Json) -> None:
        match event.get("type"):
            case "response.create":
                await self._create(event)
            case "response.cancel":
                await self.cancel(event)
            case other:
                await self.refuse(event, "unknown_event", f"no such event: {other}")

    async def _create(self, event: Json) -> None:
        previous = event.get("previous_response_id")
        if previous is not None and previous not in self._said:
            code = "previous_response_not_found"
            await self.refuse(event, code, f"no such response: {previous}")
            return
        stream = event.get("stream_id")
        text = [] if event.get("generate") is False else words()
        events = response_events(text, previous_response_id=previous)
        if stream is not None:
            events = [each | {"stream_id": stream} for each in events]
        first = events[0]
        self._said.add(first["response"]["id"])
        incomplete = {
            "status": "incomplete",
            "incomplete_details": {"reason": "cancelled"},
        }
        cancelled = {
            **first,
            "type": "response.incomplete",
            "response": first["response"] | incomplete,
            "sequence_number": len(events),
        }
        self.answer(str(stream or ""), events, cancelled)


class Realtime(Conversation):
    """The Realtime API: it greets, and speaks in texts or in audio with its transcript."""

    def __init__(self, say: Say, seed: int = 0) -> None:
        super().__init__(say, seed)
        self._session: Json = {
            "type": "realtime",
            "object": "realtime.session",
            "id": new_id("sess_", 21),
            "model": "gpt-realtime",
            "output_modalities": ["audio"],
        }

    async def say(self, event: Json) -> None:
        await super().say({"event_id": new_id("event_", 21), **event})

    async def begin(self) -> None:
        await self.say({"type": "session.created", "session": self._session})

    async def hear(self, event: Json) -> None:
        match event.get("type"):
            case "session.update":
                self._session |= event["session"]
                await self.say({"type": "session.updated", "session": self._session})
            case "input_audio_buffer.append":
                pass  # the API says nothing to it
            case "input_audio_buffer.commit":
                item_id = new_id("item_", 21)
                await self.say(
                    {"type": "input_audio_buffer.committed", "item_id": item_id}
                )
            case "conversation.item.create":
                item = {"id": new_id("item_", 21), **event["item"]}
                await self.say({"type": "conversation.item.added", "item": item})
            case "response.create":
                asked = event.get("response") or {}
                modalities = asked.get("output_modalities")
                events = self._spoken(modalities or self._session["output_modalities"])
                response = events[0]["response"] | {"status": "cancelled"}
                cancelled = {"type": "response.done", "response": response}
                self.answer("", events, cancelled)
            case "response.cancel":
                await self.cancel(event)
            case other:
                await self.refuse(event, "unknown_event", f"no such event: {other}")

    def _spoken(self, modalities: list[str]) -> list[Json]:
        response: Json = {
            "id": new_id("resp_", 21),
            "object": "realtime.response",
            "status": "in_progress",
            "output": [],
            "output_modalities": modalities,
        }
        pieces = words()
        is_audio = "audio" in modalities
        kind = "output_audio_transcript" if is_audio else "output_text"
        whole = "transcript" if is_audio else "text"
        item: Json = {
            "id": new_id("item_", 21),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": kind.removesuffix("_transcript"), whole: "".join(pieces)}],
        }  # fmt: skip
        place = {
            "response_id": response["id"],
            "item_id": item["id"],
            "output_index": 0,
            "content_index": 0,
        }
        deltas: list[Json] = []
        for piece in pieces:
            deltas.append({"type": f"response.{kind}.delta", **place, "delta": piece})
            if is_audio:
                sound = base64.b64encode(token_bytes(_AUDIO)).decode()
                deltas.append(
                    {"type": "response.output_audio.delta", **place, "delta": sound}
                )
        return [
            {"type": "response.created", "response": response},
            *deltas,
            {"type": f"response.{kind}.done", **place, whole: "".join(pieces)},
            {
                "type": "response.done",
                "response": {**response, "status": "completed", "output": [item]},
            },
        ]
