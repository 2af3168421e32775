"""Secrets in every place where a client or a server can put one, and how to find them again.

A canary is a distinct made-up secret. Those of the kind `opaque` look like nothing: only the
place where they stand tells that they are secret.
"""

import base64
import hashlib
import json
import random
import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from standin import Answer, BreakOff, Chunk, Encoding, Framing
from standin.request import Pairs

API = "https://api.openai.com/v1"
AZURE = "https://example.openai.azure.com/openai"
LETTERS = string.ascii_letters + string.digits
WINDOW = 8
"""Characters of a canary that betray it: no other text has them by chance."""

OPAQUE = "{28}"
KINDS = {
    "openai": "sk-proj-{72}",
    "service account": "sk-svcacct-{60}",
    "admin": "sk-admin-{60}",
    "ephemeral": "ek_{32}",
    "organization": "org-{24}",
    "project": "proj_{24}",
    "anthropic": "sk-ant-api03-{80}",
    "github": "ghp_{36}",
    "google": "AIza{35}",
    "hugging face": "hf_{34}",
    "webhook": "whsec_{32}",
    "jwt": "eyJ{20}.eyJ{40}.{43}",
    "aws": "AKIA{upper}",
    "slack": "xoxb-{digits}-{digits}-{24}",
    "opaque": OPAQUE,
    "named": "{20}93{8}",
}


@dataclass
class Canaries:
    """One person's secrets: another `owner` has others in the same places."""

    owner: str
    planted: dict[str, str] = field(default_factory=dict)
    shortened: list[bytes] = field(default_factory=list)
    """What an answer repeats of a key, with its middle left out: no window, so as it stands."""

    def __call__(self, place: str, kind: str = "opaque") -> str:
        """The secret for `place`, the same each time."""
        if place not in self.planted:
            seed = hashlib.sha256(f"{self.owner} {place}".encode()).hexdigest()
            self.planted[place] = _filled(KINDS[kind], random.Random(seed))
        return self.planted[place]

    def found(self, data: bytes, *, exempt: Iterable[str] = ()) -> list[str]:
        """The places whose secrets `data` holds, or a part or an encoding of one."""
        windows = {
            window: place
            for place, value in self.planted.items()
            if place not in set(exempt)
            for window in _windows(value)
        }
        found = {
            windows[window]
            for view in _views(data)
            for run in set(_RUN.findall(view))
            for window in windows.keys()
            & {run[at : at + WINDOW] for at in range(len(run) - WINDOW + 1)}
        }
        short = [form.decode() for form in self.shortened if form in data]
        return sorted(found) + short


def _filled(shape: str, chance: random.Random) -> str:
    """`shape` with random characters: `{28}` letters and digits, as many."""

    def fill(match: re.Match[str]) -> str:
        match match[1]:
            case "upper":
                return "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
            case "digits":
                return "".join(chance.choices(string.digits, k=12))
            case size:
                # The last is a digit, so that it is no word.
                return "".join(chance.choices(LETTERS, k=int(size) - 1)) + "7"

    return re.sub(r"\{(\w+)\}", fill, shape)


_PUBLIC = re.compile(r"(?:sk-[a-z]+-(?:api03-)?|AIza|AKIA|xoxb-|eyJ|[a-z]{2,6}[_-])")


def _windows(value: str) -> Iterator[bytes]:
    secret = _PUBLIC.sub("", value, count=1).encode()
    forms = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for before in range(3):
        # Without the characters at either end that depend on what stands beside.
        core = base64.b64encode(b"\0" * before + secret)[4:-4]
        forms += [core, core.translate(bytes.maketrans(b"+/", b"-_"))]
    for form in forms:
        for at in range(len(form) - WINDOW + 1):
            yield form[at : at + WINDOW]


_RUN = re.compile(rb"[0-9A-Za-z+/_-]{%d,}" % WINDOW)
_UNICODE = re.compile(rb"\\+u00([0-9A-Fa-f]{2})")


