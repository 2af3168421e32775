"""The `anyvcr` command: the child keeps its terminal, its signals and its exit code."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette
from standin import StandIn
from support.proxies import ADDON, DEADLINE, PROJECT, SEED, anyvcr, environment

CHAT = PROJECT / "scripts" / "chat.py"
PROMPT = "Say hi in Portuguese"
PYTHON = sys.executable


def record(
    home: Path, api: StandIn, *command: str | Path, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
    return anyvcr(home, "record", "c.yaml", *upstream, *options, "--", *command)


NO_CALLS = "--allow-no-calls"


def replay(
    home: Path, *command: str | Path, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return anyvcr(home, "replay", SEED, *options, "--", *command)


def our_words(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("anyvcr: ")]


@pytest.mark.parametrize("options", [(), ("--base-url",)], ids=["proxy", "base-url"])
def test_an_unchanged_program_is_recorded_and_played_back(
    home: Path, api: StandIn, seed: Cassette, options: tuple[str, ...]
) -> None:
    recorded = record(home, api, PYTHON, CHAT, PROMPT, options=options)
    connections = api.connections
    again = anyvcr(home, "replay", "c.yaml", *options, "--", PYTHON, CHAT, PROMPT)

    assert (recorded.returncode, recorded.stdout) == (0, "Oi!\n"), recorded.stderr
    assert (again.returncode, again.stdout) == (0, "Oi!\n"), again.stderr
    assert api.connections == connections
    data = (home / "c.yaml").read_bytes()
    [interaction] = cassette_format.loads(data).interactions
    assert interaction.request.url == seed.interactions[0].request.url
    assert interaction.response.body == seed.interactions[0].response.body


def test_our_words_are_one_line_an_interaction_and_a_summary(
    home: Path, api: StandIn
) -> None:
    done = record(home, api, PYTHON, CHAT, PROMPT)

    assert done.stderr.splitlines() == our_words(done)
    starting, interaction, summary = our_words(done)
    assert starting == "anyvcr: recording into c.yaml"
    assert interaction.startswith(
        "anyvcr: recorded #0 POST https://api.openai.com/v1/chat/completions: 200"
    )
    assert summary == "anyvcr: recorded 1 interaction in c.yaml"


def test_the_child_keeps_its_streams_and_its_exit_code(home: Path) -> None:
    program = "import sys; print(sys.stdin.read()); print('err', file=sys.stderr); sys.exit(7)"

    done = anyvcr(
        home, "replay", SEED, "--", PYTHON, "-c", program, stdin="to the child"
    )

    assert done.returncode == 7
    assert done.stdout == "to the child\n"
    assert "err" in done.stderr.splitlines()


def test_a_child_ended_by_a_signal_gives_a_shells_exit_code(home: Path) -> None:
    done = replay(home, "sh", "-c", "kill -KILL $$")

    assert done.returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_go_on_to_the_child(home: Path, number: signal.Signals) -> None:
    program = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(42))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [PYTHON, "-m", "anyvcr", "replay", SEED, "--", PYTHON, "-c", program],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)

    process.communicate(timeout=DEADLINE)
    assert process.returncode == 42


def test_a_command_that_is_not_there(home: Path) -> None:
    done = replay(home, "no-such-command-anywhere")

    assert done.returncode == 127
    assert "anyvcr: no-such-command-anywhere: no such command" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_miss_fails_a_run_that_went_well_otherwise(home: Path) -> None:
    program = (
        "import urllib.request as u, urllib.error as e\n"
        "try: u.urlopen('https://api.openai.com/v1/models')\n"
        "except e.HTTPError as error: print(error.code)\n"
    )
    done = replay(home, PYTHON, "-c", program)

    assert done.stdout == "418\n"
    assert done.returncode == 3
    assert (
        "refused: no recorded interaction matches GET https://api.openai.com/v1/models"
        in done.stderr
    )


def test_a_miss_is_said_once_with_what_to_type(home: Path) -> None:
    program = (
        "import urllib.request as u, urllib.error as e\n"
        "for _ in range(3):\n"
        "    try: u.urlopen('https://api.openai.com/v1/models')\n"
        "    except e.HTTPError as error: print(error.code)\n"
    )
    command = [PYTHON, "-c", program]
    done = replay(home, *command, options=("--miss-status", "404"))

    assert done.stdout == "404\n404\n404\n"
    again = (
        f"anyvcr record --mode replay-with-new-episodes {SEED} -- {shlex.join(command)}"
    )
    lines = [
        line for line in done.stderr.splitlines() if "refused: no recorded" in line
    ]
    assert len(lines) == 1
    assert (
        done.stderr.count("refused 3 times: no recorded interaction matches GET") == 1
    )
    assert again.splitlines()[0] in done.stderr


def test_the_project_has_a_file_of_options(home: Path) -> None:
    (home / "anyvcr.toml").write_text('pace = "never"\n')
    done = replay(home, PYTHON, "-c", "")
    assert done.returncode == 1
    assert f"(from pace in {home}/anyvcr.toml)" in done.stderr

    (home / "anyvcr.toml").write_text("allow_no_calls = true\nquiet = true\n")
    done = replay(home, PYTHON, "-c", "")
    assert (done.returncode, done.stderr) == (0, "")

    shown = anyvcr(home, "config")
    assert f"quiet = true  # quiet in {home}/anyvcr.toml\n" in shown.stdout


def test_a_status_that_is_no_error_is_refused(home: Path) -> None:
    done = replay(home, PYTHON, "-c", "", options=("--miss-status", "200"))

    assert done.returncode == 1
    assert "expected a status from 400 to 599, found '200' (from --miss-status)" in (
        done.stderr
    )


@pytest.mark.parametrize("verb", ["record", "replay"])
def test_a_run_without_a_call_says_why_that_may_be(
    home: Path, api: StandIn, verb: str
) -> None:
    done = record(home, api, "true") if verb == "record" else replay(home, "true")

    assert done.returncode == (4 if verb == "record" else 3)
    assert "no call to the API came through the proxy" in done.stderr
    assert "--base-url" in done.stderr
    assert not (home / "c.yaml").exists()


def test_a_run_without_a_call_names_what_its_runtime_may_need(home: Path) -> None:
    done = replay(home, PYTHON, "-c", "pass")

    assert "aiohttp reads the proxy only with trust_env=True" in done.stderr


def test_a_client_that_distrusts_us_is_named_as_the_reason(home: Path) -> None:
    program = (
        "import ssl, urllib.request as u\n"
        "context = ssl.create_default_context(cafile=__import__('os').environ['OTHER'])\n"
        "try: u.build_opener(u.HTTPSHandler(context=context)).open('https://api.openai.com/v1/models')\n"
        "except Exception as error: print(error)\n"
    )
    with StandIn(lambda _: pytest.fail("no request was due")) as other:
        done = anyvcr(
            home,
            *("replay", SEED, "--", PYTHON, "-c", program),
            env={"OTHER": str(other.ca_file)},
        )

    assert "certificate verify failed" in done.stdout.lower()
    assert "does not trust our certificate" in done.stderr


def test_a_fault_of_the_command_line_is_one_sentence(home: Path) -> None:
    missing = anyvcr(home, "replay", "no.yaml", "--", "true")
    upstream = anyvcr(home, "record", "c.yaml", "--upstream", "x", "--", "true")

    assert (missing.returncode, upstream.returncode) == (1, 1)
    assert our_words(missing) == missing.stderr.splitlines()
    assert "no.yaml does not exist" in missing.stderr
    assert "cassette_upstream: expected HOST:PORT or a URL" in upstream.stderr


def test_a_port_in_use_is_a_sentence(home: Path, api: StandIn) -> None:
    done = anyvcr(home, "replay", SEED, "--port", str(api.port), "--", "true")

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{api.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_prints_what_a_client_must_set_and_stays(
    home: Path, seed: Cassette
) -> None:
    process = subprocess.Popen(
        [PYTHON, "-m", "anyvcr", "serve", SEED, "--mode", "replay-only"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    variables: dict[str, str] = {}
    while "HTTPS_PROXY" not in variables or "SSL_CERT_FILE" not in variables:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        if match := re.match(r"export (\w+)=(.*)\n", line):
            variables[match[1]] = match[2]
    body = seed.interactions[0].request.body
    with httpx.Client(trust_env=False) as client:
        answer = client.post(
            f"{variables['HTTPS_PROXY']}/v1/chat/completions", content=body
        )
    process.terminate()
    _, said = process.communicate(timeout=DEADLINE)

    assert answer.content == seed.interactions[0].response.body
    assert process.returncode == 0
    assert "played back 1 interaction" in said


def test_nothing_is_left_behind(home: Path, api: StandIn) -> None:
    """No file but the cassette and the CA, no process, no open port."""
    temporary = home / "tmp"
    temporary.mkdir()
    upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
    done = anyvcr(
        home,
        *("record", "c.yaml", *upstream, "--", PYTHON, CHAT, PROMPT),
        env={"TMPDIR": str(temporary)},
    )

    assert done.returncode == 0
    assert list(temporary.iterdir()) == []
    assert sorted(p.name for p in home.iterdir()) == [".local", "c.yaml", "tmp"]


def test_the_ca_is_the_users_own(home: Path) -> None:
    replay(home, "true")

    folder = home / ".local" / "share" / "anyvcr"
    assert folder.stat().st_mode & 0o777 == 0o700
    keys = [p for p in folder.iterdir() if b"PRIVATE KEY" in p.read_bytes()]
    assert keys
    assert all(p.stat().st_mode & 0o077 == 0 for p in keys)
    assert not (home / ".mitmproxy").exists()


def test_two_first_runs_at_once_agree_on_one_ca(home: Path) -> None:
    command = [PYTHON, "-m", "anyvcr", "replay", str(SEED), NO_CALLS, "--", "true"]
    runs = [subprocess.Popen(command, env=environment(home)) for _ in range(4)]

    assert [run.wait(DEADLINE) for run in runs] == [0] * 4


def test_the_address_is_loopback_only(home: Path) -> None:
    program = "import os; print(os.environ['HTTPS_PROXY'])"
    done = replay(home, PYTHON, "-c", program)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", done.stdout)


def test_addon_prints_the_entry_file(home: Path) -> None:
    done = anyvcr(home, "addon")

    assert Path(done.stdout.strip()) == ADDON


def test_help_is_quick_and_teaches(home: Path) -> None:
    done = anyvcr(home, "--help")
    loaded = subprocess.run(
        [PYTHON, "-c", "import sys, anyvcr.cli.main; print(*sys.modules)"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.returncode == 0
    for word in ("record", "replay", "serve", "addon", "HTTPS_PROXY"):
        assert word in done.stdout
    assert not {"mitmproxy", "yaml"} & {m.split(".")[0] for m in loaded.stdout.split()}


def test_the_childs_own_servers_are_not_proxied(home: Path) -> None:
    program = "import os, json; print(json.dumps(dict(os.environ)))"
    variables = json.loads(replay(home, PYTHON, "-c", program).stdout)

    assert {"localhost", "127.0.0.1"} <= set(variables["NO_PROXY"].split(","))
    assert variables["SSL_CERT_FILE"] == variables["REQUESTS_CA_BUNDLE"]


def test_a_report_tells_hits_misses_and_unused(home: Path) -> None:
    program = (
        "import urllib.request as u, urllib.error as e\n"
        "try: u.urlopen('https://api.openai.com/v1/models')\n"
        "except e.HTTPError as error: pass\n"
    )
    done = replay(home, PYTHON, "-c", program, options=("--report", "report.json"))
    report = json.loads((home / "report.json").read_text())

    assert done.returncode == 3
    [cassette] = report["cassettes"]
    assert cassette["cassette"] == str(SEED)
    assert (cassette["played"], cassette["recorded"], cassette["unused"]) == (0, 0, [0])
    [miss] = cassette["misses"]
    assert "https://api.openai.com/v1/models" in json.dumps(miss)


def test_strict_fails_on_what_nobody_asked_for(home: Path) -> None:
    lenient = replay(home, "true", options=(NO_CALLS,))
    strict = replay(home, "true", options=(NO_CALLS, "--strict"))

    assert (lenient.returncode, strict.returncode) == (0, 3)
    assert "nobody asked for 1 interactions" in strict.stderr


def test_an_old_cassette_fails_a_run_that_demands_a_fresh_one(home: Path) -> None:
    cassette = home / "old.yaml"
    cassette.write_bytes(SEED.read_bytes())
    os.utime(cassette, (1_700_000_000, 1_700_000_000))

    def aged(limit: str) -> subprocess.CompletedProcess[str]:
        return anyvcr(
            home, "replay", cassette, NO_CALLS, "--max-age", limit, "--", "true"
        )

    assert (aged("30d").returncode, aged("9999w").returncode) == (3, 0)
    assert "record it again" in aged("30d").stderr
    assert "--max-age: expected" in aged("soon").stderr


def test_env_prints_the_same_variables_for_a_proxy_elsewhere(home: Path) -> None:
    done = anyvcr(home, "env", "--port", "8080", "--host", "host.docker.internal")

    assert "export HTTPS_PROXY=http://host.docker.internal:8080\n" in done.stdout
    [bundle] = re.findall(r"export SSL_CERT_FILE=(.*)\n", done.stdout)
    assert Path(bundle).read_text().count("BEGIN CERTIFICATE") > 1


def test_env_names_a_cassette_by_the_proxys_user_or_in_the_base_url(home: Path) -> None:
    def printed(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        return anyvcr(home, "env", "--port", "8080", "--cassette", name, *options)

    named, unnamed = printed("TestChat/sub test"), printed("")
    by_url = printed("TestChat/sub test", "--base-url")

    user = "http://TestChat%2Fsub%20test:x@127.0.0.1:8080"
    for name in ("HTTPS_PROXY", "https_proxy"):
        assert f"export {name}={user}\n" in named.stdout
    assert "export ANYVCR_PROXY=http://127.0.0.1:8080\n" in named.stdout
    url = "http://127.0.0.1:8080/cassette/TestChat%2Fsub%20test/v1"
    assert f"export OPENAI_BASE_URL={url}\n" in by_url.stdout
    assert (unnamed.returncode, unnamed.stdout) == (1, "")
    assert "the name of a cassette is empty" in unnamed.stderr


def test_a_slash_at_the_end_makes_a_folder_that_was_not_there(
    home: Path, api: StandIn
) -> None:
    program = (
        "import os, sys\n"
        "url = os.environ['HTTPS_PROXY'].replace('://', '://TestChat:x@')\n"
        "os.environ |= dict.fromkeys(('HTTPS_PROXY', 'https_proxy'), url)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    command = (PYTHON, "-c", program, CHAT, PROMPT)
    upstream = ("--upstream", api.address, "--upstream-ca", str(api.ca_file))
    recorded = anyvcr(home, "record", "new/", *upstream, "--", *command)
    played = anyvcr(home, "replay", "new/", "--", *command)

    assert (recorded.returncode, recorded.stdout) == (0, "Oi!\n"), recorded.stderr
    assert (played.returncode, played.stdout) == (0, "Oi!\n"), played.stderr
    assert [path.name for path in (home / "new").iterdir()] == ["TestChat.yaml"]
