"""Every client records through `anyvcr record -- CMD`, and plays back with the API gone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme
from anyvcr.core.cassette import codec as cassette_format
from clients.programs import CACHE, NODES, PROGRAMS, SOURCES, Program, node
from clients.tunnel import running
from standin import Answer, Manners, Received, StandIn
from support.toolchain import require_tool

MESSAGE = "say something"
SILENT = {"go, openai-go", "java, HttpClient", "php, curl", "wget", "curl"}
"""Programs that show neither an error's body nor its status line."""
TEXT = "naïve ✓"
KEY = "sk-fake-key-of-the-test"
SAID = f"JSON {TEXT}\nSSE {TEXT}\n"


def answers(received: Received) -> Answer:
    """Chat completions that say TEXT, to those who ask with KEY for MESSAGE."""
    asked = json.loads(received.body)
    assert received.header("Authorization") == f"Bearer {KEY}"
    assert asked["messages"][-1]["content"] == MESSAGE
    completion = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-mini"}
    if asked.get("stream"):
        chunks = [_chunk(completion, {"content": c}, None) for c in TEXT]
        lines = [*chunks, _chunk(completion, {}, "stop"), "[DONE]"]
        return Answer.events("".join(f"data: {line}\n\n" for line in lines).encode())
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    whole = completion | {"object": "chat.completion", "choices": [choice]}
    return Answer.of(json.dumps(whole, ensure_ascii=False).encode(), "application/json")


def _chunk(
    completion: Mapping[str, object], delta: Mapping[str, str], reason: str | None
) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
    chunk = {**completion, "object": "chat.completion.chunk", "choices": [choice]}
    return json.dumps(chunk, ensure_ascii=False)


@pytest.fixture(scope="session")
def ca_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anyvcr") / "home"


@pytest.fixture
def clean(tmp_path: Path, ca_folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "ANYVCR_HOME": str(ca_folder),
    }


