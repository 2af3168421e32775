"""Names lead to files below the folder and nowhere else."""

from pathlib import PurePosixPath

import pytest
from anyvcr.core.cassette import names
from anyvcr.core.errors import ConfigError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("TestChat", "TestChat"),
        ("TestChat/streaming_is_on", "TestChat/streaming_is_on"),
        ("TestChat.yaml", "TestChat"),
        ("chat [gpt-4o] #2 (fast)", "chat [gpt-4o] #2 (fast)"),
        ("prüfung-五", "prüfung-五"),
    ],
)
def test_a_tests_name_is_a_cassettes_name(text: str, name: str) -> None:
    assert names.parse(text) == name
    assert names.file(names.parse(text)) == PurePosixPath(f"{name}.yaml")


@pytest.mark.parametrize(
    "text",
    ["", "/", "a/", "/a", "a//b", "..", "../a", "a/../b", ".", "./a", ".hidden", "a/.b"]
    + ["a\0b", "a\nb", "a\\b", "C:x", "x" * 201, ".yaml", "a/.yaml"],
)
def test_what_could_lead_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cassette name"):
        names.parse(text)


@given(st.text())
def test_any_text_stays_below_the_folder_or_is_refused(text: str) -> None:
    try:
        file = names.file(names.parse(text))
    except ConfigError:
        return
    assert not file.is_absolute()
    assert not {"..", "."} & set(file.parts)
    assert all(part.isprintable() for part in file.parts)
