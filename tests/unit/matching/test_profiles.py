"""What known clients send anew does not count, and nothing beside it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from anyvcr.core.cassette.model import Request
from anyvcr.core.errors import ConfigError
from anyvcr.core.matching import profiles
from anyvcr.core.matching.normalized import NormalizedRequest
from anyvcr.core.matching.rules import Rules

RULES = Rules(profiles=profiles.shipped())
Body = dict[str, Any]
Edit = Callable[[Body], object]

AGENTS = {
    "codex": "codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.169.0)",
    "openai-agents": "Agents/Python 0.24.0",
}
CONTEXT = (
    "<environment_context>\n<cwd>/home/one</cwd>\n<shell>bash</shell>\n"
    "<current_date>2026-11-25</current_date>\n<timezone>Europe/Vienna</timezone>\n"
    "<note>keep</note></environment_context> What is the time?"
)
BODIES: dict[str, Body] = {
    "codex": {
        "model": "gpt-6.1",
        "stream": True,
        "instructions": "You are Codex.",
        "input": [
            {
                "type": "message",
                "id": "msg_1",
                "role": "user",
                "content": [{"type": "input_text", "text": CONTEXT}],
                "internal_chat_message_metadata_passthrough": {"turn_id": "t1"},
            },
            {"type": "function_call_output", "call_id": "call_1", "output": "42"},
        ],
        "tools": [{"type": "function", "name": "exec", "parameters": {"a": 1}}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "high"},
        "store": False,
        "prompt_cache_key": "one",
        "client_metadata": {"turn_id": "t1", "x-codex-turn-metadata": "{}"},
    },
    "openai-agents": {
        "model": "gpt-4o",
        "stream": True,
        "instructions": "help",
        "input": [
            {"role": "user", "content": "weather in Paris"},
            {"type": "function_call_output", "call_id": "call_1", "output": "42"},
        ],
        "tools": [{"type": "function", "name": "get_weather"}],
        "include": [],
        "prompt_cache_key": "agents-sdk:run:1",
    },
}


def request(body: Body, agent: str) -> Request:
    return Request(
        method="POST",
        url="https://api.openai.com/v1/responses",
        headers=(("Content-Type", ("application/json",)), ("User-Agent", (agent,))),
        body=json.dumps(body).encode(),
    )


def match(one: Body, other: Body, agent: str, rules: Rules = RULES) -> bool:
    recorded = NormalizedRequest(request(one, agent), rules)
    return recorded.matches(NormalizedRequest(request(other, agent), rules))


def edited(name: str, edit: Edit) -> Body:
    body = copy.deepcopy(BODIES[name])
    edit(body)
    return body


def text(body: Body, old: str, new: str) -> None:
    part = body["input"][0]["content"][0]
    assert old in part["text"]
    part["text"] = part["text"].replace(old, new)


VOLATILE: list[tuple[str, Edit]] = [
    ("codex", lambda b: b["input"][0].update(id="msg_2")),
    ("codex", lambda b: b["input"][1].update(id="fco_2")),
    ("codex", lambda b: b.update(prompt_cache_key="two")),
    ("codex", lambda b: b.pop("client_metadata")),
    (
        "codex",
        lambda b: b["input"][0].update(
            internal_chat_message_metadata_passthrough={"create_time": 1.5}
        ),
    ),
    ("codex", lambda b: text(b, "/home/one", "/Users/two words")),
    ("codex", lambda b: text(b, "2026-11-25", "2026-12-25")),
    ("codex", lambda b: text(b, "Europe/Vienna", "UTC")),
    ("codex", lambda b: text(b, "bash", "zsh")),
    ("openai-agents", lambda b: b.update(prompt_cache_key="agents-sdk:run:2")),
    ("openai-agents", lambda b: b.pop("prompt_cache_key")),
]

COUNTS: list[tuple[str, Edit]] = [
    ("codex", lambda b: b.update(model="gpt-6.1-mini")),
    ("codex", lambda b: b.update(stream=False)),
    ("codex", lambda b: b.update(instructions="You are Code.")),
    ("codex", lambda b: b.update(tool_choice="none")),
    ("codex", lambda b: b.update(parallel_tool_calls=True)),
    ("codex", lambda b: b.update(store=True)),
    ("codex", lambda b: b.update(reasoning={"effort": "low"})),
    ("codex", lambda b: b.update(previous_response_id="resp_1")),
    ("codex", lambda b: b.update(id="x")),
    ("codex", lambda b: b.update(metadata={"client_metadata": 1})),
    ("codex", lambda b: b["tools"].pop()),
    ("codex", lambda b: b["tools"][0].update(name="run")),
    ("codex", lambda b: b["tools"][0].update(id="x")),
    ("codex", lambda b: b["tools"][0]["parameters"].update(a=2)),
    ("codex", lambda b: b["input"].reverse()),
    ("codex", lambda b: b["input"].pop()),
    ("codex", lambda b: b["input"].append(b["input"][0])),
    ("codex", lambda b: b["input"][0].update(role="developer")),
    ("codex", lambda b: b["input"][0].update(type="reasoning")),
    ("codex", lambda b: b["input"][0]["content"][0].update(type="output_text")),
    ("codex", lambda b: b["input"][0]["content"][0].update(id="x")),
    ("codex", lambda b: b["input"][1].update(call_id="call_2")),
    ("codex", lambda b: b["input"][1].update(output="43")),
    ("codex", lambda b: b["input"][1].update(output="<cwd>/x</cwd>")),
    ("codex", lambda b: text(b, "What is the time?", "What is the date?")),
    ("codex", lambda b: text(b, "keep", "drop")),
    ("codex", lambda b: text(b, "<cwd>/home/one</cwd>\n", "")),
    ("codex", lambda b: text(b, "<cwd>", "<pwd>")),
    ("codex", lambda b: text(b, "time?", "time? <cwd>/more</cwd>")),
    ("codex", lambda b: text(b, "2026-11-25</current_date>", "2026-11-25")),
    ("openai-agents", lambda b: b.update(model="gpt-4o-mini")),
    ("openai-agents", lambda b: b.update(stream=False)),
    ("openai-agents", lambda b: b.update(instructions="do not help")),
    ("openai-agents", lambda b: b.update(include=["reasoning.encrypted_content"])),
    ("openai-agents", lambda b: b.update(previous_response_id="resp_1")),
    ("openai-agents", lambda b: b.update(conversation="conv_1")),
    ("openai-agents", lambda b: b.update(prompt_cache_retention="24h")),
    ("openai-agents", lambda b: b.update(max_output_tokens=5)),
    ("openai-agents", lambda b: b["tools"].clear()),
    ("openai-agents", lambda b: b["tools"][0].update(name="weather")),
    ("openai-agents", lambda b: b["tools"][0].update(prompt_cache_key="x")),
    ("openai-agents", lambda b: b["input"][0].update(content="weather in Rome")),
    ("openai-agents", lambda b: b["input"][0].update(role="system")),
    ("openai-agents", lambda b: b["input"][0].update(id="msg_1")),
    ("openai-agents", lambda b: b["input"][1].update(call_id="call_2")),
    ("openai-agents", lambda b: b["input"][1].update(output="43")),
    ("openai-agents", lambda b: b["input"].reverse()),
    ("openai-agents", lambda b: b["input"].pop()),
]


@pytest.mark.parametrize(("name", "edit"), VOLATILE)
def test_what_a_client_sends_anew_does_not_count(name: str, edit: Edit) -> None:
    again = edited(name, edit)

    assert match(BODIES[name], again, AGENTS[name])
    assert not match(BODIES[name], again, AGENTS[name], Rules()), (
        "declared, not guessed"
    )
    assert not match(BODIES[name], again, "another/1.0")


@pytest.mark.parametrize(("name", "edit"), COUNTS)
def test_all_else_counts(name: str, edit: Edit) -> None:
    assert not match(BODIES[name], edited(name, edit), AGENTS[name])


def test_each_profile_names_its_source_and_the_version_it_was_seen_in() -> None:
    assert all(profile.source and profile.seen for profile in profiles.shipped())


def test_profiles_are_chosen_by_name() -> None:
    assert profiles.named([]) == profiles.shipped()
    assert profiles.named(["none"]) == ()
    assert [profile.name for profile in profiles.named([" Codex "])] == ["codex"]


def test_an_unknown_profile_is_an_error_that_names_the_known() -> None:
    with pytest.raises(ConfigError, match="codex, openai-agents, none"):
        profiles.named(["coder"])


def test_the_users_own_rules_hold_beside_a_profile() -> None:
    rules = Rules(ignore=("$.model",), profiles=profiles.shipped())
    again = edited("codex", lambda b: b.update(model="x", prompt_cache_key="y"))

    assert match(BODIES["codex"], again, AGENTS["codex"], rules)