@pytest.fixture
def dirty(clean: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A machine where everything is set already, much of it against us."""
    corporate = tmp_path / "corporate.pem"
    trustme.CA().cert_pem.write_to_path(str(corporate))
    (tmp_path / "own-wgetrc").write_text("tries = 1\n")
    (tmp_path / "own-php").mkdir()
    roots = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PERL_LWP_SSL_CA_FILE",
             "NODE_EXTRA_CA_CERTS", "DENO_CERT")  # fmt: skip
    return (
        clean
        | dict.fromkeys(roots, str(corporate))
        | {
            "NO_PROXY": "*",
            "no_proxy": ".openai.com,localhost",
            "ALL_PROXY": "socks5://127.0.0.1:9",
            "all_proxy": "socks5://127.0.0.1:9",
            "SSL_CERT_DIR": "/etc/ssl/certs",
            "NODE_OPTIONS": "--max-old-space-size=1024",
            "NODE_USE_ENV_PROXY": "1",
            "JAVA_TOOL_OPTIONS": "-Xmx512m -Dhttp.nonProxyHosts=*.openai.com"
            " -Djavax.net.ssl.trustStorePassword=other",
            "PHP_INI_SCAN_DIR": f":{tmp_path}/own-php",
            "WGETRC": f"{tmp_path}/own-wgetrc",
        }
    )


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn(answers) as standin:
        yield standin


def anyvcr(
    *arguments: str | Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anyvcr", *arguments],
        env=env,
        cwd=env["HOME"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def record(
    api: StandIn, env: Mapping[str, str], *command: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    upstream = ("--upstream", api.address, "--upstream-ca", api.ca_file)
    return anyvcr(
        "record",
        *upstream,
        *options,
        "c.yaml",
        "--",
        *command,
        env={**env, "OPENAI_API_KEY": KEY},
    )


def replay(
    env: Mapping[str, str], *command: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return anyvcr("replay", *options, "c.yaml", "--", *command, env=env)


def assert_both(env: Mapping[str, str], program: Program) -> None:
    """The command says the same when it records and, the API stopped, when it plays back."""
    command = program.command(MESSAGE)
    # Before every answer: a program makes two calls, and chance would spare most of them.
    manners = Manners(interim=1.0, interims=(program.interim,))
    with StandIn(answers, manners=manners) as api:
        recorded = record(api, env, *command)
        assert (recorded.stdout, recorded.returncode) == (SAID, 0), recorded.stderr
        assert len(api.requests) == 2
    written = Path(env["HOME"], "c.yaml").read_bytes()
    assert len(cassette_format.loads(written).interactions) == 2
    assert KEY.encode() not in written
    played = replay(env, *command)
    assert (played.stdout, played.returncode) == (SAID, 0), played.stderr


def ids(programs: tuple[Program, ...]) -> list[str]:
    return [program.name for program in programs]


@pytest.mark.parametrize("program", PROGRAMS, ids=ids(PROGRAMS))
def test_a_client_records_and_plays_back(
    program: Program, clean: dict[str, str]
) -> None:
    assert_both(clean, program)


@pytest.mark.parametrize("program", PROGRAMS, ids=ids(PROGRAMS))
def test_a_client_of_a_dirty_machine_records_and_plays_back(
    program: Program, dirty: dict[str, str]
) -> None:
    assert_both(dirty, program)


@pytest.mark.parametrize("program", PROGRAMS, ids=ids(PROGRAMS))
def test_a_miss_is_not_tried_again_and_its_reason_is_shown(
    program: Program, clean: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text("---\nversion: 2\ninteractions: []\n")

    done = replay(clean, *program.command(MESSAGE), options=("--report", "report.json"))

    report = json.loads((tmp_path / "report.json").read_text())
    # One try for each of the program's two calls, where the first does not end it.
    assert 1 <= len(report["cassettes"][0]["misses"]) <= 2
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    theirs = [line for line in lines if not line.startswith("anyvcr: ")]
    if program.name not in SILENT:
        assert "no recorded interaction matches POST https://api.openai.com" in str(
            theirs
        )
    assert "anyvcr: refused: no recorded interaction matches POST" in done.stderr


@pytest.mark.parametrize("major", NODES)
def test_the_handshake_of_a_websocket_goes_through(
    major: int, dirty: dict[str, str], api: StandIn
) -> None:
    recorded = record(api, dirty, node(major), str(CACHE / "node/realtime.mjs"))
    assert (recorded.stdout, recorded.returncode) == ("OPEN\n", 0), recorded.stderr
    paths = [request.target for request in api.requests]
    assert paths == ["/v1/realtime?model=gpt-realtime"]


SDKS = tuple(p for p in PROGRAMS if "openai" in p.name and "node 2" not in p.name[:6])


@pytest.mark.parametrize("program", SDKS, ids=ids(SDKS))
def test_an_sdk_sent_by_base_url_records_the_same_and_needs_no_certificate(
    program: Program, dirty: dict[str, str]
) -> None:
    command = program.command(MESSAGE)
    # Java alone could not read the JDK's truststore with that password.
    env = dirty | {"JAVA_TOOL_OPTIONS": "-Xmx512m"}
    with StandIn(answers) as api:
        by_url = record(api, env, *command, options=("--base-url",))
        assert (by_url.stdout, by_url.returncode) == (SAID, 0), by_url.stderr
    played = replay(env, *command)
    assert (played.stdout, played.returncode) == (SAID, 0), played.stderr


@pytest.mark.parametrize("verb", ["record", "replay"])
def test_a_child_reaches_another_host_and_sees_its_own_certificate(
    verb: str, clean: dict[str, str], tmp_path: Path, api: StandIn
) -> None:
    """Through the proxy: curl is told to exempt nothing; the parent trusts that host by SSL_CERT_FILE."""
    folder = tmp_path / "other"
    folder.mkdir()
    with running(folder) as other:
        url = f"https://localhost:{other.server_port}/elsewhere"
        see = [require_tool("curl"), "-sS", "--noproxy", "", "-d", "{}", url]
        own = ["-o", "/dev/null", "-w", "%{ssl_verify_result} %{certs}"]
        env = clean | {"SSL_CERT_FILE": str(other.ca), "CURL_CA_BUNDLE": ""}
        upstream = ("--upstream", api.address, "--upstream-ca", api.ca_file)
        cassette = tmp_path / "c.yaml"
        cassette.write_bytes(
            (SOURCES.parents[1] / "cassettes/simple_streaming.yaml").read_bytes()
        )
        options = ("--allow-no-calls", *upstream)
        ended = anyvcr(verb, *options, cassette, "--", *see, *own, env=env)
        assert ended.returncode == 0, ended.stderr
        assert other.requests == ["POST /elsewhere"]
    assert ended.stdout.startswith("0 ")
    assert "trustme" in ended.stdout
    assert "mitmproxy" not in ended.stdout
    assert api.connections == 0
