"""Request bodies by kind."""

import json

import pytest
from anyvcr.core.matching.body import (
    Body,
    Form,
    Json,
    Lines,
    Multipart,
    Part,
    Raw,
    canonical,
    digest,
    pairs,
    read,
)
from anyvcr.core.matching.json_value import Repeating, parse_json

BOUNDARY = "multipart/form-data; boundary=b"


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


FIELD = b'Content-Disposition: form-data; name="a"\r\n\r\n1'


@pytest.mark.parametrize(
    ("data", "content_type", "kind"),
    [
        (b"{}", "application/json", Json),
        (b"{}", "APPLICATION/JSON; charset=utf-8", Json),
        (b'"x"', "application/problem+json", Json),
        (b"{}", "text/json", Json),
        (b" [1]", "text/plain", Json),
        (b"{}", "", Json),
        (b"1", "", Raw),
        (b"1", "text/plain", Raw),
        (b"{", "application/json", Raw),
        (b"", "application/json", Raw),
        (b"{}\n{}", "application/x-ndjson", Lines),
        (b"{}\n{}", "", Lines),
        (b"{}\n{}", "text/plain", Raw),
        (b"{}\n{", "application/jsonl", Raw),
        (b"a=1", "application/x-www-form-urlencoded", Form),
        (b"{}", "application/x-www-form-urlencoded; charset=utf-8", Json),
        (b"{a}=1", "application/x-www-form-urlencoded", Form),
        (b"1", "application/x-www-form-urlencoded", Form),
        (b"a=1", "", Form),
        (b"a = 1", "", Raw),
        (b"a=1", "text/plain", Raw),
        (multipart(FIELD), BOUNDARY, Multipart),
        (multipart(FIELD), "multipart/related; boundary=b", Multipart),
        (multipart(FIELD), "", Multipart),
        (multipart(FIELD), "text/plain", Raw),
        (multipart(FIELD), "multipart/form-data; boundary=c", Raw),
        (multipart(FIELD)[:-4], BOUNDARY, Raw),
        (b"preamble\r\n" + multipart(FIELD), BOUNDARY, Raw),
        (multipart(FIELD) + b"epilogue", BOUNDARY, Raw),
        (multipart(b"no blank line"), BOUNDARY, Raw),
        (multipart(FIELD).replace(b"\r\n", b"\n"), BOUNDARY, Raw),
        (b"--b", "", Raw),
        (b"--", "", Raw),
    ],
)
def test_the_type_decides_the_kind_then_the_content(
    data: bytes, content_type: str, kind: type[Body]
) -> None:
    assert type(read(data, content_type)) is kind


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.0e7", 0),
        ("1.0", 1),
        ("1e2", 100),
        ("120e-1", 12),
        ("-1.50", -1.5),
        ("0.1e1", 1),
        ("1e4299", 10**4299),
    ],
)
def test_numbers_have_one_spelling(text: str, value: float) -> None:
    parsed = parse_json(text.encode())
    assert parsed == value
    assert type(parsed) is int or value == -1.5


@pytest.mark.parametrize(
    "text",
    [
        "1e4300",
        "1" * 4301,
        "1" + "0" * 4300,
        "1e999999999",
        "-1e-999999999",
        "0." + "0" * 5000 + "1",
    ],
)
def test_numbers_beyond_reason_are_still_exact(text: str) -> None:
    same = canonical(read(f"[{text}]".encode()))
    assert same == canonical(read(f"[ {text}]".encode()))
    assert same != canonical(read(f"[{text}1]".encode()))
    assert len(same) < len(text) + 30


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "1e" + "9" * 30, "1e" + "9" * 5000, "01", "+1", "1."]
)
def test_what_no_json_number_says_stays_bytes(text: str) -> None:
    assert read(text.encode(), "application/json") == Raw(text.encode())


def nested(levels: int, opened: str = "[", closed: str = "]") -> bytes:
    return (opened * levels + "1" + closed * levels).encode()


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_read_up_to_a_limit(opened: str, closed: str) -> None:
    deepest = read(nested(96, opened, closed), "application/json")
    assert isinstance(deepest, Json)
    assert len(canonical(deepest)) > 96
    for levels in (97, 5_000, 100_000):
        body = nested(levels, opened, closed)
        assert read(body, "application/json") == Raw(body)
        assert len(digest(read(body, "application/json"))) == 32


def test_brackets_in_text_are_no_nesting() -> None:
    wide = json.dumps({"a": ["[" * 200, '\\"{[' * 200, {}] * 100}).encode()
    assert isinstance(read(wide, "application/json"), Json)


@pytest.mark.parametrize("end", ["", "\\", '\\"', '"'])
def test_an_endless_string_is_bytes(end: str) -> None:
    body = ("[" * 200 + '"' + '\\"' * 20_000 + end).encode()
    assert isinstance(read(body, "application/json"), Raw)


def test_repeated_names_are_kept() -> None:
    value = parse_json(b'{"a": 1, "b": 2, "a": 3}')
    assert isinstance(value, Repeating)
    assert value.pairs == (("a", 1), ("b", 2), ("a", 3))
    assert (dict(value), len(value)) == ({"a": 3, "b": 2}, 2)


def test_canonical_json_is_what_it_says() -> None:
    body = read('{"b": [1.50, true, "\u00e9"], "a": null}'.encode())
    assert canonical(body) == 'json:{"a":null,"b":[[NaN,"1.5"],true,"\\u00e9"]}'


def test_kinds_never_share_a_digest() -> None:
    bodies = [
        read(b"{}", "application/json"),
        read(b"{}", "application/jsonl"),
        read(b"{}=", "application/x-www-form-urlencoded"),
        Raw(b"{}"),
        Raw(b"json:{}"),
        Raw(b""),
    ]
    assert len({digest(body) for body in bodies}) == len(bodies)
    assert len({canonical(body) for body in bodies}) == len(bodies)


def test_parts_are_read() -> None:
    body = multipart(
        b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: Audio/WAV\r\nX-Kind: 1\r\nX-Kind: 2\r\n"
        b"Content-Length: 3\r\n\r\n\x00\r\n",
        b'Content-Disposition: form-data; name=""\r\n\r\n',
        b"Content-Type: application/json\r\n\r\n[1.0]",
    )
    assert read(body, BOUNDARY) == Multipart(
        (
            Part(name="", filename=None, type="", headers=(), content=Raw(b"")),
            Part(
                name="",
                filename=None,
                type="application/json",
                headers=(),
                content=Json([1]),
            ),
            Part(
                name="file",
                filename="a.wav",
                type="audio/wav",
                headers=(("x-kind", "1, 2"),),
                content=Raw(b"\x00\r\n"),
            ),
        )
    )


def test_a_part_without_headers_is_a_part() -> None:
    body = read(multipart(b"\r\nx"), BOUNDARY)
    assert isinstance(body, Multipart)
    assert body.parts[0].content == Raw(b"x")


def test_urlencoded_pairs_keep_any_bytes() -> None:
    assert pairs(b"a=%ff&b+c=%C3%A9&&d") == [
        ("a", "\udcff"),
        ("b c", "\u00e9"),
        ("d", ""),
    ]
