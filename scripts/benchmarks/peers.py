"""The peers, each with the same calls as a recording or a stub of its own.

Those that record are shown each call once, with the server that costs nothing behind them;
the others get files. What cannot take a proxy is asked at its base URL.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import install, subject
from benchmarks.exchange import PATH, Exchange
from benchmarks.install import MissingError
from benchmarks.load import Address, Door, WrongAnswerError, ask, connect
from benchmarks.subject import Subject, free_port
from benchmarks.table import Skipped

Exchanges = tuple[Exchange, ...]
SECTION = "Peers"
HOVERFLY = (
    "its Go module is not on the Go module proxy (403), and it is in no other registry"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a peer is prepared with."""

    exchanges: Exchanges
    api: int
    """The port of the API's plain HTTP."""
    work: Path

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api}"

    def folder(self, name: str) -> Path:
        place = (
            self.work / f"{name}-{'stream' if self.exchanges[0].is_stream else 'json'}"
        )
        place.mkdir(exist_ok=True)
        return place


def prepared(bench: Bench, *names: str) -> Iterator[Subject | Skipped]:
    """Each peer, or those of `names`, ready to start; or why it is left out."""
    for name in names or _PEERS:
        prepare = _PEERS[name]
        try:
            yield prepare(bench)
        except (MissingError, OSError, WrongAnswerError) as error:
            yield Skipped(section=SECTION, subject=name, reason=str(error))
    if not names:
        yield Skipped(section=SECTION, subject="hoverfly", reason=HOVERFLY)


def versions() -> dict[str, str]:
    """Of the peers that are installed."""
    found = {}
    with contextlib.suppress(MissingError, OSError):
        found["ddapm-test-agent"] = install.python("ddapm").version("ddapm-test-agent")
    with contextlib.suppress(MissingError, OSError):
        found["vcrpy"] = install.python("suite").version("vcrpy")
    for name in install.NPM:
        with contextlib.suppress(MissingError, OSError):
            found[name] = install.node_version(name)
    return found


def _ddapm(bench: Bench) -> Subject:
    environment = install.python("ddapm")
    tapes = bench.folder("ddapm")
    ports = ("--otlp-http-port", str(free_port()), "--otlp-grpc-port", str(free_port()))
    found = Subject(
        name=f"ddapm-test-agent {environment.version('ddapm-test-agent')}",
        command=(environment.program("ddapm-test-agent"), "--port", "{port}", *ports)
        + ("--vcr-cassettes-directory", str(tapes))
        + ("--vcr-provider-map", f"bench={bench.api_url}"),
        exchanges=bench.exchanges,
        door=Door.PLAIN,
        prefix="/vcr/bench",
    )
    _record(found, bench)
    return found


def _talkback(bench: Bench) -> Subject:
    place = install.node("talkback")
    script = bench.folder("talkback") / "server.cjs"
    script.write_text(
        f"const talkback = require({json.dumps(str(place))});\n"
        "const { RecordMode, FallbackMode } = talkback.Options;\n"
        f"talkback({{ host: {json.dumps(bench.api_url)}, port: Number(process.argv[2]),\n"
        "  path: process.argv[3], silent: true, summary: false,\n"
        '  allowHeaders: ["content-type"],\n'
        "  record: RecordMode[process.argv[4]], fallbackMode: FallbackMode.NOT_FOUND,\n"
        "}).start();\n"
    )
    command = (install.program("node"), str(script), "{port}", str(script.parent))
    found = Subject(
        name=f"talkback {install.node_version('talkback')}",
        command=(*command, "DISABLED"),
        exchanges=bench.exchanges,
        door=Door.PLAIN,
    )
    _record(replace(found, command=(*command, "NEW")), bench)
    return found


def _proxay(bench: Bench) -> Subject:
    install.node("proxay")
    binary = install.CACHE / "npm" / "node_modules" / ".bin" / "proxay"
    command = (
        str(binary),
        "--port",
        "{port}",
        "--tapes-dir",
        str(bench.folder("proxay")),
    )
    found = Subject(
        name=f"proxay {install.node_version('proxay')}",
        command=(*command, "--mode", "replay"),
        exchanges=bench.exchanges,
        door=Door.PLAIN,
    )
    record = (*command, "--mode", "record", "--host", bench.api_url)
    _record(replace(found, command=record), bench)
    return found


