"""Whatever is wrong at start: one sentence, exit code 1, no traceback, no proxy without us."""

from pathlib import Path

import pytest
from support.proxies import SEED, mitmdump, mitmdump_to_its_end

FAULTS = [
    pytest.param(
        {"cassette_mode": "replay"}, "unknown cassette mode 'replay'", id="bad-mode"
    ),
    pytest.param(
        {"cassette_mod": "replay-only"}, "unknown option cassette_mod", id="bad-option"
    ),
    pytest.param(
        {"cassette": "missing.yaml", "cassette_mode": "replay-only"},
        "missing.yaml does not exist",
        id="missing-cassette",
    ),
    pytest.param({"cassette": "broken.yaml"}, "broken.yaml", id="malformed-cassette"),
    pytest.param(
        {"cassette": "a-file/c.yaml"}, "a-file/c.yaml", id="folder-cannot-be-made"
    ),
    pytest.param({"cassette_hosts": "a/b"}, "cassette_hosts", id="bad-host"),
    pytest.param(
        {"cassette_upstream": "nowhere"}, "cassette_upstream", id="bad-upstream"
    ),
    pytest.param({"cassette_base_url": "x"}, "cassette_base_url", id="bad-base-url"),
    pytest.param({"cassette_offline": "maybe"}, "cassette_offline", id="bad-flag"),
    pytest.param({"cassette_style": "json"}, "cassette_style", id="bad-style"),
]


@pytest.mark.parametrize(("options", "sentence"), FAULTS)
def test_a_fault_is_one_sentence_and_exit_code_1(
    home: Path, options: dict[str, str], sentence: str
) -> None:
    (home / "broken.yaml").write_text("version: 2\ninteractions: [")
    (home / "a-file").write_text("")

    done = mitmdump_to_its_end(home, options)

    assert done.returncode == 1
    assert len([line for line in done.stdout.splitlines() if sentence in line]) == 1
    assert "Traceback" not in done.stdout
    assert not (home / "cassettes").exists()


def test_the_cassette_may_be_named_from_any_folder(home: Path) -> None:
    work = home / "elsewhere"
    (work / "cassettes").mkdir(parents=True)
    (work / "cassettes" / "c.yaml").write_bytes(SEED.read_bytes())
    options = {"cassette": "cassettes/c.yaml", "cassette_mode": "replay-only"}

    with mitmdump(home, options=options, cwd=work) as proxy:
        proxy.wait_for(r"replaying cassettes/c\.yaml")
        assert proxy.stop() == 0


def test_an_option_of_several_values_may_be_set_again(home: Path) -> None:
    rules = ("--set", "cassette_ignore=$.a", "--set", "cassette_ignore=$.b, query:c")

    with mitmdump(home, *rules, options={"cassette_mode": "passthrough"}) as proxy:
        proxy.wait_for("passing everything through")
        assert proxy.stop() == 0
