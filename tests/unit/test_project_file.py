"""A project's own file of options."""

from pathlib import Path

import pytest
from anyvcr.cli.config import lines
from anyvcr.core.errors import ConfigError
from anyvcr.options import OPTIONS, SEVERAL, Kind
from anyvcr.project_file import find, layers
from anyvcr.settings import Layer, Settings, Values


def test_it_is_looked_for_upwards_and_the_nearest_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find(inner) is None

    (tmp_path / "pyproject.toml").write_text('[tool.anyvcr]\npace = "2x"\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    found = find(inner)
    assert found is not None
    assert (found.path, found.values) == (tmp_path / "pyproject.toml", {"pace": "2x"})

    (tmp_path / "a" / "anyvcr.toml").write_text('pace = "3x"\n')
    found = find(inner)
    assert found is not None
    assert found.values == {"pace": "3x"}


def test_a_template_of_a_project_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = {{ name }}\n")
    assert find(tmp_path) is None


def test_a_working_directory_that_is_gone_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert layers() == ()


def test_it_holds_every_option(tmp_path: Path) -> None:
    for option in OPTIONS:
        value = (
            "true"
            if option.kind is Kind.FLAG
            else '["x"]'
            if option.kind in SEVERAL
            else '"1"'
        )
        (tmp_path / "anyvcr.toml").write_text(f"{option.name} = {value}\n")
        found = find(tmp_path)
        assert found is not None
        assert list(found.values) == [option.name]


def test_the_command_line_comes_first_then_the_environment_then_the_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "anyvcr.toml").write_text(
        'pace = "2x"\nrepeats = "sticky"\nignore = ["$.user", "query:a,b"]\n'
        'cassette = "cassettes/"\nmiss_status = 404\ntiming = true\n'
    )
    said = Layer.of_command_line({"pace": "3x"})
    environ = Layer.of_environment({"ANYVCR_PACE": "4x", "ANYVCR_REPEATS": "cycle"})

    values = Values(said, environ, *layers(tmp_path))

    settings = Settings.parse(values)
    assert settings.pace.factor == 3
    assert settings.repeats == "cycle"
    assert settings.rules.ignore == ("$.user", "query:a,b")
    assert (settings.cassette, settings.is_folder) == (tmp_path / "cassettes", True)
    assert (settings.miss_status, settings.timing) == (404, True)
    told = lines(values).splitlines()
    assert 'pace = "3x"  # --pace' in told
    assert 'repeats = "cycle"  # ANYVCR_REPEATS' in told
    assert f"timing = true  # timing in {tmp_path}/anyvcr.toml" in told
    assert 'upload_limit = "1g"  # default' in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ignroe = 1\nother = 2\n",
            "unknown: ignroe, other; expected some of cassette",
        ),
        ("timing = 1\n", "timing: expected true or false, found 1"),
        ("ignore = [1]\n", r"ignore: expected a list of texts, found \[1\]"),
        ("pace = []\n", r"pace: expected a text, found \[\]"),
        ("pace = \n", "expected TOML, found Invalid value"),
    ],
)
def test_a_fault_is_one_error_that_names_the_file(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "anyvcr.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        find(tmp_path)
    assert str(path) in str(caught.value)


def test_a_value_that_no_option_takes_names_the_line_at_fault(tmp_path: Path) -> None:
    (tmp_path / "anyvcr.toml").write_text('pace = "fast"\n')
    with pytest.raises(ConfigError, match=r"\(from pace in .*anyvcr.toml\)"):
        Settings.parse(Values(*layers(tmp_path)))
