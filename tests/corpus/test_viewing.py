"""Every recorded exchange is shown in its own form."""

import base64
import json

from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Interaction, Request, Response
from anyvcr.core.viewing import reader
from anyvcr.core.viewing.exchange import Data, Shown
from anyvcr.core.viewing.text import lines
from support.toolchain import require_shared


def test_every_cassette_of_the_corpus_is_a_conversation() -> None:
    for path in require_shared("corpus/go-vcr").rglob("*.yaml"):
        if "Bedrock" in str(path):
            continue  # its bodies are Amazon's binary event streams
        for interaction in codec.loads(path.read_bytes()).interactions:
            exchange = reader.read(interaction).exchange
            assert exchange.asked, path
            assert exchange.answered, path
            assert exchange.usage, path


def test_every_operation_of_the_api_is_shown() -> None:
    exchanges = json.loads(require_shared("corpus/openai-operations.json").read_text())
    for exchange in exchanges:
        shown = reader.read(_interaction(exchange))
        text = "\n".join(line.text for line in lines(shown))
        assert text.startswith(f"#{exchange['id']}  {exchange['method']}")
        if exchange["url"].endswith(("/chat/completions", "/responses")):
            assert _is_conversation(shown), exchange["operation"]


def _is_conversation(shown: Shown) -> bool:
    said = [part for turn in shown.exchange.asked for part in turn.parts]
    return shown.method == "GET" or any(not isinstance(part, Data) for part in said)


def _interaction(exchange: dict[str, object]) -> Interaction:
    answer = exchange["response"]
    assert isinstance(answer, dict)
    got = answer.get("body")
    body = (
        base64.b64decode(answer["body_base64"])
        if "body_base64" in answer
        else str(got or "").encode()
    )
    sent = exchange["body"]
    text = sent if isinstance(sent, str) else json.dumps(sent) if sent else ""
    return Interaction(
        id=int(str(exchange["id"])),
        request=Request(
            method=str(exchange["method"]), url=str(exchange["url"]), body=text.encode()
        ),
        response=Response(
            code=int(answer["status"]),
            status=str(answer["status"]),
            headers=(("Content-Type", (str(answer.get("content_type") or ""),)),),
            body=body,
        ),
    )
