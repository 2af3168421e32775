"""Every test's name leads to one file below the folder, and no two to the same."""

import os
from pathlib import Path, PurePosixPath

import pytest
from anyvcr.core.cassette import names
from anyvcr.core.errors import ConfigError
from hypothesis import given
from hypothesis import strategies as st

# From pytest, vitest, jest, go test, JUnit and RSpec.
FILES = {
    "TestChat": "TestChat.yaml",
    "TestChat.yaml": "TestChat.yaml",
    "TestChat/streaming_is_on": "TestChat/streaming_is_on.yaml",
    "TestX/What is 2+2?": "TestX/What is 2+2%3F.yaml",
    "t.py::test_a": "t.py%3A%3Atest_a.yaml",
    "t.py::test_b": "t.py%3A%3Atest_b.yaml",
    "test_p[São Paulo?]": "test_p[São Paulo%3F].yaml",
    "tests/t.py::T::test_c[a/b]": "tests/t.py%3A%3AT%3A%3Atest_c[a/b].yaml",
    "chat > streams > says 'hi'": "chat %3E streams > says 'hi'.yaml".replace(
        ">", "%3E"
    ),
    "chat [gpt-4o] #2 (fast)": "chat [gpt-4o] #2 (fast).yaml",
    "100 % sure": "100 %25 sure.yaml",
    "prüfung-五 🎉": "prüfung-五 🎉.yaml",
    "org.example.ChatTest.chats()": "org.example.ChatTest.chats().yaml",
    'Chat when asked "why" answers': "Chat when asked %22why%22 answers.yaml",
    "CON": "%43ON.yaml",
    "nul.txt": "%6Eul.txt.yaml",
    "console": "console.yaml",
    ".hidden": "%2Ehidden.yaml",
    "..": "%2E%2E.yaml",
    "../a": "%2E%2E/a.yaml",
    "a/../b": "a/%2E%2E/b.yaml",
    "/etc/passwd": "%/etc/passwd.yaml",
    "a//b/": "a/%/b/%.yaml",
    "ends in a dot.": "ends in a dot%2E.yaml",
    " blank ": " blank%20.yaml",
    "two\nlines\0": "two%0Alines%00.yaml",
    "C:\\x": "C%3A%5Cx.yaml",
    "a.yaml/b": "a%2Eyaml/b.yaml",
    "\u2028": "%E2%80%A8.yaml",
}


@pytest.mark.parametrize(("name", "file"), FILES.items())
def test_a_tests_name_leads_to_a_file_that_can_be_read(name: str, file: str) -> None:
    assert names.file(names.parse(name)) == PurePosixPath(file)


@pytest.mark.parametrize("text", ["", ".yaml"])
def test_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="name of a cassette is empty"):
        names.parse(text)


@pytest.mark.parametrize("length", [201, 300, 5000])
def test_a_long_name_is_cut_and_told_apart(length: int) -> None:
    files = {names.file(names.parse("é" * length + end)) for end in ("", "a", "b")}

    assert len(files) == 3
    assert all(
        len(os.fsencode(file.name)) < 255 - len(".partial.old") for file in files
    )


def test_a_name_that_looks_like_a_cut_one_has_a_file_of_its_own() -> None:
    cut = names.file("x" * 300).name.removesuffix(names.SUFFIX)

    assert names.file(cut) != names.file("x" * 300)


@pytest.mark.parametrize("encoded", ["t.py%3A%3Atest_a", "S%C3%A3o%20Paulo", "a%2Fb"])
def test_a_name_in_escapes_alone_is_unescaped(encoded: str) -> None:
    assert "%" not in names.parse(encoded)


def test_a_header_in_latin_1_names_what_one_in_utf_8_does() -> None:
    latin = "São Paulo".encode("latin-1").decode("utf-8", "surrogateescape")

    assert names.parse(latin) == names.parse("São Paulo")


def test_a_name_with_a_percent_sign_of_its_own_is_taken_as_it_is() -> None:
    assert names.parse("50%25 off") == "50%25 off"


pieces = [*'.%/~ :?aA\\"\0é🎉', "\udcff", ".yaml", "con", "~0123456789abcdef"]
odd = st.lists(st.sampled_from(pieces), max_size=12).map("".join)


@given(st.text() | odd)
def test_any_name_stays_below_the_folder(text: str) -> None:
    try:
        file = names.file(names.parse(text))
    except ConfigError:
        return
    assert not file.is_absolute()
    assert not {"..", ".", ""} & set(file.parts)
    assert all(part.isprintable() for part in file.parts)
    assert all(len(os.fsencode(part)) <= names.LONGEST + 5 for part in file.parts)


@given(st.lists(odd.filter(bool), unique=True, min_size=2))
def test_no_two_names_share_a_file_nor_stand_in_each_others_way(
    texts: list[str],
) -> None:
    files = [names.file(text) for text in texts]

    assert len(set(files)) == len(texts)
    folders = {folder for file in files for folder in file.parents}
    assert not folders & set(files)


def test_a_file_of_every_name_can_be_made(tmp_path: Path) -> None:
    for name in FILES:
        path = tmp_path / names.file(names.parse(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) == len(set(FILES.values()))
