"""No secret of a WebSocket reaches a file, a report or a log, wherever either side puts it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.websocket import transcript
from anyvcr.core.websocket.message import Binary, Close, Side, Text
from e2e.test_canaries import DOORS, Door, Open, leaks
from support.canaries import Canaries
from support.named_canaries import NAMES
from support.proxies import anyvcr
from support.websocket_peer import Peer, through_tunnel, upstream
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    TextMessage,
)

QUESTION = "what is in there?"
EMOJI = "\N{GRINNING FACE}"
DELTAS = (
    "response.output_text.delta",
    "response.output_audio_transcript.delta",
    "response.function_call_arguments.delta",
    "response.mcp_call_arguments.delta",
    "response.reasoning_summary_text.delta",
)


def event(type_: str, **fields: object) -> str:
    return json.dumps({"type": type_, **fields})


def handshake(canary: Canaries) -> dict[str, object]:
    """The upgrade, with a secret wherever a client puts its own."""
    query = {
        "api-key": canary("query api-key"),
        "Authorization": "Bearer%20" + canary("query authorization", "openai"),
        "token": canary("query token"),
        "sig": canary("query signature"),
    }
    headers = {
        "Authorization": f"Bearer {canary('authorization', 'openai')}",
        "api-key": canary("api-key"),
        "X-Api-Key": canary("x-api-key"),
        "OpenAI-Organization": canary("organization", "organization"),
        "OpenAI-Project": canary("project", "project"),
        "Cookie": f"__cf_bm={canary('cookie')}",
    }
    return {
        "target": "/v1/realtime?model=m&"
        + "&".join(f"{name}={value}" for name, value in query.items()),
        "subprotocols": [
            "realtime",
            f"openai-insecure-api-key.{canary('subprotocol key', 'openai')}",
            f"openai-organization.{canary('subprotocol organization', 'organization')}",
            f"openai-project.{canary('subprotocol project', 'project')}",
        ],
        "extra_headers": [(n.encode(), v.encode()) for n, v in headers.items()],
    }


Frames = list[TextMessage] | list[BytesMessage]


def from_client(canary: Canaries, question: str = QUESTION) -> list[Frames]:
    """Messages, each as its frames."""
    tool = {
        "type": "mcp",
        "server_url": f"https://u:{canary('tool url')}@mcp.example/sse",
        "authorization": canary("tool authorization"),
        "headers": {name: canary(f"tool header {name}", "named") for name in NAMES},
    }
    lines = "\n".join(f"{n}={canary(f'prompt line {n}', 'named')}" for n in NAMES)
    session = {
        "tools": [tool],
        "client_secret": {"value": canary("session secret", "ephemeral")},
        "instructions": f"my key is {canary('instructions', 'anthropic')}",
    }
    arguments = json.dumps({"config": {"password": canary("JSON in a text")}})
    cut = event("response.create", input=f"key {canary('in fragments', 'openai')}")
    odd = event("note", text=f"{EMOJI} {canary('beside an emoji', 'github')}")
    texts = [
        event("session.update", session=session),
        event("response.create", input=lines),
        event("conversation.item.create", item={"output": arguments}),
        event("response.create", metadata={"api_key": canary("metadata")}),
        event("response.create", jwt=f"see {canary('token of JSON', 'jwt')}"),
        odd.replace("\\ud83d\\ude00", EMOJI),
        f"Authorization: Bearer {canary('plain text')}",
        f"export AWS_KEY={canary('plain key', 'aws')}",
    ]
    binary = event("upload", api_key=canary("bytes"), also=canary("in bytes", "google"))
    pieces = [cut[:35], cut[35:50], cut[50:60], cut[60:]]
    return [
        *([TextMessage(text)] for text in texts),
        [TextMessage(p, message_finished=p is pieces[-1]) for p in pieces],
        [BytesMessage(binary.encode())],
        [TextMessage(event("ask", text=question))],
    ]


def from_server(canary: Canaries) -> list[Frames]:
    session = {"client_secret": {"value": canary("minted secret", "ephemeral")}}
    texts = [
        event("session.updated", session=session),
        event("error", error={"message": f"bad: {canary('error message', 'admin')}"}),
        event("response.done", config={"password": canary("answer member")}),
    ]
    for type_ in DELTAS:
        said = f"use {canary(type_, 'openai')} now"
        texts += [
            event(type_, item_id=type_, delta=said[at : at + 5])
            for at in range(0, len(said), 5)
        ]
    cut = event("response.done", text=canary("answer in fragments", "service account"))
    pieces = [cut[:40], cut[40:60], cut[60:]]
    odd = f"{EMOJI}\n{canary('answer beside an emoji', 'slack')}"
    return [
        *([TextMessage(text)] for text in texts),
        [TextMessage(p, message_finished=p is pieces[-1]) for p in pieces],
        [TextMessage(odd)],
        [BytesMessage(f"key {canary('answer in bytes', 'hugging face')}".encode())],
    ]


@dataclass
class Wire:
    """What the two ends got, as text."""

    at_server: list[str] = field(default_factory=list)
    at_client: list[str] = field(default_factory=list)

    def bytes(self) -> bytes:
        return "\n".join((*self.at_server, *self.at_client)).encode()


def whole(peer: Peer) -> str:
    """The next message, its frames joined; the end as its reason."""
    parts: list[str] = []
    while True:
        got: Event = peer.receive()
        match got:
            case Message(data=data, message_finished=is_last):
                parts.append(data if isinstance(data, str) else bytes(data).decode())
                if is_last:
                    return "".join(parts)
            case CloseConnection(code=code, reason=reason):
                return f"{code} {reason}"


def converse(door: Door, canary: Canaries, question: str = QUESTION) -> list[str]:
    """All that the client says, then what it gets until the end."""
    port = urlsplit(door.url).port
    assert port
    got = []
    with through_tunnel(port, Path(door.ca), **handshake(canary)) as client:
        for frames in from_client(canary, question):
            for frame in frames:
                client.send(frame)
        while not (said := whole(client))[:4].isdigit():
            got.append(said)
        return [*got, said]


@DOORS
def test_no_secret_is_kept_and_another_key_replays(tmp_path: Path, door: Open) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ours, theirs = Canaries("ours"), Canaries("theirs")
    wire = Wire()

    def serve(peer: Peer) -> None:
        for _ in from_client(ours):
            wire.at_server.append(whole(peer))
        for frames in from_server(ours):
            for frame in frames:
                peer.send(frame)
        peer.send(CloseConnection(4001, f"key {ours('close reason', 'openai')}"))

    with upstream(serve, subprotocol="realtime") as api:
        with door(home, "record", "--upstream", api.url) as recording:
            wire.at_client += converse(recording, ours)
        wire.at_server.append(repr(api.requests[0]))

    assert len(ours.planted) > 40
    assert set(ours.found(wire.bytes())) == set(ours.planted), "each was on the wire"
    assert leaks(recording, ours) == {}
    assert recording.code == 0

    with door(home, "replay") as replaying:
        again = converse(replaying, theirs)

    assert len(again) == len(wire.at_client)
    assert leaks(replaying, ours, theirs) == {}

    with door(home, "replay") as missing:
        refused = converse(missing, theirs, f"other: {theirs('miss', 'openai')}")

    assert "no recorded conversation goes on with ask" in refused[0]
    assert leaks(missing, ours, theirs) == {}


def test_check_finds_them_and_redact_removes_them(tmp_path: Path) -> None:
    """In a file that another recorder wrote as it came."""
    canary = Canaries("theirs")
    sides = ((Side.CLIENT, from_client(canary)), (Side.SERVER, from_server(canary)))
    lines = [
        transcript.write(_said(side, frames)) for side, all_ in sides for frames in all_
    ]
    end = Close(Side.SERVER, 4001, f"key {canary('close reason', 'openai')}")
    body = "".join([*lines, transcript.write(end)]).encode()
    kept = Interaction(
        id=0,
        request=Request(method="GET", url="https://api.openai.com/v1/realtime"),
        response=Response(
            code=101,
            status="101 Switching Protocols",
            headers=(("Content-Type", (transcript.CONTENT_TYPE,)),),
            body=body,
        ),
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "c.yaml").write_bytes(codec.dumps(Cassette(interactions=(kept,))))
    assert set(leaks(Door(home), canary)["c.yaml"]) == set(canary.planted)

    found = anyvcr(home, "check", "c.yaml")
    cleaned = anyvcr(home, "redact", "c.yaml")

    assert found.returncode != 0
    assert "secret" in found.stdout + found.stderr
    assert canary.found((found.stdout + found.stderr).encode()) == []
    assert cleaned.returncode == 0, cleaned.stderr
    assert leaks(Door(home), canary) == {}
    assert anyvcr(home, "check", "c.yaml").returncode == 0
    [clean] = codec.loads((home / "c.yaml").read_bytes()).interactions
    assert len(transcript.read(clean.response.body.decode())) == len(lines) + 1


def _said(side: Side, frames: Frames) -> Text | Binary:
    first = frames[0]
    if isinstance(first, BytesMessage):
        return Binary(side, bytes(first.data))
    return Text(side, "".join(str(frame.data) for frame in frames))
