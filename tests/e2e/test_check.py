"""`anyvcr check` and `anyvcr redact` on files as users have them."""

import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.cassette.style import Style
from support.proxies import SEED, anyvcr

ROOT = Path(__file__).resolve().parents[2]
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


LINES = """\
---
version: 2
interactions:
- id: 0
  request:
    url: https://api.openai.com/v1/models
    method: GET
{request}  response:
    body: '{{}}'
    status: 200 OK
    code: 200
{response}{after}"""


@pytest.mark.parametrize(
    ("request_", "response", "after", "line"),
    [
        pytest.param("", "", "# recorded with OPENAI_API_KEY={}\n", 12, id="comment"),
        pytest.param("", "", "---\nnote: {}\n", 13, id="another document"),
        pytest.param("", "", "recorded_with: {}\n", 12, id="top level"),
        pytest.param("", "", "meta: {{api_key: {}}}\n", 12, id="top level, deeper"),
        pytest.param("    headers:\n      {}:\n      - x\n", "", "", 9, id="header's name"),
        pytest.param("", "    trailer:\n      {}:\n      - x\n", "", 13, id="trailer's name"),
        pytest.param("    remote_addr: {}\n", "", "", 8, id="address"),
        pytest.param("    proto: {}\n", "", "", 8, id="protocol"),
        pytest.param("    transfer_encoding:\n    - {}\n", "", "", 9, id="coding"),
        pytest.param("    form:\n      {}:\n      - x\n", "", "", 9, id="form's name"),
        pytest.param("    {}: 1\n", "", "", 8, id="own key"),
        pytest.param("    note: &{} x\n", "", "", 8, id="anchor"),
        pytest.param("    note: !{} x\n", "", "", 8, id="tag"),
    ],
)  # fmt: skip
def test_a_secret_is_found_and_removed_wherever_the_file_holds_it(
    home: Path, request_: str, response: str, after: str, line: int
) -> None:
    places = (each.format(KEY) for each in (request_, response, after))
    named = dict(zip(("request", "response", "after"), places, strict=True))
    path = home / "cassette.yaml"
    path.write_text(LINES.format(**named))

    found = json.loads(anyvcr(home, "check", "--output", "json", path.name).stdout)
    cleaned = anyvcr(home, "redact", path.name)

    assert {each["line"] for each in found} == {line}
    assert KEY not in json.dumps(found)
    assert cleaned.returncode == 0
    assert KEY not in path.read_text()
    assert anyvcr(home, "check", path.name).returncode == 0


def test_leftovers_and_odd_names_are_checked_and_other_yaml_is_passed_over(
    home: Path,
) -> None:
    folder = home / "cassettes"
    folder.mkdir()
    for name in ("a.yaml.partial", "a.yaml.partial.old", "b.YAML", ".hidden.yml"):
        leaky(folder / name)
    (folder / "k8s.yaml").write_text(f"apiVersion: v1\nkind: Pod\nkey: {KEY}\n")
    leaky(home / "named.json")
    zipped = home / "named.yaml.gz"
    zipped.write_bytes(gzip.compress((home / "named.json").read_bytes()))

    done = anyvcr(home, "check", "--output", "json", "cassettes", "named.json", zipped.name)  # fmt: skip
    other = anyvcr(home, "check", "cassettes/k8s.yaml")

    names = {Path(each["file"]).name for each in json.loads(done.stdout)}
    assert names == {
        *("a.yaml.partial", "a.yaml.partial.old", "b.YAML", ".hidden.yml"),
        *("named.json", "named.yaml.gz"),
    }
    assert "checked 6 cassettes" in done.stderr
    assert "passed over 1 files that are none" in done.stderr
    assert other.returncode == 0


def test_what_cannot_be_looked_into_is_named(home: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", KEY)
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n%s\r\n--b--\r\n'
    requests = [
        Request(
            method="POST",
            url="https://api.openai.com/v1/files",
            headers=headers,
            body=body,
        )
        for headers, body in (
            ((), part % archive.getvalue()),
            ((("Content-Encoding", ("br",)),), b"\x8b\x02\x80x"),
            ((), gzip.compress(b"x" * 99)[:-9] + b"\xff" * 9),
        )
    ]
    interactions = tuple(
        Interaction(id=n, request=r, response=Response(code=200, status="200 OK"))
        for n, r in enumerate(requests)
    )
    path = home / "c.yaml"
    path.write_bytes(cassette_format.dumps(Cassette(interactions=interactions)))

    done = anyvcr(home, "check", "c.yaml")

    assert done.returncode == 0
    for number, what in enumerate(("an archive", "encoded as br", "compressed data")):
        assert (
            f"interaction {number}: not looked into: request body, {what}"
            in done.stderr
        )


def test_placeholders_of_other_tools_and_latencies_are_no_secrets(home: Path) -> None:
    form = b"client_secret=%3CGOOGLE_CLIENT_SECRET%3E&refresh_token=scrubbed&password=test_password"
    request = Request(
        method="POST",
        url="https://oauth2.example.com/token?api_key=scrubbed&key=%3CKEY%3E",
        headers=(("Content-Type", ("application/x-www-form-urlencoded",)),),
        body=form,
    )
    headers = (
        ("Fireworks-Server-Time-To-First-Token", ("0.142",)),
        ("Set-Cookie", ("***",)),
        ("X-Api-Key", ("<filtered>",)),
    )
    body = b'{"access_token": "<GOOGLE_ACCESS_TOKEN>", "refresh_token": "scrubbed", "api_key": "test_api_key"}'
    response = Response(code=200, status="200 OK", headers=headers, body=body)
    interaction = Interaction(id=0, request=request, response=response)
    path = home / "c.yaml"
    path.write_bytes(cassette_format.dumps(Cassette(interactions=(interaction,))))
    before = path.read_bytes()

    assert anyvcr(home, "check", "c.yaml").stdout == ""
    assert anyvcr(home, "redact", "c.yaml").returncode == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("cassettes/a.yaml", True),
        ("testdata/x/a.yml", True),
        ("tests/cassettes/a.yaml.partial", True),
        ("cassettes/a.YAML", True),
        ("Cassettes/a.yaml", True),
        ("tests/vcr_cassettes/a.yaml", True),
        ("vcr/a.yaml", True),
        ("tests/recordings/a.yaml", True),
        ("cassettes.yaml", False),
        ("deploy/k8s.yaml", False),
        ("cassettes/readme.md", False),
    ],
)
def test_the_hook_looks_where_people_keep_cassettes(
    file: str, *, expected: bool
) -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

    assert (re.search(hook["files"], file) is not None) is expected


def test_an_answer_that_http_cannot_carry_is_named(home: Path) -> None:
    cassette = Cassette(
        interactions=tuple(
            Interaction(
                id=n,
                request=Request(method="GET", url="https://api.openai.com/v1/models"),
                response=Response(
                    code=code, status=f"{code} X", headers=headers, body=b"{}"
                ),
            )
            for n, (code, headers) in enumerate(
                [(200, ()), (0, ()), (200, (("X-A", ("a\r\nSet-Cookie: b",)),))]
            )
        )
    )
    path = home / "c.yaml"
    path.write_bytes(cassette_format.dumps(cassette))

    done = anyvcr(home, "check", path)

    assert done.returncode == 1
    assert "interaction 1: expected a status code from 200 to 999" in done.stdout
    assert "interaction 2: expected one line of text in" in done.stdout
    assert "Set-Cookie" not in done.stdout
    assert "interaction 0" not in done.stdout
