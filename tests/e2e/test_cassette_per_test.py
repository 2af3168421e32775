"""A cassette for each test, named without touching the client's code, and the control API."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import names
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from standin import Answer, Received, StandIn
from support.proxies import Mitmdump, anyvcr, mitmdump

URL = "https://api.openai.com/v1/models"


def write(folder: Path, name: str, *bodies: bytes) -> None:
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    interactions = tuple(
        Interaction(
            id=n,
            request=Request(method="GET", url=URL),
            response=Response(
                code=200, status="200 OK", body=body, content_length=len(body)
            ),
        )
        for n, body in enumerate(bodies)
    )
    path.write_bytes(cassette_format.dumps(Cassette(interactions=interactions)))


def running(
    home: Path, mode: str = "replay-only", **options: object
) -> AbstractContextManager[Mitmdump]:
    folder = f"{home / 'cassettes'}/"
    return mitmdump(
        home, options={"cassette": folder, "cassette_mode": mode, **options}
    )


@pytest.fixture
def proxy(home: Path) -> Iterator[Mitmdump]:
    for name in ("TestChat", "TestChat/sub", "TestOther"):
        write(home / "cassettes", name, f"{name} 0".encode(), f"{name} 1".encode())
    with running(home) as started:
        yield started


def ask(proxy: Mitmdump, user: str, headers: dict[str, str] | None = None) -> str:
    """The API through the proxy, under a user name in its URL."""
    context = ssl.create_default_context(cafile=str(proxy.ca))
    url = f"http://{user}:x@127.0.0.1:{proxy.port}"
    with httpx.Client(proxy=url, verify=context, trust_env=False) as client:
        return client.get(URL, headers=headers).text


def test_the_proxys_user_names_the_cassette(proxy: Mitmdump) -> None:
    assert [ask(proxy, "TestChat"), ask(proxy, "TestOther")] == [
        "TestChat 0",
        "TestOther 0",
    ]
    assert ask(proxy, "TestChat") == "TestChat 1"
    assert ask(proxy, "TestChat%2Fsub") == "TestChat/sub 0"


def test_the_base_urls_path_names_the_cassette(proxy: Mitmdump) -> None:
    with httpx.Client(trust_env=False) as client:
        texts = [
            client.get(f"{proxy.url}/cassette/{name}/v1/models").text
            for name in ("TestChat", "TestChat%2Fsub", "TestOther", "TestChat")
        ]

    assert texts == ["TestChat 0", "TestChat/sub 0", "TestOther 0", "TestChat 1"]


def test_a_header_names_the_cassette(proxy: Mitmdump) -> None:
    named = {"X-Anyvcr-Cassette": "TestOther"}
    with proxy.client() as client, proxy.direct() as direct:
        texts = [
            client.get(URL, headers=named).text,
            direct.get("/models", headers=named).text,
        ]

    assert texts == ["TestOther 0", "TestOther 1"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no cassette named"),
        ("..%2F..%2Fetc%2Fpasswd", "cassettes/%2E%2E/%2E%2E/etc/passwd.yaml does not"),
        ("a%00b", "a%00b.yaml does not exist"),
        ("Missing", "does not exist"),
    ],
)
def test_what_names_no_cassette_is_refused_with_the_reason(
    proxy: Mitmdump, name: str, said: str
) -> None:
    prefix = f"/cassette/{name}" if name else ""
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{proxy.url}{prefix}/v1/models")

    assert answer.status_code == 418
    assert said in answer.json()["error"]["message"]


NAMES = [
    "TestChat/What is 2+2?",
    "t.py::test_a",
    "t.py::test_b",
    "tests/test_chat.py::TestChat::test_p[São Paulo?]",
    "chat > streams > says 'hi' 🎉",
    'Chat when asked "why" answers, 100 % sure',
    "org.example.ChatTest.chats()",
    "a:b",
    "../up",
    ".hidden",
    "CON",
    "ends in a dot.",
    "x" * 300,
    "x" * 299 + "y",
    "two\nlines",
]
"""As pytest, go test, vitest, RSpec and JUnit make them, and worse."""


def test_any_name_leads_to_one_cassette_through_every_door(home: Path) -> None:
    folder = home / "cassettes"
    for n, name in enumerate(NAMES):
        file = str(names.file(names.parse(name))).removesuffix(".yaml")
        write(folder, file, *(f"{n} {k}".encode() for k in range(4)))
    assert sum(path.is_file() for path in folder.rglob("*")) == len(NAMES)

    with running(home) as proxy, proxy.client() as client, proxy.direct() as direct:
        for n, name in enumerate(NAMES):
            quoted = quote(name, safe="")
            opened = httpx.post(f"{proxy.url}/_anyvcr/cassettes/{quoted}")
            assert opened.status_code == 200
            named = {"X-Anyvcr-Cassette": quoted}
            texts = [
                ask(proxy, quoted),
                httpx.get(f"{proxy.url}/cassette/{quoted}/v1/models").text,
                client.get(URL, headers=named).text,
                direct.get("/models", headers=named).text,
            ]
            assert texts == [f"{n} {k}" for k in range(4)]


def test_forty_tests_at_once_do_not_mix(home: Path) -> None:
    tests = [f"Test{n}" for n in range(40)]
    for name in tests:
        write(home / "cassettes", name, *(f"{name} {k}".encode() for k in range(5)))

    def run(name: str) -> list[str]:
        context = ssl.create_default_context(cafile=str(started.ca))
        url = f"http://{name}:x@127.0.0.1:{started.port}"
        with httpx.Client(
            proxy=url, verify=context, trust_env=False, timeout=60
        ) as client:
            return [client.get(URL).text for _ in range(5)]

    with running(home) as started, ThreadPoolExecutor(20) as pool:
        results = list(pool.map(run, tests))

    assert results == [[f"{name} {k}" for k in range(5)] for name in tests]


def test_each_name_records_a_file_of_its_own(home: Path) -> None:
    def answer(received: Received) -> Answer:
        assert received.header("X-Anyvcr-Cassette") == ""
        assert received.header("Proxy-Authorization") == ""
        return Answer.of(received.target.encode(), "text/plain")

    with (
        StandIn(answer) as api,
        running(
            home,
            "record-once",
            cassette_upstream=api.address,
            ssl_verify_upstream_trusted_ca=api.ca_file,
        ) as started,
    ):
        by_user = ask(started, "TestA")
        by_header = ask(started, "TestA", {"X-Anyvcr-Cassette": "TestB"})
        with httpx.Client(trust_env=False) as client:
            by_path = client.get(f"{started.url}/cassette/TestC/v1/models?x=1").text
        started.stop()

    assert (by_user, by_header, by_path) == (
        "/v1/models",
        "/v1/models",
        "/v1/models?x=1",
    )
    urls = {
        path.stem: [
            i.request.url for i in cassette_format.loads(path.read_bytes()).interactions
        ]
        for path in (home / "cassettes").glob("*.yaml")
    }
    assert urls == {"TestA": [URL], "TestB": [URL], "TestC": [f"{URL}?x=1"]}


@pytest.fixture
def control(proxy: Mitmdump) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{proxy.url}/_anyvcr", trust_env=False) as client:
        yield client


def test_a_test_is_opened_asked_about_and_closed(
    proxy: Mitmdump, control: httpx.Client
) -> None:
    opened = control.post("/cassettes/TestChat").json()
    with proxy.direct() as client:
        text = client.get("/models").text
        refused = client.get("/files").status_code
    during = control.get("/cassettes/TestChat").json()
    closed = control.delete("/cassettes/TestChat").json()

    assert opened["name"] == "TestChat"
    assert (text, refused) == ("TestChat 0", 418)
    for report in (during, closed):
        assert (report["played"], report["unused"]) == (1, [1])
        assert len(report["misses"]) == 1
    assert control.get("/cassettes").json() == {"cassettes": []}
    assert control.get("/cassettes/TestChat").status_code == 404


def test_opening_again_starts_from_the_beginning(
    proxy: Mitmdump, control: httpx.Client
) -> None:
    texts = []
    for _ in range(2):
        control.post("/cassettes/TestChat%2Fsub")
        texts.append(ask(proxy, "TestChat%2Fsub"))

    assert texts == ["TestChat/sub 0"] * 2


def test_a_replaying_proxy_opens_nothing_that_forwards(control: httpx.Client) -> None:
    answer = control.post("/cassettes/TestChat", json={"mode": "record-only"})

    assert answer.status_code == 400
    assert "replay-only" in answer.json()["error"]


def test_a_mode_may_be_chosen_for_one_cassette(home: Path) -> None:
    write(home / "cassettes", "TestKnown", b"known")
    with (
        StandIn(lambda _: Answer.of(b"live", "text/plain")) as api,
        running(
            home,
            "replay-with-new-episodes",
            cassette_upstream=api.address,
            ssl_verify_upstream_trusted_ca=api.ca_file,
        ) as started,
        httpx.Client(base_url=f"{started.url}/_anyvcr", trust_env=False) as control,
    ):
        control.post("/cassettes/TestKnown", json={"mode": "replay-only"})
        first, second = ask(started, "TestKnown"), ask(started, "TestKnown")

    assert first == "known"
    assert "already played" in second or "used up" in second
    assert api.connections == 0


def test_health_and_the_certificate(proxy: Mitmdump, control: httpx.Client) -> None:
    assert control.get("/health").json()["status"] == "ok"
    assert control.get("/ca.pem").content == proxy.ca.read_bytes()
    assert control.get("/nothing").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:8080"},
    ],
)
def test_web_pages_are_refused(control: httpx.Client, headers: dict[str, str]) -> None:
    assert control.post("/stop", headers=headers).status_code == 403
    assert control.get("/health").status_code == 200


def test_the_api_under_the_same_path_is_not_the_control(proxy: Mitmdump) -> None:
    with proxy.client() as client:
        answer = client.post("https://api.openai.com/_anyvcr/stop")

    assert answer.status_code == 418


def test_stop_ends_the_proxy_in_order(proxy: Mitmdump, control: httpx.Client) -> None:
    assert control.post("/stop").status_code == 202

    assert proxy.process.wait(30) == 0


def test_the_command_may_open_its_own_cassettes(home: Path) -> None:
    write(home / "cassettes", "TestChat", b"0")
    program = (
        "import os, urllib.request as u, json\n"
        "base = os.environ['ANYVCR_PROXY'] + '/_anyvcr'\n"
        "ask = lambda m, p: json.load(u.build_opener(u.ProxyHandler({})).open(u.Request(base + p, method=m)))\n"
        "ask('POST', '/cassettes/TestChat')\n"
        "print(u.urlopen('https://api.openai.com/v1/models').read().decode())\n"
        "print(ask('DELETE', '/cassettes/TestChat')['played'])\n"
    )
    done = anyvcr(home, "replay", "cassettes/", "--", "python", "-c", program)

    assert (done.returncode, done.stdout) == (0, "0\n1\n"), done.stderr
