"""Cassette files as the user finds them: links, devices, limits, and cut-off ends."""

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from standin import Answer, Received, StandIn
from support.proxies import DEADLINE, anyvcr, environment, recording
from support.recordings import ids, written

PRIVATE = "PRIVATE KEY\n"
ASK = """
import http.client, os, sys
api = http.client.HTTPConnection(os.environ["ANYVCR_PROXY"].removeprefix("http://"))
for name in sys.stdin.read().split():
    api.request("POST", f"/cassette/{name}/v1/echo", b"{}")
    answer = api.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
"""
"""Call the API once for each name of a cassette on stdin."""


def echo(received: Received) -> Answer:
    return Answer.of(received.body or b"{}", "application/json")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(echo) as running:
        yield running


def record(
    home: Path, api: StandIn, *arguments: str, stdin: str = "", descriptors: int = 0
) -> "subprocess.CompletedProcess[str]":
    """`anyvcr record ARGUMENTS`, with a limit of open files where `descriptors` says one."""

    def limit() -> None:
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    upstream = ["--upstream", api.address, "--upstream-ca", str(api.ca_file)]
    return subprocess.run(
        [sys.executable, "-m", "anyvcr", "record", *upstream, *arguments],
        cwd=home,
        env=environment(home),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE * 3,
        check=False,
        preexec_fn=limit,  # it only sets a limit
    )


def test_any_number_of_cassettes_is_recorded_with_few_descriptors(
    home: Path, api: StandIn
) -> None:
    names = [f"test-{number}" for number in range(1100)]
    again = names[::50]

    done = record(
        home,
        api,
        *("cassettes/", "--", sys.executable, "-c", ASK),
        stdin=" ".join(names + again),
        descriptors=64,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((home / "cassettes").iterdir())) == 1100
    found = {name: ids(home / "cassettes" / f"{name}.yaml") for name in names}
    assert found == {name: [0, 1] if name in again else [0] for name in names}


@pytest.mark.parametrize("cassette", ["c.yaml", "cassettes/"])
def test_a_link_in_a_checkout_leads_no_recording_to_a_file_of_the_users(
    home: Path, api: StandIn, cassette: str
) -> None:
    private = home / "id_ed25519"
    private.write_text(PRIVATE)
    (home / "cassettes").mkdir()
    for folder in (home, home / "cassettes"):
        (folder / "c.yaml.partial").symlink_to(private)

    done = record(home, api, cassette, "--", sys.executable, "-c", ASK, stdin="c")

    assert done.returncode == 1
    assert "c.yaml.partial: expected a regular file there, found a link" in done.stderr
    assert private.read_text() == PRIVATE
    assert not [p for p in home.rglob("*.old") if PRIVATE in p.read_text()]


def test_a_report_is_not_written_where_a_link_leads(home: Path, api: StandIn) -> None:
    private = home / "id_ed25519"
    private.write_text(PRIVATE)
    (home / "report.json").symlink_to(private)

    done = record(home, api, "c.yaml", "--report", "report.json", "--", "true")

    assert done.returncode == 1
    assert "--report report.json: expected a regular file there" in done.stderr
    assert private.read_text() == PRIVATE


def test_a_report_replaces_the_one_before(home: Path, api: StandIn) -> None:
    (home / "report.json").write_text("the one before")

    record(home, api, "c.yaml", "--report", "report.json", "--", "true")

    assert json.loads((home / "report.json").read_text())["command"] == {"exit_code": 0}


def test_recording_into_a_device_is_refused(home: Path, api: StandIn) -> None:
    device = home / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make a device, and only on some file systems")

    done = record(home, api, "null", "--", "true")

    assert done.returncode == 1
    assert "cannot record cassette null: expected a regular file" in done.stderr
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_cassette_that_is_deleted_while_it_grows_fails_the_run(
    home: Path, api: StandIn
) -> None:
    with recording(home, api) as proxy, proxy.direct() as client:
        for number in range(2):
            client.post("/echo", json={"n": number})
        (home / "c.yaml").unlink()
        for number in range(2, 4):
            assert client.post("/echo", json={"n": number}).json() == {"n": number}
        code = proxy.stop()

    assert code == 1
    assert "was deleted while it was being recorded" in proxy.log
    assert ids(home / "c.yaml.partial.saved") == [0, 1, 2, 3]


def test_a_torn_cassette_heals_as_it_grows(home: Path, api: StandIn) -> None:
    (home / "c.yaml").write_bytes(written(0, 1)[:-70])

    options = {"cassette_mode": "replay-with-new-episodes"}
    with recording(home, api, **options) as proxy, proxy.direct() as client:
        assert client.post("/echo", json={}).status_code == httpx.codes.OK
        code = proxy.stop()

    assert code == 0
    assert "the last interaction of cassette" in proxy.log
    assert ids(home / "c.yaml") == [0, 1]
    assert (home / "c.yaml.partial.torn").exists()


def test_repair_cuts_off_a_torn_end_and_says_where_it_is(home: Path) -> None:
    (home / "torn.yaml").write_bytes(written(0, 1)[:-70])
    (home / "whole.yaml").write_bytes(written(0))

    done = anyvcr(home, "repair", "torn.yaml", "whole.yaml")
    missing = anyvcr(home, "repair", "missing.yaml", "torn.yaml")

    assert done.returncode == 0
    assert "cassette torn.yaml was cut off, and is removed" in done.stderr
    assert "torn.yaml.partial.torn" in done.stderr
    assert "whole.yaml: nothing is cut off" in done.stderr
    assert ids(home / "torn.yaml") == [0]
    assert missing.returncode == 1
    assert "cassette missing.yaml does not exist" in missing.stderr
    assert "torn.yaml: nothing is cut off" in missing.stderr


def test_a_cassette_that_is_being_recorded_is_not_redacted(
    home: Path, api: StandIn
) -> None:
    with recording(home, api) as proxy, proxy.direct() as client:
        client.post("/echo", json={"text": "Jane Doe"})
        busy = anyvcr(home, "redact", "--rule", "regex:Jane Doe", "c.yaml")
        proxy.stop()
    done = anyvcr(home, "redact", "--rule", "regex:Jane Doe", "c.yaml")

    assert busy.returncode == 1
    assert "is being recorded by another process" in busy.stderr
    assert done.returncode == 0
    assert "Jane Doe" not in (home / "c.yaml").read_text()


@pytest.mark.parametrize(
    ("variable", "said"),
    [("TMPDIR", "set TMPDIR"), ("ANYVCR_HOME", "set ANYVCR_HOME")],
)
def test_a_state_folder_that_cannot_be_written_is_a_sentence(
    home: Path, variable: str, said: str
) -> None:
    """With the limit of a file's length, since root may write everywhere."""
    (home / "c.yaml").write_bytes(written(0))
    (home / "file").write_bytes(b"")
    state = {"TMPDIR": str(home), "ANYVCR_HOME": str(home / "ca")}
    assert anyvcr(home, "env", "--port", "8080", env=state).returncode == 0

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    if variable == "ANYVCR_HOME":
        state[variable] = str(home / "file" / "ca")
    done = subprocess.run(
        [sys.executable, "-m", "anyvcr", "replay", "c.yaml", "--", "true"],
        cwd=home,
        env=environment(home, **state),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit if variable == "TMPDIR" else None,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_name_that_is_too_long_is_a_sentence(home: Path) -> None:
    done = anyvcr(home, "replay", "c" * 300, "--", "true")

    assert done.returncode == 1
    assert done.stderr.startswith("anyvcr: cannot read cassette ccc")
    assert done.stderr.endswith(": File name too long\n")
