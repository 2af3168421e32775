import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from anyvcr.clients import export
from anyvcr.clients.export import Shell
from support.toolchain import require_tool

AWKWARD = {
    "PLAIN": "http://127.0.0.1:8080/v1",
    "EMPTY": "",
    "SPACES": " two  words ",
    "SINGLE": "it's",
    "DOUBLE": '--require "/a b/c.cjs"',
    "BOTH": """it's "both" """,
    "EXPANDING": "$HOME ${PATH} $(id) `id` !x %PATH%",
    "BACKSLASH": "C:\\new\\dir\\",
    "BACKSLASHES_BOTH": "\\'\\\"$\\\\",
    "GLOB": "*.[a]?{b,c}~",
    "OPERATORS": "a;b&c|d<e>f#g",
    "UNICODE": "naïve ✓ \u2018quoted\u2019",
    "TWO_LINES": "one\ntwo\n",
}
SHOW = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
UNSET = ("GONE", "NEVER_WAS")


def environment_after(script: str, *shell: str) -> dict[str, str]:
    shown = subprocess.run(
        [*shell, script + SHOW],
        env={"GONE": "1", "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    values = json.loads(shown.stdout.splitlines()[-1])
    assert isinstance(values, dict)
    return values


def assert_taken(values: dict[str, str]) -> None:
    assert {name: values.get(name) for name in AWKWARD} == AWKWARD
    assert "GONE" not in values


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_a_posix_shell_takes_every_value(shell: str) -> None:
    script = export.lines(AWKWARD, UNSET, "sh")
    assert_taken(environment_after(script, require_tool(shell), "-euc"))


def test_a_posix_shell_takes_them_by_eval() -> None:
    script = f"eval {quoted(export.lines(AWKWARD, UNSET, 'sh'))}\n"
    assert_taken(environment_after(script, "/bin/sh", "-c"))


def test_fish_takes_every_value() -> None:
    script = export.lines(AWKWARD, UNSET, Shell.FISH)
    fish = require_tool("fish")
    assert_taken(environment_after(script, fish, "--no-config", "-c"))


def test_powershell_takes_every_value() -> None:
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        pytest.skip("PowerShell is not installed")
    script = export.lines(AWKWARD, UNSET, Shell.POWERSHELL)
    values = environment_after(script, pwsh, "-NoProfile", "-Command")
    # PowerShell has no empty variables.
    assert values.pop("EMPTY", "") == ""
    assert_taken(values | {"EMPTY": ""})


def test_powershell_quotes() -> None:
    text = export.lines({"A": "it's \u2019so\u2019 $HOME"}, ["B"], "powershell")
    assert text == (
        "Remove-Item Env:B -ErrorAction SilentlyContinue\n"
        "$env:A = 'it''s \u2019\u2019so\u2019\u2019 $HOME'\n"
    )


def test_a_dotenv_file_can_be_sourced(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(export.lines(AWKWARD, UNSET, "dotenv"))
    script = f"set -a; . {dotenv}; set +a\n"
    values = environment_after(script, "/bin/sh", "-euc")
    assert values.pop("GONE") == ""  # a .env file cannot unset
    assert_taken(values)


def test_dotenv_quotes_only_what_needs_it() -> None:
    values = {"A": "/a/b-c.pem", "B": "--require /a b", "C": """it's "$x" """}
    assert export.lines(values, ["GONE"], "dotenv") == (
        "GONE=\nA=/a/b-c.pem\nB='--require /a b'\n"
        + r"""C="it's \"\$x\" " """[:-1]
        + "\n"
    )


def test_github_values_stand_raw_and_lines_in_a_heredoc() -> None:
    values = {"A": 'it\'s "raw" $x', "B": "one\nANYVCR\ntwo", "C": "d=e<<f"}
    assert export.lines(values, ["GONE"], "github") == (
        'GONE=\nA=it\'s "raw" $x\nB<<ANYVCR_\none\nANYVCR\ntwo\nANYVCR_\nC=d=e<<f\n'
    )


def test_github_gets_no_name_that_its_runner_refuses() -> None:
    text = export.lines({"NODE_OPTIONS": "--require x", "A": "1"}, [], "github")
    assert text == "A=1\n"


def test_nothing_to_do_is_no_text() -> None:
    spoken = [shell for shell in Shell if shell is not Shell.JSON]
    assert [export.lines({}, [], shell) for shell in spoken] == [""] * len(spoken)


def test_programs_get_one_line_of_json() -> None:
    text = export.lines({"A": "x\ny"}, ["B"], Shell.JSON)
    assert text.count("\n") == 1
    assert json.loads(text) == {"set": {"A": "x\ny"}, "unset": ["B"]}


def quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