def _aimock(bench: Bench) -> Subject:
    install.node("@copilotkit/aimock")
    binary = install.CACHE / "npm" / "node_modules" / ".bin" / "llmock"
    fixtures = [
        {
            "match": {
                "userMessage": json.loads(each.question)["messages"][1]["content"]
            },
            "response": {"content": _content(each)},
        }
        for each in bench.exchanges
    ]
    file = bench.folder("aimock") / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures}))
    return Subject(
        name=f"aimock {install.node_version('@copilotkit/aimock')}",
        command=(str(binary), "--port", "{port}", "--fixtures", str(file))
        + ("--log-level", "warn"),
        exchanges=bench.exchanges,
        door=Door.PLAIN,
    )


def _content(exchange: Exchange) -> str:
    if not exchange.is_stream:
        content = json.loads(exchange.answer)["choices"][0]["message"]["content"]
        return str(content)
    events = [line[6:] for line in exchange.answer.split(b"\n\n") if b"{" in line]
    deltas = (json.loads(event)["choices"][0]["delta"]["content"] for event in events)
    return "".join(deltas)


def _wiremock(bench: Bench) -> Subject:
    place = install.node("wiremock")
    jar = next((place / "build").glob("*.jar"), None)
    if jar is None:
        raise MissingError("its npm package came without the jar")
    mappings = bench.folder("wiremock") / "mappings"
    mappings.mkdir(exist_ok=True)
    for number, each in enumerate(bench.exchanges):
        stub = {
            "request": {
                "method": "POST",
                "urlPath": PATH,
                "bodyPatterns": [{"equalToJson": each.question.decode()}],
            },
            "response": {
                "status": 200,
                "body": each.answer.decode(),
                "headers": {"Content-Type": each.content_type},
            },
        }
        (mappings / f"{number}.json").write_text(json.dumps(stub))
    return Subject(
        name=f"wiremock {install.node_version('wiremock')}",
        command=(install.program("java"), "-jar", str(jar), "--port", "{port}")
        + ("--root-dir", str(mappings.parent), "--enable-browser-proxying")
        + ("--max-request-journal-entries", "1000"),
        exchanges=bench.exchanges,
        door=Door.PROXY,
    )


def _mockserver(bench: Bench) -> Subject:
    place = install.node("mockserver-node")
    jar = next(place.glob("*.jar"), None)
    if jar is None:
        raise MissingError("its npm package came without the jar")
    expectations = [
        {
            "httpRequest": {
                "method": "POST",
                "path": PATH,
                "body": {"type": "JSON", "json": json.loads(each.question)},
            },
            "httpResponse": {
                "statusCode": 200,
                "headers": {"content-type": [each.content_type]},
                "body": each.answer.decode(),
            },
        }
        for each in bench.exchanges
    ]
    file = bench.folder("mockserver") / "expectations.json"
    file.write_text(json.dumps(expectations))
    return Subject(
        name=f"mockserver {install.node_version('mockserver-node')}",
        command=(install.program("java"), "-jar", str(jar), "--port", "{port}")
        + ("--init", str(file), "--log-level", "WARN"),
        exchanges=bench.exchanges,
        door=Door.PROXY,
    )


def _record(recorder: Subject, bench: Bench) -> None:
    """Show `recorder` each call once."""
    with subject.running(recorder, bench.work) as running:
        _show(running.address, bench.exchanges)
        time.sleep(1)  # some write their tape a moment after the answer


def _show(address: Address, exchanges: Sequence[Exchange]) -> None:
    for each in exchanges:
        with connect(address) as sock:
            ask(sock, address.request(each, close=False), each.marker.encode())


_PEERS: dict[str, Callable[[Bench], Subject]] = {
    "mockserver": _mockserver,
    "wiremock": _wiremock,
    "ddapm-test-agent": _ddapm,
    "talkback": _talkback,
    "proxay": _proxay,
    "aimock": _aimock,
}
