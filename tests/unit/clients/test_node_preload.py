"""The preload in the installed Node, against a proxy that leads to a TLS server of the test's own."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyvcr.clients import trust
from clients.tunnel import TEXT, Connect, Tunnel, running
from support.toolchain import missing, require_tool

PRELOAD = Path(trust.__file__).with_name("node-preload.cjs")
API = Connect("api.openai.com:443", "")
POST = """
const body = JSON.stringify({ messages: [] });
const answered = async (response) => console.log((await response.json()).choices[0].message.content);
"""
BY_FETCH = POST + "fetch(ADDRESS, { method: 'POST', body }).then(answered);"
BY_HTTPS = """
const request = require('https').request(ADDRESS, { method: 'POST', ...OPTIONS }, (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  response.on('end', () => console.log(JSON.parse(text).choices[0].message.content));
});
request.on('error', (error) => console.log('ERROR', error.message));
request.end('{}');
"""


@pytest.fixture
def tunnel(tmp_path: Path) -> Iterator[Tunnel]:
    names = ("api.openai.com", "other.example", "db.example")
    with running(tmp_path, *names) as tunnel:
        yield tunnel


def run(
    tunnel: Tunnel,
    program: str,
    *options: str,
    url: str = "https://api.openai.com/v1/chat/completions",
    preload: Path = PRELOAD,
    variables: dict[str, str] | None = None,
) -> str:
    """What the program prints; it must end well and say nothing on stderr."""
    source = f"const ADDRESS = '{url}';\n{program}"
    ended = subprocess.run(
        [require_tool("node"), *options, "-e", source],
        env=tunnel.environment(preload, variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout.strip()


def node_major() -> int:
    node = require_tool("node")
    version = subprocess.run([node, "-v"], capture_output=True, text=True, check=True)
    return int(version.stdout.removeprefix("v").split(".")[0])


def test_fetch_goes_through(tunnel: Tunnel) -> None:
    assert run(tunnel, BY_FETCH) == TEXT
    assert tunnel.connects == [API]


@pytest.mark.parametrize(
    "options",
    [
        "",
        "agent: new (require('https').Agent)({ keepAlive: true })",
        "agent: false",
        "host: 'api.openai.com', port: 443",
    ],
    ids=["global agent", "own agent", "no agent", "host and port"],
)
def test_https_with_any_agent_goes_through(tunnel: Tunnel, options: str) -> None:
    program = BY_HTTPS.replace("OPTIONS", f"{{ {options} }}")
    assert run(tunnel, program) == TEXT
    assert tunnel.connects == [API]


@pytest.mark.parametrize(
    "arguments",
    [
        "443, 'api.openai.com', done",
        "443, 'api.openai.com', {}, done",
        "'443', 'api.openai.com', done",
        "443, { host: 'api.openai.com' }, done",
        "{ port: 443, host: 'API.openai.com' }, done",
        "{ port: '443', servername: 'api.openai.com' }, done",
    ],
)
def test_every_form_of_tls_connect_goes_through(tunnel: Tunnel, arguments: str) -> None:
    program = f"""
    function done() {{ console.log(this.authorized); this.end(); }}
    require('tls').connect({arguments});
    """
    assert run(tunnel, program) == "true"
    assert tunnel.connects == [API]


def test_an_import_of_the_function_itself_goes_through(
    tunnel: Tunnel, tmp_path: Path
) -> None:
    module = tmp_path / "main.mjs"
    module.write_text(
        "import { connect } from 'node:tls';\n"
        "const socket = connect(443, 'api.openai.com', () => socket.end());\n"
    )
    assert run(tunnel, f"import({str(module)!r});") == ""
    assert tunnel.connects == [API]


def test_workers_and_child_processes_go_through(tunnel: Tunnel) -> None:
    program = """
    const { Worker } = require('worker_threads');
    const source = `const ADDRESS = '${ADDRESS}';` + PROGRAM;
    new Worker(source, { eval: true }).on('exit', () =>
      require('child_process').spawn(process.execPath, ['-e', source], { stdio: 'inherit' }));
    """.replace("PROGRAM", f"`{BY_FETCH}`")
    assert run(tunnel, program) == f"{TEXT}\n{TEXT}"
    assert tunnel.connects == [API, API]


def test_a_websocket_goes_through(tunnel: Tunnel) -> None:
    if node_major() < 22:
        pytest.skip("WebSocket is global since Node 22")
    program = """
    const socket = new WebSocket(ADDRESS);
    socket.onclose = (event) => console.log(event.code);
    """
    url = "wss://api.openai.com/v1/realtime?model=x"
    assert run(tunnel, program, url=url) == "1000"
    assert tunnel.connects == [API]


def test_the_proxys_user_is_sent(tunnel: Tunnel) -> None:
    proxy = f"http://a%2Fb%20%C3%A9:x@127.0.0.1:{tunnel.port}"
    assert run(tunnel, BY_FETCH, variables={"HTTPS_PROXY": proxy}) == TEXT
    credentials = base64.b64encode("a/b é:x".encode()).decode()
    expected = Connect("api.openai.com:443", f"Basic {credentials}")
    assert tunnel.connects == [expected]


def test_lower_case_https_proxy_counts(tunnel: Tunnel) -> None:
    proxy = f"http://127.0.0.1:{tunnel.port}"
    assert (
        run(tunnel, BY_FETCH, variables={"HTTPS_PROXY": "", "https_proxy": proxy})
        == TEXT
    )


def test_a_big_body_arrives_whole_both_ways(tunnel: Tunnel) -> None:
    program = """
    const sent = Buffer.alloc(8_000_000, 'anyvcr').toString();
    fetch(ADDRESS, { method: 'POST', body: sent }).then(async (response) => {
      const text = await response.text();
      const digest = require('crypto').createHash('sha256').update(sent).digest('hex');
      console.log(text === `${digest} ${sent}`);
    });
    """
    assert run(tunnel, program) == "true"


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        ("https://localhost:{port}/", {}),
        ("https://127.0.0.1:{port}/", {}),
        ("https://localhost:{port}/", {"ANYVCR_HOSTS": "localhost"}),
    ],
)
def test_loopback_is_reached_directly(
    tunnel: Tunnel, url: str, variables: dict[str, str]
) -> None:
    there = url.format(port=tunnel.server_port)
    assert run(tunnel, BY_FETCH, url=there, variables=variables) == TEXT
    assert tunnel.connects == []


REACH = "require('tls').connect(PORT, 'db.example').on('error', (e) => console.log(e.code)).on('secureConnect', function () { this.end(); });"


def test_a_tls_connection_to_another_port_is_left_alone(tunnel: Tunnel) -> None:
    assert run(tunnel, REACH.replace("PORT", "5432")) in ("ENOTFOUND", "EAI_AGAIN")
    assert tunnel.connects == []


@pytest.mark.parametrize("hosts", ["db.example", "*.example", "x,db.example:5432"])
def test_an_api_host_goes_through_on_any_port(tunnel: Tunnel, hosts: str) -> None:
    assert (
        run(tunnel, REACH.replace("PORT", "5432"), variables={"ANYVCR_HOSTS": hosts})
        == ""
    )
    assert tunnel.connects == [Connect("db.example:5432", "")]


@pytest.mark.parametrize("exempt", ["db.example", ".example", "*", "a, db.example:443"])
def test_no_proxy_is_obeyed(tunnel: Tunnel, exempt: str) -> None:
    program = REACH.replace("PORT", "443")
    assert run(tunnel, program, variables={"NO_PROXY": exempt}) in (
        "ENOTFOUND",
        "EAI_AGAIN",
    )
    assert tunnel.connects == []


def test_other_hosts_on_the_https_port_go_through(tunnel: Tunnel) -> None:
    assert run(tunnel, BY_FETCH, url="https://other.example/") == TEXT
    assert tunnel.connects == [Connect("other.example:443", "")]


@pytest.mark.parametrize("proxy", ["", "no url", "socks5://127.0.0.1:9", "https://x"])
def test_without_a_plain_proxy_nothing_changes(tunnel: Tunnel, proxy: str) -> None:
    program = "console.log(require('tls').connect.name, process.env.NODE_USE_ENV_PROXY)"
    variables = {"HTTPS_PROXY": proxy, "NODE_USE_ENV_PROXY": "1"}
    if node_major() >= 22 and proxy:
        del variables["NODE_USE_ENV_PROXY"]  # Node itself refuses such a proxy
    assert run(tunnel, program, variables=variables).startswith("connect ")


def test_a_refused_tunnel_is_an_error_that_says_so(tunnel: Tunnel) -> None:
    program = BY_HTTPS.replace("OPTIONS", "{}")
    said = run(tunnel, program, url="https://refused.example/")
    expected = "ERROR the proxy refused a tunnel to refused.example:443: HTTP/1.1 502 Bad Gateway"
    assert said == expected


def test_a_proxy_that_is_gone_is_an_error(tunnel: Tunnel, tmp_path: Path) -> None:
    with running(tmp_path) as gone:
        pass
    proxy = f"http://127.0.0.1:{gone.port}"
    said = run(
        tunnel, BY_HTTPS.replace("OPTIONS", "{}"), variables={"HTTPS_PROXY": proxy}
    )
    assert said.startswith("ERROR connect ECONNREFUSED")


def test_a_certificate_of_another_ca_is_refused(tunnel: Tunnel, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with running(folder) as other:
        program = BY_HTTPS.replace("OPTIONS", "{}")
        said = run(tunnel, program, variables={"NODE_EXTRA_CA_CERTS": str(other.ca)})
    assert said.startswith("ERROR unable to verify the first certificate")


LEAVES_SOON = """
let answeredAt;
const isSoon = () => performance.now() - answeredAt < 3500;
"""


@pytest.mark.parametrize("program", [BY_FETCH, BY_HTTPS], ids=["fetch", "https"])
def test_an_idle_connection_does_not_keep_the_process_alive(
    tunnel: Tunnel, program: str
) -> None:
    """Undici keeps its connections for 4 seconds, an Agent for ever."""
    agent = "{ agent: new (require('https').Agent)({ keepAlive: true }) }"
    timed = program.replace("OPTIONS", agent).replace(
        "console.log(", "console.log((answeredAt = performance.now()) && "
    )
    leave = "process.on('exit', () => console.log(isSoon()));"
    assert run(tunnel, LEAVES_SOON + timed + leave) == f"{TEXT}\ntrue"


def test_it_loads_once_and_beside_other_options(tunnel: Tunnel) -> None:
    options = f'--max-old-space-size=512 --require "{PRELOAD}" --require "{PRELOAD}"'
    assert run(tunnel, BY_FETCH, variables={"NODE_OPTIONS": options}) == TEXT
    assert tunnel.connects == [API]


def test_its_path_may_hold_spaces(tunnel: Tunnel, tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "node preload.cjs"
    path.parent.mkdir()
    path.write_bytes(PRELOAD.read_bytes())
    assert run(tunnel, BY_FETCH, preload=path) == TEXT


def test_nodes_own_test_runner_goes_through(tunnel: Tunnel, tmp_path: Path) -> None:
    test = tmp_path / "chat.test.mjs"
    test.write_text(
        "import assert from 'node:assert'; import test from 'node:test';\n"
        f"{LEAVES_SOON}process.on('exit', () => (process.exitCode ||= isSoon() ? 0 : 1));\n"
        "test('chat', async () => {\n"
        f"  const ADDRESS = 'https://api.openai.com/v1/chat/completions';\n"
        "  const answer = await fetch(ADDRESS, { method: 'POST', body: '{}' });\n"
        f"  assert.equal((await answer.json()).choices[0].message.content, '{TEXT}');\n"
        "  answeredAt = performance.now();\n"
        "});\n"
    )
    node = require_tool("node")
    ended = subprocess.run(
        [node, "--test", test],
        env=tunnel.environment(PRELOAD),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert tunnel.connects == [API]


def test_the_installed_node_is_one_that_the_preload_is_for() -> None:
    if node_major() < 18:
        missing("Node 18 or newer")
