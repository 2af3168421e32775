"""`anyvcr check` and `anyvcr redact` on files as users have them."""

import json
from pathlib import Path

from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response, Style
from support.proxies import SEED, anyvcr

KEY = "sk-proj-" + "Ab3dE6gH9jK2mN5p" * 3 + "T3BlbkFJ" + "Qr8sT1uV4wX7yZ0a" * 3
"""Plainly made up, and of the shape of a key."""


def leaky(path: Path, style: Style = Style.X_VCR) -> Path:
    body = json.dumps({"user": {"key": KEY}}).encode()
    interaction = Interaction(
        id=0,
        request=Request(
            method="POST",
            url="https://api.openai.com/v1/x",
            headers=(("Authorization", (f"Bearer {KEY}",)),),
            body=body,
            content_length=len(body),
        ),
        response=Response(code=200, status="200 OK", body=b"{}", content_length=2),
    )
    cassette = Cassette(interactions=(interaction,), style=style)
    path.write_bytes(cassette_format.dumps(cassette))
    return path


def test_a_clean_cassette_passes(home: Path) -> None:
    done = anyvcr(home, "check", SEED)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_secret_is_named_by_its_place_and_not_shown(home: Path) -> None:
    leaky(home / "leaky.yaml")
    done = anyvcr(home, "check", "leaky.yaml")

    assert done.returncode == 1
    assert (
        "leaky.yaml, interaction 0: a secret in the request body, $.user.key"
        in done.stdout
    )
    assert "a secret in the request header Authorization" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_a_folder_is_checked_whole(home: Path) -> None:
    folder = home / "cassettes" / "deep"
    folder.mkdir(parents=True)
    leaky(folder / "a.yaml")
    (folder / "b.yml").write_text("version: 1\ninteractions: []\n")
    (folder / "notes.txt").write_text(KEY)

    done = anyvcr(home, "check", "--output", "json", "cassettes")

    problems = json.loads(done.stdout)
    assert done.returncode == 1
    assert {Path(p["file"]).name for p in problems} == {"a.yaml", "b.yml"}
    assert [p["rule"] for p in problems if p["file"].endswith("b.yml")] == ["invalid"]


def test_annotations_are_githubs(home: Path) -> None:
    (home / "b,c.yaml").write_text("version: 2\ninteractions:\n- id: [\n")
    done = anyvcr(home, "check", "--output", "github", "b,c.yaml")

    [line] = done.stdout.splitlines()
    assert line.startswith("::error file=b%2Cc.yaml,line=")


def test_nothing_to_check_is_no_success(home: Path) -> None:
    (home / "empty").mkdir()

    assert anyvcr(home, "check", "empty").returncode == 1
    assert "missing.yaml does not exist" in anyvcr(home, "check", "missing.yaml").stderr


def test_redacting_cleans_a_file_in_place_and_keeps_the_rest(home: Path) -> None:
    path = leaky(home / "leaky.yaml", Style.GO_VCR)
    path.chmod(0o640)
    before = path.read_bytes()

    done = anyvcr(home, "redact", "leaky.yaml", SEED)
    again = anyvcr(home, "redact", "leaky.yaml")

    after = path.read_bytes()
    assert done.returncode == again.returncode == 0
    assert again.stderr == ""
    assert KEY.encode() not in after
    assert len(after.splitlines()) == len(before.splitlines())
    assert path.stat().st_mode & 0o777 == 0o640
    assert anyvcr(home, "check", "leaky.yaml").returncode == 0
    assert [p.name for p in home.iterdir()] == ["leaky.yaml"]
    [interaction] = cassette_format.loads(after).interactions
    assert interaction.request.content_length == len(interaction.request.body)


def test_users_add_rules(home: Path) -> None:
    path = leaky(home / "leaky.yaml")
    anyvcr(home, "redact", "--rule", "$.user", "leaky.yaml")

    assert b'"user"' in path.read_bytes()
    assert "--rule" not in anyvcr(home, "redact", "--rule", "x", "leaky.yaml").stdout
    assert anyvcr(home, "redact", "--rule", "x", "leaky.yaml").returncode == 1


def test_the_seed_is_not_changed(home: Path) -> None:
    copy = home / "seed.yaml"
    copy.write_bytes(SEED.read_bytes())
    anyvcr(home, "redact", "seed.yaml")

    assert copy.read_bytes() == SEED.read_bytes()