def _views(data: bytes) -> list[bytes]:
    """`data`, and what it is when its escapes are undone and its deltas joined."""
    unescaped = _UNICODE.sub(lambda match: bytes.fromhex(match[1].decode()), data)
    member = rb'"(?:content|delta|token|word)": ?"([^"]*)"'
    numbers = re.findall(rb'"bytes": ?\[([\d, \n]+)\]', data)
    joined = b"".join(re.findall(member, data))
    spelled = b"".join(bytes(map(int, each.split(b","))) for each in numbers)
    views = [
        data,
        unquote_to_bytes(data),
        unescaped.replace(b"\\", b""),
        joined,
        spelled,
    ]
    return list(dict.fromkeys(views))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request and what the API answers to it."""

    url: str
    method: str = "POST"
    headers: Pairs = ()
    body: bytes = b""
    answer: Answer
    is_recorded: bool = True


def json_call(url: str, value: object, answer: Answer, **headers: str) -> Call:
    """A call with a JSON body; a header's name has `_` for `-`."""
    return Call(
        url=url,
        headers=(
            ("Content-Type", "application/json"),
            *((name.replace("_", "-"), value) for name, value in headers.items()),
        ),
        body=json.dumps(value).encode(),
        answer=answer,
    )


def json_answer(value: object, status: int = 200, headers: Pairs = ()) -> Answer:
    content_type = ("Content-Type", "application/json")
    body = json.dumps(value, indent=2).encode()
    return Answer(
        status=status, headers=(content_type, *headers), chunks=(Chunk(data=body),)
    )


def calls(canary: Canaries) -> list[Call]:
    """A call for each kind of place; those that belong to one request stand in one."""
    from support.named_canaries import named

    return [
        *_headers(canary),
        *_urls(canary),
        *_request_bodies(canary),
        *_refusals(canary),
        *_echoes(canary),
        *_streams(canary),
        *_given_out(canary),
        *named(canary),
    ]


def _headers(canary: Canaries) -> Iterator[Call]:
    yield json_call(
        f"{API}/chat/completions",
        {"model": "gpt-4o", "place": "headers"},
        json_answer(
            {"ok": True},
            headers=(
                ("Set-Cookie", f"session={canary('set-cookie')}; Path=/; HttpOnly"),
                ("Set-Cookie", f"__cf_bm={canary('second set-cookie')}; Secure"),
                ("openai-organization", canary("answer organization", "organization")),
                ("openai-project", canary("answer project", "project")),
                ("x-request-id", canary("answer unlisted header")),
                (
                    "content-disposition",
                    f"inline; filename={canary('file name', 'github')}",
                ),
            ),
        ),
        Authorization=f"Bearer {canary('authorization', 'openai')}",
        OpenAI_Organization=canary("organization", "organization"),
        OpenAI_Project=canary("project", "project"),
        Cookie=f"sid={canary('cookie')}; theme=dark; token={canary('second cookie')}",
        api_key=canary("api-key"),
        x_api_key=canary("x-api-key", "anthropic"),
        x_goog_api_key=canary("x-goog-api-key", "google"),
        Ocp_Apim_Subscription_Key=canary("subscription key"),
        X_Amz_Security_Token=canary("security token"),
        X_Internal_Trace=canary("unlisted header"),
        User_Agent=f"program/1.0 ({canary('user-agent', 'github')})",
    )
    pair = f"{canary('basic user')}:{canary('basic password')}"
    basic = base64.b64encode(pair.encode()).decode()
    yield json_call(
        f"{API}/embeddings",
        {"place": "basic"},
        json_answer({"user": canary("basic user"), "pair": basic}),
        Authorization=f"Basic {basic}",
    )
    yield json_call(
        f"{API}/embeddings",
        {"place": "signed request"},
        json_answer({"seen": canary("signature")}),
        Authorization="AWS4-HMAC-SHA256 Credential="
        f"{canary('aws key id', 'aws')}/20260101/us-east-1/bedrock/aws4_request, "
        f"SignedHeaders=host, Signature={canary('signature')}",
    )


