"""JSON paths and the characters they stand for."""

import pytest
from anyvcr.core.json_spans import is_json, json_documents, path_at, path_of, spans

TEXT = ' {"a": [1, {"b c": "x"}], "d" : {"e":"\\"y"} ,"a": "z"} '


@pytest.mark.parametrize(
    ("piece", "path"),
    [
        ("1", "$.a[0]"),
        ('"x"', '$.a[1]["b c"]'),
        ('"\\"y"', "$.d.e"),
        ('"z"', "$.a"),
        ('"b c"', "$.a[1]"),
        ('"d"', "$"),
    ],
)
def test_a_character_lies_at_a_path(piece: str, path: str) -> None:
    assert path_at(TEXT, TEXT.index(piece)) == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), [TEXT.strip()]),
        (("a",), ['[1, {"b c": "x"}]', '"z"']),
        (("a", 0), ["1"]),
        (("a", 1, "b c"), ['"x"']),
        (("d", "e"), ['"\\"y"']),
    ],
)
def test_a_path_has_spans(path: tuple[int | str, ...], expected: list[str]) -> None:
    text = TEXT if path != ("a", 0) else TEXT.replace(',"a": "z"', "")
    text = text if path != ("a", 1, "b c") else text.replace(',"a": "z"', "")

    assert [text[start:end] for start, end in spans(text, path)] == expected


def test_a_path_is_written_as_rfc_9535_has_it() -> None:
    assert path_of(("a", 0, "b c", 'd"e', "_f")) == '$.a[0]["b c"]["d\\"e"]._f'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', [b'{"a": 1}']),
        (b'{"a": 1}\n[2]\r\n\n3\n', [b'{"a": 1}', b"[2]"]),
        (b'event: x\ndata: {"a": 1}\n\ndata:{"b": 2}\r\n\r\ndata: [DONE]\n', [b'{"a": 1}', b'{"b": 2}']),
        (b"no json", []),
        (b"", []),
        (b"[" * 100_000, []),
    ],
)  # fmt: skip
def test_json_texts_of_a_body(body: bytes, expected: list[bytes]) -> None:
    assert [body[start:end] for start, end in json_documents(body)] == expected
    assert all(map(is_json, expected))
