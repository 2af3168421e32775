"""Real traffic holds no secret but those named here, and redaction leaves the rest alone."""

import json
from pathlib import Path

from anyvcr.core.cassette import codec as cassettes
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import scan
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules
from support.toolchain import require_shared

REDACTOR = Redactor(RedactionRules(), Credentials())

SAMPLES = {
    ("listFineTuningCheckpointPermissions", "openai-project", "response body, document 0, $.project_id"),
    ("listFineTuningCheckpointPermissions", "openai-project", "response body, document 1, $.project_id"),
    ("createFineTuningCheckpointPermission", "openai-project", "request body, $.project_ids[0]"),
    ("createFineTuningCheckpointPermission", "openai-project", "response body, $.data[0].project_id"),
    ("create-realtime-client-secret", "openai-ephemeral-key", "response body, byte 14"),
    ("create-realtime-translation-client-secret", "openai-ephemeral-key", "response body, $.value"),
    ("create-project-service-account", "named-secret", "response body, $.api_key.value"),
    ("CreateanAPIkeyforaserviceaccount", "named-secret", "response body, $.value"),
}  # fmt: skip
"""The API's documentation shows whole project ids and keys that are given out; one body is no valid JSON."""


def recorded() -> list[tuple[Path, Cassette]]:
    folder = require_shared("corpus/go-vcr")
    return [
        (path, cassettes.loads(path.read_bytes(), file=str(path)))
        for path in sorted(folder.rglob("*.yaml"))
    ]


def documented() -> list[tuple[str, Interaction]]:
    path = require_shared("corpus/openai-operations.json")
    return [
        (entry["operation"], _interaction(entry))
        for entry in json.loads(path.read_text("utf-8"))
    ]


def _interaction(entry: dict[str, object]) -> Interaction:
    headers, response = entry["headers"], entry["response"]
    assert isinstance(headers, dict)
    assert isinstance(response, dict)
    return Interaction(
        id=0,
        request=Request(
            method=str(entry["method"]),
            url=str(entry["url"]),
            headers=tuple((name, (value,)) for name, value in headers.items()),
            body=_bytes(entry["body"]),
        ),
        response=Response(code=200, status="200 OK", body=_bytes(response.get("body"))),
    )


def _bytes(body: object) -> bytes:
    text = body if isinstance(body, str) else json.dumps(body)
    return b"" if body is None else text.encode()


def test_no_alarm_on_real_cassettes_and_not_a_byte_changed() -> None:
    cassettes_ = recorded()

    assert len(cassettes_) == 122
    for path, cassette in cassettes_:
        for interaction in cassette.interactions:
            assert scan(interaction) == (), path
            assert REDACTOR.request(interaction.request) is interaction.request, path
            assert REDACTOR.response(interaction.response) is interaction.response, path


def test_alarms_on_the_documented_operations_are_these() -> None:
    found = {
        (operation, finding.rule, finding.where)
        for operation, interaction in documented()
        for finding in scan(interaction)
    }

    assert found == SAMPLES
