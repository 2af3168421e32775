"""Our bytes against Go's: go-vcr with each release of go.yaml.in/yaml/v4 writes and reads the same."""

import base64
import json
import random
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteFormatError
from anyvcr.core.go import duration
from go import awkward
from go.process import Oracle, build

SEED = Path(__file__).parents[2] / "cassettes" / "simple_streaming.yaml"
MEGABYTE = 1_000_000
LONG = (
    b"a" * MEGABYTE,
    b"word " * (MEGABYTE // 5),
    b'{"a": "it\'s"} ' * (MEGABYTE // 14) + b"x",
    b"line\nline\n\n" * (MEGABYTE // 11),
    b"\xff" * MEGABYTE,
    b"\x07 " * (MEGABYTE // 2),
)
ZEROS: dict[str, Any] = {
    "proto": "",
    "proto_major": 0,
    "proto_minor": 0,
    "content_length": 0,
}


@dataclass(frozen=True, slots=True)
class Writer:
    """A version of go-yaml, and the options that it is called with."""

    modules: str
    options: str


WRITERS = {
    Style.X_VCR: Writer("rc3.mod", "x-vcr"),
    Style.X_VCR_FOLDED: Writer("go.mod", "x-vcr"),
    Style.X_VCR_V4: Writer("v4.mod", "x-vcr"),
    Style.GO_VCR: Writer("go.mod", "go-vcr"),
    Style.GO_VCR_4_0_6: Writer("rc3.mod", "go-vcr"),
    Style.GO_VCR_V4: Writer("v4.mod", "go-vcr"),
}


@pytest.fixture(scope="module")
def oracles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Oracle]:
    folder = tmp_path_factory.mktemp("oracle")
    return {
        modules: Oracle(folder, modules) for modules in ("go.mod", "rc3.mod", "v4.mod")
    }


@pytest.fixture(scope="module")
def oracle(oracles: dict[str, Oracle]) -> Oracle:
    return oracles["go.mod"]


def written(request: Request, response: Response, style: Style) -> bytes:
    one = Interaction(id=0, request=request, response=response)
    return cassette_format.dumps(Cassette(interactions=(one,), style=style))


def everywhere(raw: bytes, style: Style) -> bytes:
    """As oracle/main.go: the text in each place that takes any text."""
    text = raw.decode(errors="surrogateescape")
    request = Request(
        method=text,
        url=text,
        proto=text,
        proto_minor=0,
        content_length=-1,
        transfer_encoding=(text,),
        host=text,
        body=raw,
        form=((text, (text, text)), ("no values", ())),
        headers=(("X-Text", (text,)), (text + "x", ())),
    )
    response = Response(
        **ZEROS | {"code": 0, "status": text, "body": raw, "uncompressed": True},
        duration=3_133_094_000,
    )
    return written(request, response, style)


@pytest.mark.parametrize("style", WRITERS)
def test_text_is_written_byte_for_byte_as_go_writes_it(
    oracles: dict[str, Oracle], style: Style
) -> None:
    oracle, options = oracles[WRITERS[style].modules], WRITERS[style].options
    texts = list(awkward.texts(20_000, seed=20_000 + len(style)))
    answers = oracle.ask("dump", texts, style=options)
    assert [answer.error for answer in answers if answer.error] == []
    differences = [
        text
        for text, answer in zip(texts, answers, strict=True)
        if everywhere(text, style) != answer.texts[0]
    ]
    assert differences == []


@pytest.mark.parametrize("style", WRITERS)
def test_a_megabyte_on_one_line_is_written_as_go_writes_it(
    oracles: dict[str, Oracle], style: Style
) -> None:
    oracle, options = oracles[WRITERS[style].modules], WRITERS[style].options
    answers = oracle.ask("bodies", LONG, style=options)
    for text, answer in zip(LONG, answers, strict=True):
        as_text = text.decode(errors="surrogateescape")
        request = Request(
            **ZEROS, method="", url=as_text, headers=(("X-Text", (as_text,)),)
        )
        response = Response(**ZEROS, code=0, status="", body=text)
        assert written(request, response, style) == answer.texts[0]


def test_the_keys_of_a_map_stand_in_the_order_of_go(oracle: Oracle) -> None:
    rng = random.Random(7)
    sets = [
        list(
            {
                "".join(rng.choices("abZ019-_ é٣日[]", k=rng.randrange(6)))
                for _ in range(8)
            }
        )
        for _ in range(1_000)
    ]
    answers = oracle.ask(
        "keys", ["\0".join(names).encode() for names in sets], style="x-vcr"
    )
    for names, answer in zip(sets, answers, strict=True):
        form = tuple((name, ()) for name in names)
        request = Request(**ZEROS, method="", url="", form=form)
        assert (
            written(request, Response(**ZEROS, code=0, status=""), Style.X_VCR_FOLDED)
            == answer.texts[0]
        )


def test_durations_are_written_as_go_writes_them(oracle: Oracle) -> None:
    rng = random.Random(11)
    values = [
        rng.choice((1, -1)) * rng.randrange(10 ** rng.randrange(1, 19))
        for _ in range(2_000)
    ]
    answers = oracle.ask("format", [str(value).encode() for value in values])
    assert [duration.format(value) for value in values] == [
        answer.texts[0].decode() for answer in answers
    ]


def test_durations_are_read_as_go_reads_them(oracle: Oracle) -> None:
    rng = random.Random(13)
    texts = [
        "".join(rng.choices(DURATION_PIECES, k=rng.randrange(1, 6)))
        for _ in range(5_000)
    ]
    answers = oracle.ask("duration", [text.encode() for text in texts])
    assert [parsed(text) for text in texts] == [
        None if answer.error else int(answer.texts[0]) for answer in answers
    ]


DURATION_PIECES = (
    *(
        "0",
        "1",
        "9",
        "12",
        "1234567",
        "9223372036854775807",
        ".",
        ".5",
        "1.25",
        "-",
        "+",
    ),
    *(
        "h",
        "m",
        "s",
        "s",
        "ms",
        "us",
        "µs",
        "μs",
        "ns",
        "d",
        "0.3333333333333333333h",
        "1.5s",
    ),
)


def parsed(text: str) -> int | None:
    try:
        return duration.parse(text)
    except ValueError:
        return None


def document(request: str, response: str) -> bytes:
    return (
        "version: 2\ninteractions:\n- id: 0\n"
        f"  request:\n    method: GET\n    {request}\n  response:\n    code: 200\n    {response}\n"
    ).encode()


SCALARS = (
    *("123", "1e3", "0x1F", "017", "08", "1_000", "-0", "1.0", "1.5", "1e30", ".inf", ".nan", "1e400"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616"),
    *("true", "False", "yes", "'yes'", "y", "Off", "~", "", "null", "'null'", "=", "12:30"),
    *("2001-01-01", "2001-01-01 1:2:3", "2001-13-01", "'2001-01-01'", "!!str 12", "!!int 12", "!!int a"),
    *("!!float 1", "!!bool true", "!!bool 'true'", "!!null ''", "!!null x", "!!binary aGk=", "!!binary a"),
    *("!foo x", "[a]", "{a: b}", "[]", "{}", "a b", "'it''s'", '"\\x41\\u00e9\\N\\_\\L\\P\\e"', '"\\q"'),
    *(">-\n      a\n      b", "|\n\n      a\n     \n", "|2\n       a", "a\n      b", "'a\n\n      b'", "a #b"),
    *("1s", "1m2s", "5", "'0'", "0.0", "1h", "5µs", "1d", "-1.5s", "200 OK", "*x", "@a", "%a", "a: b", "{"),
    *("[chunked, ~, 1, true]", "[[a]]", "{A: [b, 1, ~, 1.5]}", "{A: b}", "{A: ~}", "{1: [b]}", "{A: {}}"),
    *("\n      A: [a]\n      A: [b]", "\n      A:\n      - b", "&x [a]", "!!map {}", "!!seq []"),
)  # fmt: skip
REQUEST_KEYS = (
    "body",
    "url",
    "proto_major",
    "content_length",
    "headers",
    "transfer_encoding",
    "form",
    "<<",
)
RESPONSE_KEYS = ("body", "status", "uncompressed", "duration", "trailer", "proto_minor")
FILES = (
    *("version: 2\ninteractions:", "interactions: []", "version: 2\ninteractions: ~"),
    *("version: 2.0\ninteractions: []", "version: '2'\ninteractions: []", "version: 3\ninteractions: []"),
    *("version: 2\ninteractions: {}", "version: 2\ninteractions: []\n---\nversion: 3", "- a", "a"),
    *("version: 2\ninteractions: []\n...\n{", "%YAML 1.1\n---\nversion: 2\ninteractions: []"),
    *("version: 2\r\ninteractions: []\r\n", "\ufeffversion: 2\ninteractions: []", "a: [", "\t- a"),
    *("version: 2\ninteractions: [{id: 3, request: {url: a}, response: {code: 1}}]", "version: 2\nversion: 2"),
    *("version: 2\ninteractions: [&i {id: 1, request: {url: a}}, {<<: *i, id: 2}]", "version: 2\ninteractions: [a]"),
    *("version: 2\ninteractions: [{request: {url: u}, <<: [{response: {code: 1}}, {response: {code: 2}}]}]",),
)  # fmt: skip


def documents() -> list[bytes]:
    """Each kind of value in each kind of field, and whole files."""
    requests = [
        document(f"{key}: {value}", "") for key in REQUEST_KEYS for value in SCALARS
    ]
    responses = [
        document("", f"{key}: {value}") for key in RESPONSE_KEYS for value in SCALARS
    ]
    return [*requests, *responses, *(text.encode() for text in FILES)]


def test_what_go_reads_is_read_alike_and_what_go_refuses_is_refused(
    oracle: Oracle,
) -> None:
    texts = documents()
    differences = []
    for text, answer in zip(texts, oracle.ask("load", texts), strict=True):
        expected = None if answer.error else as_go_read_it(answer.texts[0])
        if as_we_read_it(text) != expected:
            differences.append((text, answer.error))
    assert differences == []


def as_we_read_it(data: bytes) -> list[object] | None:
    try:
        found = cassette_format.loads(data).interactions
    except CassetteFormatError:
        return None
    return [
        [
            each.id,
            *(
                q.proto,
                q.proto_major,
                q.proto_minor,
                q.content_length,
                q.transfer_encoding,
            ),
            *(
                dict(q.trailer),
                q.host,
                q.remote_addr,
                q.request_uri,
                q.body,
                dict(q.form),
            ),
            *(dict(q.headers), q.url, q.method),
            *(
                p.proto,
                p.proto_major,
                p.proto_minor,
                p.transfer_encoding,
                dict(p.trailer),
            ),
            *(
                p.content_length,
                p.uncompressed,
                p.body,
                dict(p.headers),
                p.status,
                p.code,
            ),
            p.duration,
        ]
        for each in found
        for q, p in ((each.request, each.response),)
    ]


def as_go_read_it(answer: bytes) -> list[object]:
    return [
        [
            each["ID"],
            *(q["Proto"], q["ProtoMajor"], q["ProtoMinor"], q["ContentLength"]),
            *(tuple(q["TransferEncoding"] or ()), by_name(q["Trailer"]), q["Host"]),
            *(
                q["RemoteAddr"],
                q["RequestURI"],
                body(each["Request"]),
                by_name(q["Form"]),
            ),
            *(by_name(q["Headers"]), q["URL"], q["Method"]),
            *(
                p["Proto"],
                p["ProtoMajor"],
                p["ProtoMinor"],
                tuple(p["TransferEncoding"] or ()),
            ),
            *(by_name(p["Trailer"]), p["ContentLength"], p["Uncompressed"]),
            *(body(each["Response"]), by_name(p["Headers"]), p["Status"], p["Code"]),
            p["Duration"],
        ]
        for each in json.loads(answer)
        for q, p in ((each["Request"]["Fields"], each["Response"]["Fields"]),)
    ]


def body(message: dict[str, Any]) -> bytes:
    return base64.b64decode(message["Body"] or "")


def by_name(found: dict[str, list[str] | None] | None) -> dict[str, tuple[str, ...]]:
    return {name: tuple(texts or ()) for name, texts in (found or {}).items()}


@pytest.mark.parametrize("style", list(Style))
def test_go_vcr_loads_what_we_write(tmp_path: Path, style: Style) -> None:
    recorded = replace(cassette_format.loads(SEED.read_bytes()), style=style)
    (tmp_path / "cassette.yaml").write_bytes(cassette_format.dumps(recorded))
    load = build("load", tmp_path)
    run = subprocess.run(
        [load, tmp_path / "cassette"], stdout=subprocess.PIPE, check=True
    )
    assert run.stdout.split() == [b"1"]
