"""A cassette may come from anyone: no terminal and no CI obeys what is in it."""

import shutil
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from support.proxies import anyvcr
from support.toolchain import require_tool

HOSTILE = "\n::error file=x::forged \x1b[2J\r\u202e"
KEY = "sk-abcdefghijklmnopqrstuvwxyz012345abcdefghijklmnop"


def hostile(path: Path) -> Path:
    interaction = Interaction(
        id=0,
        request=Request(
            method="GET", url=f"https://api.openai.com/v1/models#{HOSTILE}"
        ),
        response=Response(
            code=200,
            status="200 OK",
            headers=((f"X{HOSTILE}", (KEY,)),),
            body=b"{}",
            content_length=2,
        ),
    )
    path.write_bytes(codec.dumps(Cassette(interactions=(interaction,))))
    return path


def is_obeyed(text: str) -> bool:
    return any(
        line.startswith("::error file=x") or not line.isprintable()
        for line in text.split("\n")
    )


@pytest.mark.parametrize("form", [[], ["--output", "github"], ["--output", "json"]])
def test_check_prints_it_and_no_one_obeys_it(home: Path, form: list[str]) -> None:
    done = anyvcr(home, "check", *form, hostile(home / "c.yaml"))

    assert "forged" in done.stdout
    assert not is_obeyed(done.stdout + done.stderr)


def test_a_files_name_is_obeyed_as_little(home: Path) -> None:
    path = home / f"c{HOSTILE.replace('/', '')}.yaml"
    shutil.copy(hostile(home / "c.yaml"), path)

    done = anyvcr(home, "check", path)

    assert "forged" in done.stdout
    assert not is_obeyed(done.stdout + done.stderr)


def test_a_replay_prints_what_it_plays_and_no_one_obeys_it(home: Path) -> None:
    interaction = Interaction(
        id=0,
        request=Request(
            method="GET", url=f"https://api.openai.com/v1/models#{HOSTILE}"
        ),
        response=Response(code=200, status="200 OK", body=b"{}", content_length=2),
    )
    path = home / "c.yaml"
    path.write_bytes(codec.dumps(Cassette(interactions=(interaction,))))
    ask = f"{require_tool('curl')} -sS $OPENAI_BASE_URL/models"

    done = anyvcr(home, "replay", path, "--base-url", "--", "sh", "-c", ask)

    assert done.stdout == "{}"
    assert "played back #0 GET" in done.stderr
    assert not is_obeyed(done.stderr)