def _urls(canary: Canaries) -> Iterator[Call]:
    names = ("key", "sig", "token", "access_token", "code_secret", "X-Amz-Signature")
    query = "&".join(f"{name}={canary(f'query {name}')}" for name in names)
    yield json_call(f"{API}/images?{query}", {"place": "query"}, json_answer({}))
    yield json_call(
        f"{AZURE}/deployments/gpt/chat/completions"
        f"?api-version=2024-10-21&api-key={canary('query api-key')}",
        {"place": "azure query"},
        json_answer({"api-key": canary("query api-key")}),
    )
    yield Call(
        url=f"{API}/files/{canary('path', 'github')}",
        method="GET",
        answer=json_answer({}),
    )


def _request_bodies(canary: Canaries) -> Iterator[Call]:
    tool = {
        "type": "mcp",
        "server_url": f"https://u:{canary('url password')}@mcp.example/sse?key={canary('tool url')}",
        "authorization": canary("tool authorization"),
        "headers": {
            "Authorization": f"Bearer {canary('tool header')}",
            "X-Api-Key": canary("tool x-api-key"),
            "Cookie": f"a={canary('tool cookie')}",
        },
    }
    prompts = [
        f"My {kind} key is {canary(f'prompt {kind}', kind)}, is it safe?"
        for kind in KINDS
        if kind not in ("opaque", "named")
    ]
    prompts.append(f"AZURE_OPENAI_API_KEY={canary('prompt variable')}")
    pem = f"-----BEGIN PRIVATE KEY-----\n{canary('pem')}{canary('pem 2')}\n-----END PRIVATE KEY-----\n"
    arguments = json.dumps({"api_key": canary("json in json"), "n": 1})
    yield json_call(
        f"{API}/responses",
        {
            "input": [
                {"role": "developer", "content": text} for text in (*prompts, pem)
            ],
            "tools": [tool],
            "output": [{"type": "function_call", "arguments": arguments}],
        },
        json_answer({"output": prompts}),
    )
    lines = (
        *(
            "--limit",
            'Content-Disposition: form-data; name="purpose"',
            "",
            "assistants",
        ),
        *("--limit", 'Content-Disposition: form-data; name="api_key"', ""),
        canary("multipart field"),
        *("--limit", 'Content-Disposition: form-data; name="password"', ""),
        canary("multipart password"),
        *("--limit", 'Content-Disposition: form-data; name="file"; filename="a.env"'),
        *("Content-Type: text/plain", "", f"KEY={canary('multipart file', 'openai')}"),
        *("--limit", 'Content-Disposition: form-data; name="file"; filename="b.bin"'),
        *("Content-Type: application/octet-stream", ""),
        f"\0\xff\xfe {canary('binary file', 'github')} \0{canary('upload key', 'openai')}\xff",
        *("--limit", 'Content-Disposition: form-data; name="file"; filename="c.txt"'),
        *("", f"caf\xe9 {canary('latin-1 file', 'hugging face')}"),
        *("--limit--", ""),
    )
    yield Call(
        url=f"{API}/files",
        headers=(
            ("Content-Type", "multipart/form-data; boundary=limit"),
            ("Authorization", f"Bearer {canary('upload key', 'openai')}"),
        ),
        body="\r\n".join(lines).encode("latin-1"),
        answer=json_answer({"id": "file-1"}),
    )
    yield Call(
        url=f"{API}/oauth/token",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=f"client_secret={canary('form secret')}&refresh_token={canary('form token')}&a=b".encode(),
        answer=json_answer({"access_token": canary("token given out")}),
    )
    filler = "All work and no play makes a dull test. " * 40_000
    yield json_call(
        f"{API}/uploads/upload_1/parts",
        {"text": filler, "key": canary("large upload", "openai")},
        json_answer({"id": "part_1"}),
        Authorization=f"Bearer {canary('large upload', 'openai')}",
    )


