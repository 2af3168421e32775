"""Secrets that only a name beside them tells, and secrets in pieces: in every place for each name."""

import json
from collections.abc import Iterator

from standin import Answer
from support.canaries import API, Call, Canaries, json_answer, json_call

NAMES = (
    *("authorization", "api_key", "apiKey", "X-Api-Key", "token", "access_token"),
    *("refreshToken", "id_token", "auth_token", "client_secret", "clientSecret"),
    *("SECRET_ACCESS_KEY", "session_token", "webhook_secret", "private_key"),
    *("password", "passwd", "pwd", "DB_PASS", "PGPASSWORD", "MYSQL_PWD", "passphrase"),
    *("credentials", "subscription_key", "app_key", "service_key", "master_key"),
    *("session_key", "csrf_token", "Helicone-Auth", "x-portkey-virtual-key"),
    *("GITHUB_TOKEN", "npm_token", "HF_TOKEN", "SLACK_BOT_TOKEN", "app_secret"),
    *("shared_secret", "connection_string", "cookie", "bearer_token"),
)


def named(canary: Canaries) -> Iterator[Call]:
    """A call for each place, with a secret under each of NAMES in it."""

    def secrets(place: str) -> dict[str, str]:
        return {name: canary(f"{place} {name}", "named") for name in NAMES}

    members, lines = secrets("tool header"), secrets("prompt line")
    tool = {"type": "mcp", "server_url": "https://mcp.example/sse", "headers": members}
    prompt = "\n".join(f"{name}={value}" for name, value in lines.items())
    yield json_call(
        f"{API}/responses",
        {"input": f"my .env is:\n{prompt}\n", "tools": [tool], "place": "names"},
        json_answer({"config": secrets("answer member")}),
    )
    arguments = json.dumps({"config": secrets("tool argument")})
    pairs = [{"name": n, "value": v} for n, v in secrets("answer pair").items()]
    yield json_call(
        f"{API}/chat/completions",
        {"messages": [{"role": "tool", "content": arguments}], "place": "names"},
        json_answer({"headers": pairs}),
    )
    query = "&".join(f"{n}={v}" for n, v in secrets("query").items())
    yield json_call(f"{API}/names?{query}", {"place": "names"}, json_answer({}))
    form = "&".join(f"{n}={v}" for n, v in secrets("form").items())
    yield Call(
        url=f"{API}/names",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=form.encode(),
        answer=json_answer({}),
    )
    parts = "".join(
        f'--limit\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
        for n, v in secrets("multipart").items()
    )
    yield Call(
        url=f"{API}/names",
        headers=(("Content-Type", "multipart/form-data; boundary=limit"),),
        body=f"{parts}--limit--\r\n".encode(),
        answer=json_answer({}),
    )
    yield from _in_names(canary)
    yield from _in_pieces(canary)


def _in_names(canary: Canaries) -> Iterator[Call]:
    key = canary("form's name", "openai")
    # What curl -d makes of JSON: a form with one long name.
    yield Call(
        url=f"{API}/names?{canary('query name', 'github')}=1",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=json.dumps({"why": f"is {key} refused"}).encode(),
        answer=json_answer({canary("member's name", "github"): 1}),
    )


def _in_pieces(canary: Canaries) -> Iterator[Call]:
    def pieces(place: str) -> list[str]:
        text = f"It is {canary(place, 'openai')}, I think"
        return [text[at : at + 3] for at in range(0, len(text), 3)]

    listed = [
        {"token": token, "bytes": list(token.encode()), "logprob": -0.1}
        for token in pieces("logprobs")
    ]
    answer = {"choices": [{"index": 0, "logprobs": {"content": listed}}]}
    yield json_call(
        f"{API}/chat/completions",
        {"logprobs": True},
        Answer.of(json.dumps(answer).encode(), "application/json"),
    )
    words = [{"word": word, "start": 0.5} for word in pieces("words")]
    yield json_call(
        f"{API}/audio",
        {"words": True},
        Answer.of(json.dumps({"words": words}).encode(), "application/json"),
    )
    deltas = [
        {"choices": [{"index": 0, "delta": {"content": token}}]}
        for token in pieces("events after retry")
    ]
    events = b"".join(b"data: %s\n\n" % json.dumps(each).encode() for each in deltas)
    for place, body in (
        ("after retry", b"retry: 3000\n\n" + events),
        ("ended by CR", events.replace(b"\n", b"\r")),
    ):
        yield json_call(
            f"{API}/chat/completions",
            {"stream": True, "place": place},
            Answer.events(body),
        )
