"""Redaction of secrets, credentials and bodies that nobody thought of."""

import base64
import itertools
import json
import string
from collections.abc import Callable
from random import Random
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

from anyvcr.core.cassette.model import Headers, Interaction, Request, Response
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.detect import scan
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules
from hypothesis import assume, given
from hypothesis import strategies as st

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

ALPHABET = string.ascii_letters + string.digits

shaped = st.builds(
    lambda prefix, seed: prefix + "".join(Random(seed).choices(ALPHABET, k=40)),
    st.sampled_from(["sk-", "sk-proj-", "sk-admin-", "ek_", "org-", "proj_", "ghp_"]),
    st.integers(0, 2**32),
)
"""Told by their looks."""
seen = st.text(
    st.sampled_from(ALPHABET + "-_.~+/=") | st.sampled_from('"\\ %&<\u00e4\U0001f511'),
    min_size=8,
    max_size=40,
).filter(
    lambda text: len(text.strip(' "')) >= 8 and text.strip(" 0123456789.eE+-") != ""
)
"""Told only by having been seen in a header; any characters."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
trees: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=12,
)


def redactor(*secrets: str) -> Redactor:
    credentials = Credentials()
    for secret in secrets:
        credentials.add(secret)
    return Redactor(RedactionRules(), credentials)


NOBODY = redactor()


@st.composite
def planted(draw: st.DrawFn, secret: str) -> Json:
    """A JSON value that holds `secret` somewhere, in a text or as a name."""
    value: Json = draw(
        st.sampled_from([secret, f"x {secret} y", f"\n{secret}\n", f"'{secret}'"])
    )
    for _ in range(draw(st.integers(0, 4))):
        beside = draw(trees)
        around: list[Json] = [
            [beside, value],
            {"b": beside, "a": value},
            {secret: value},
            json.dumps(value),
        ]
        value = draw(st.sampled_from(around))
    return value


def leaves(value: Json) -> str:
    """All the text of a JSON value, and of the JSON in its texts."""
    if isinstance(value, dict):
        return " ".join([*map(leaves, value), *map(leaves, value.values())])
    if isinstance(value, list):
        return " ".join(map(leaves, value))
    if not isinstance(value, str):
        return ""
    try:
        inner = json.loads(value)
    except ValueError:
        return value
    return leaves(inner) if isinstance(inner, str | list | dict) else value


@given(st.data(), shaped | seen, st.booleans(), st.sampled_from([None, 2]))
def test_a_secret_is_gone_from_any_depth_of_json(
    data: st.DataObject, secret: str, ascii_only: bool, indent: int | None
) -> None:
    value = data.draw(planted(secret))
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    own = redactor(secret)
    after = own.bytes(body)

    assert secret.strip(' "') not in leaves(json.loads(after))
    assert own.bytes(after) == after


@given(st.data(), shaped)
def test_a_secret_that_nobody_saw_is_gone_by_its_shape(
    data: st.DataObject, secret: str
) -> None:
    body = json.dumps(data.draw(planted(secret))).encode()

    after = NOBODY.bytes(body)

    assert secret not in leaves(json.loads(after))
    assert NOBODY.bytes(after) == after


@given(shaped | seen, texts, texts)
def test_a_secret_is_gone_from_headers_queries_and_forms(
    secret: str, before: str, after: str
) -> None:
    headers: Headers = (("X-Any", (before + " " + secret + " " + after,)),)
    request = Request(
        method="GET",
        url=f"https://a.example/{quote(secret)}?x={quote(secret, safe='')}&y=1",
        headers=headers,
        trailer=headers,
        form=(("x", (secret,)),),
    )
    own = redactor(secret)

    redacted = own.request(request)

    bare = secret.strip(' "')
    assert bare not in repr((redacted.headers, redacted.trailer, redacted.form))
    assert bare.encode() not in unquote_to_bytes(redacted.url)
    assert own.request(redacted) == redacted


SPELLINGS: list[Callable[[str], str]] = [
    lambda secret: secret,
    lambda secret: quote(secret, safe=""),
    lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    lambda secret: json.dumps(secret)[1:-1],
    lambda secret: json.dumps(json.dumps(secret))[2:-2],
    lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    lambda secret: quote(json.dumps(secret)[1:-1], safe=""),
    lambda secret: secret.encode().hex(),
]


@given(shaped | seen, st.sampled_from(SPELLINGS), texts, texts)
def test_no_spelling_of_a_credential_is_left(
    secret: str, spell: Callable[[str], str], before: str, after: str
) -> None:
    spelled = spell(secret.strip(' "'))
    assume(spelled not in f"{before} {after}")
    own = redactor(secret)

    left = own.text(f"{before} {spelled} {after}")

    assert spelled not in left
    assert own.text(left) == left


@given(shaped | seen, st.binary(max_size=7), st.binary(max_size=7), st.booleans())
def test_base64_around_a_credential_decodes_without_it(
    secret: str, before: bytes, after: bytes, urlsafe: bool
) -> None:
    value = secret.strip(' "').encode()
    assume(len(value) >= 8)
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    body = b'{"a": "' + encode(before + value + after) + b'"}'

    left = json.loads(redactor(secret).bytes(body))["a"]

    decoded = base64.b64decode(left, altchars=b"-_" if urlsafe else None)
    assert value[1:-1] not in decoded
    assert decoded.startswith(before)


@given(shaped, st.lists(st.integers(1, 60), max_size=6))
def test_chunks_of_a_stream_are_redacted_as_one_body(
    secret: str, cuts: list[int]
) -> None:
    stream = f'data: {{"delta": "the key {secret}"}}\n\ndata: [DONE]\n\n'.encode()
    chunks, rest = [], stream
    for cut in cuts:
        chunks.append(rest[:cut])
        rest = rest[cut:]
    chunks.append(rest)

    left = redactor(secret).bytes(b"".join(chunks))

    assert secret.encode() not in left
    assert left.count(b"\n") == stream.count(b"\n")


@given(st.data(), shaped | seen)
def test_a_secret_that_a_stream_spells_word_by_word_is_gone(
    data: st.DataObject, secret: str
) -> None:
    text = f"The key is {secret} indeed"
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    words = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
    events = [{"type": "delta", "index": 0, "delta": {"text": word}} for word in words]
    other = {"type": "delta", "index": 1, "delta": {"text": "x"}}
    body = b"".join(
        b"event: x\ndata: %s\n\n" % json.dumps(event).encode()
        for pair in zip(events, [other] * len(events), strict=True)
        for event in pair
    )
    own = redactor(secret)

    left = own.bytes(body)

    heard = [json.loads(line[6:]) for line in left.splitlines() if line[:5] == b"data:"]
    assert len(heard) == 2 * len(words)
    said = "".join(event["delta"]["text"] for event in heard if not event["index"])
    assert secret.strip(' "') not in said
    assert said.startswith("The key is ")
    assert said.endswith(" indeed")
    assert own.bytes(left) == left


@given(trees, shaped | seen)
def test_a_body_without_secrets_is_the_same_object(value: Json, secret: str) -> None:
    body = json.dumps(value).encode()
    assume(secret.strip(' "') not in leaves(value))

    assert redactor(secret).bytes(body) is body


@given(st.binary(max_size=300), seen)
def test_any_bytes_are_redacted_once_and_for_all(body: bytes, secret: str) -> None:
    own = redactor(secret)
    whole = body + secret.encode() + body

    after = own.bytes(whole)

    assert own.bytes(after) == after


@given(st.data(), shaped, st.sampled_from(["url", "header", "form", "body"]))
def test_what_was_redacted_passes_the_scan(
    data: st.DataObject, secret: str, place: str
) -> None:
    body = json.dumps(data.draw(planted(secret))).encode()
    request = Request(
        method="POST",
        url=f"https://a.example/?x={secret if place == 'url' else ''}",
        headers=(("X", (secret if place == "header" else "",)),),
        form=(("a", (secret if place == "form" else "",)),),
        body=body if place == "body" else b"",
    )
    response = Response(code=200, status="200 OK")

    before = Interaction(id=0, request=request, response=response)
    after = Interaction(id=0, request=NOBODY.request(request), response=response)

    assert scan(before) != ()
    assert scan(after) == ()