def _refusals(canary: Canaries) -> Iterator[Call]:
    """What a key is answered with that does not hold, in the words of several APIs."""
    whole = canary("401 whole")
    yield _refused("401 whole", whole, f"Incorrect API key provided: {whole}.")
    openai = canary("401 of OpenAI", "openai")
    ends = f"{openai[:8]}{'*' * 60}{openai[-4:]}"
    yield _refused(
        "401 of OpenAI",
        openai,
        f"Incorrect API key provided: {ends}. You can find your key at",
    )
    old = f"sk-{canary('401 of old')}"
    yield _refused(
        "401 of old", old, f"Incorrect API key provided: {old[:5]}***{old[-4:]}."
    )
    azure = canary("401 of Azure")
    yield _refused(
        "401 of Azure",
        azure,
        f"Access denied: invalid subscription key {azure[:4]}...{azure[-4:]}",
    )
    other = canary("401 with an ellipsis", "anthropic")
    yield _refused("401 with an ellipsis", other, f"invalid x-api-key …{other[-6:]}")
    canary.shortened += [
        f"**{openai[-4:]}".encode(),
        f"***{old[-4:]}".encode(),
        f"...{azure[-4:]}".encode(),
        f"{azure[:4]}...".encode(),
        f"…{other[-6:]}".encode(),
        f"\\u2026{other[-6:]}".encode(),
    ]
    page = f"<html><h1>502</h1><pre>Authorization: Bearer {canary('error page', 'jwt')}\nSet-Cookie: s={canary('error page cookie')}; x-api-key: {canary('error page dump')}</pre>"
    yield json_call(
        f"{API}/models",
        {"place": "error page"},
        Answer.of(page.encode(), "text/html", status=502),
        x_api_key=canary("error page dump"),
    )
    key = canary("reason phrase", "openai")
    yield json_call(
        f"{API}/models",
        {"place": "reason phrase"},
        Answer(status=401, reason=f"Invalid key {key}", chunks=(Chunk(data=b"no"),)),
        Authorization=f"Bearer {key}",
    )


def _refused(place: str, key: str, message: str) -> Call:
    error = {
        "message": message,
        "type": "invalid_request_error",
        "code": "invalid_api_key",
    }
    return json_call(
        f"{API}/chat/completions",
        {"place": place},
        json_answer({"error": error}, status=401),
        Authorization=f"Bearer {key}",
    )


def _echoes(canary: Canaries) -> Iterator[Call]:
    """Keys that come back encoded."""
    encodings: dict[str, Callable[[bytes], str]] = {
        "base64": lambda key: base64.b64encode(key).decode(),
        "base64 in JSON": lambda key: base64.b64encode(
            b'{"headers": "' + key + b'"}'
        ).decode(),
        "urlsafe base64": lambda key: base64.urlsafe_b64encode(b"a" + key).decode(),
        "hexadecimal": bytes.hex,
        "URL": lambda key: "https://e.example/?next=" + quote(key),
        "URL, every character": lambda key: "".join(f"%{byte:02X}" for byte in key),
        "URL in URL": lambda key: quote("https://e.example/?next=" + quote(key)),
        "JSON escapes": lambda key: "".join(f"\\u{byte:04x}" for byte in key),
        "JSON slashes": lambda key: key.decode().replace("/", "\\/"),
    }
    for name, encoded in encodings.items():
        key = f"{canary(f'echo {name}')}/+{canary(f'echo {name}, the end')}="
        yield json_call(
            f"{API}/embeddings",
            {"place": name},
            json_answer(
                {
                    "you sent": encoded(key.encode()),
                    "twice": json.dumps([encoded(key.encode())]),
                }
            ),
            api_key=key,
        )
    yield json_call(
        f"{API}/embeddings",
        {"place": "gzip"},
        Answer(
            headers=(("Content-Type", "application/json"),),
            chunks=(Chunk(data=json.dumps({"key": canary("gzip")}).encode()),),
            encoding=Encoding.GZIP,
            framing=Framing.CHUNKED,
        ),
        api_key=canary("gzip"),
    )


def _streams(canary: Canaries) -> Iterator[Call]:
    def events(texts: Iterable[str], path: str) -> bytes:
        def event(text: str) -> object:
            if path == "responses":
                return {"type": "response.output_text.delta", "delta": text}
            return {"choices": [{"index": 0, "delta": {"content": text}}]}

        return b"".join(b"data: %s\n\n" % json.dumps(event(t)).encode() for t in texts)

    def pieces(text: str, size: int) -> list[str]:
        return [text[at : at + size] for at in range(0, len(text), size)]

    for path, size in (
        ("chat/completions", 3),
        ("chat/completions", 10),
        ("responses", 7),
    ):
        seen = canary(f"deltas of {path} by {size}", "openai")
        unseen = canary(f"deltas of {path} by {size}, unseen", "github")
        text = f"Your key is {seen} and hers {unseen}, I think."
        yield json_call(
            f"{API}/{path}",
            {"stream": True, "size": size},
            Answer.events(events(pieces(text, size), path)),
            Authorization=f"Bearer {seen}",
        )
    key = canary("chunks", "openai")
    body = events([f"Your key is {key}."], "chat/completions")
    yield json_call(
        f"{API}/chat/completions",
        {"stream": True, "split": "chunks"},
        Answer(
            headers=(("Content-Type", "text/event-stream"),),
            chunks=tuple(
                Chunk(data=body[at : at + 5]) for at in range(0, len(body), 5)
            ),
            framing=Framing.CHUNKED,
        ),
        Authorization=f"Bearer {key}",
    )
    yield json_call(
        f"{API}/chat/completions",
        {"stream": True, "ends": "trailers"},
        Answer(
            headers=(
                ("Content-Type", "text/event-stream"),
                ("Trailer", "X-Session-Token"),
            ),
            chunks=(Chunk(data=b"data: [DONE]\n\n"),),
            framing=Framing.CHUNKED,
            trailers=(
                ("X-Session-Token", canary("trailer")),
                ("Set-Cookie", f"t={canary('trailer cookie')}"),
                ("X-Checksum", canary("trailer by shape", "github")),
            ),
        ),
    )
    yield Call(
        url=f"{API}/chat/completions?key={canary('interrupted query')}",
        headers=(("Authorization", f"Bearer {canary('interrupted', 'openai')}"),),
        body=b"{}",
        answer=Answer(
            headers=(
                ("Content-Type", "text/event-stream"),
                ("Set-Cookie", f"i={canary('interrupted cookie')}"),
            ),
            chunks=(
                Chunk(data=canary("interrupted", "openai").encode()),
                Chunk(data=b"x"),
            ),
            framing=Framing.CHUNKED,
            break_off=BreakOff.CLOSE,
            break_after=1,
        ),
        is_recorded=False,
    )


def _given_out(canary: Canaries) -> Iterator[Call]:
    """What an API makes for its user."""
    bucket = f"https://user:{canary('location password')}@files.example/a.png"
    signed = (
        f"{bucket}?X-Amz-Credential={canary('location credential', 'aws')}%2F20260101"
        f"&X-Amz-Security-Token={canary('location token')}"
        f"&X-Amz-Signature={canary('location signature')}"
    )
    yield Call(
        url=f"{API}/files/file-1/content",
        method="GET",
        answer=Answer(status=302, headers=(("Location", signed),)),
    )
    shared = (
        f"https://files.example/a.png?se=2026-01-01&sp=r&sig={canary('answer sas')}%3D"
    )
    yield json_call(
        f"{API}/images/generations",
        {"prompt": "a cat"},
        json_answer({"data": [{"url": shared}, {"url": signed}]}),
    )
    for place, kind in (
        ("realtime/client_secrets", "ephemeral"),
        ("organization/admin_api_keys", "admin"),
        ("organization/projects/p/service_accounts", "service account"),
    ):
        value = canary(f"answer {kind}", kind)
        yield json_call(
            f"{API}/{place}",
            {"name": kind},
            json_answer({"value": value, "client_secret": {"value": value}}),
        )
    secrets = {
        "signing_secret": canary("answer webhook", "webhook"),
        "organization_id": canary("answer body organization", "organization"),
        "project_id": canary("answer body project", "project"),
        "client_secret": canary("answer client secret"),
        "id_token": canary("answer id token", "jwt"),
        "cookie": canary("answer body cookie"),
    }
    yield json_call(f"{API}/webhooks", {"name": "hook"}, json_answer(secrets))
