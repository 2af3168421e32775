"""The client programs, as commands: what to run, and what must have been built for it.

Each makes one JSON and one SSE call with the message it is given, and prints
`JSON <text>` and `SSE <text>`.
"""

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.toolchain import missing, require_tool

SOURCES = Path(__file__).resolve().parent
CACHE = Path(
    os.environ.get("ANYVCR_TEST_CACHE") or Path.home() / ".cache" / "anyvcr-tests"
)
NODES = (18, 20, 22, 24, 26)
OPENAI_NODE = (7, 6, 4)
OPENAI_PYTHON = (3, 2, 1)


@dataclass(frozen=True, slots=True)
class Program:
    """A row of the table of clients; `words` is the command without the message.

    `{cache}` and `{sources}` stand for the folders of what is built and what is not.
    """

    name: str
    words: tuple[str, ...]
    needs: str = ""
    """A shell command that fails where the machine lacks a package of Debian's.

    A Java without its compiler, a Perl or a Ruby without TLS: there, and of no use.
    """
    interim: int = 103
    """The 1xx that comes before its answers; those which would take it for the answer get 100."""

    def command(self, message: str) -> list[str]:
        """What to run; skips, or fails in CI, where it cannot."""
        words = [w.format(cache=CACHE, sources=SOURCES) for w in self.words]
        for path in (part for word in words for part in word.split(":")):
            is_built = path.startswith(str(CACHE))
            if is_built and not Path(path.removesuffix("/*")).exists():
                missing(f"{path} is not there: run tests/clients/install")
        if "/" not in words[0]:
            words[0] = require_tool(words[0])
        if self.needs and not _succeeds(self.needs):
            missing(f"`{self.needs}` fails: run tests/clients/install debian")
        return [*words, message]


@cache
def _succeeds(command: str) -> bool:
    return (
        subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, check=False
        ).returncode
        == 0
    )


def node(major: int) -> str:
    """The Node of that major version."""
    path = CACHE / f"node/node_modules/node{major}/bin/node"
    if not path.exists():
        missing(f"{path} is not there: run tests/clients/install node")
    return str(path)


def _python(name: str, script: str, environment: str, interim: int = 103) -> Program:
    python = f"{{cache}}/python/{environment}/bin/python"
    words = (python, f"{{sources}}/python/{script}.py")
    return Program(name, words, interim=interim)


def _node(major: int, script: str, library: str) -> Program:
    path = f"{{cache}}/node/node_modules/node{major}/bin/node"
    name = (
        f"node {major}, {script}{library}"
        if script == "openai"
        else f"node {major}, {library}"
    )
    return Program(name, (path, f"{{cache}}/node/{script}.mjs", library))


PROGRAMS: tuple[Program, ...] = (
    *(_python(f"python, openai {v}", "chat_openai", f"openai{v}") for v in OPENAI_PYTHON),
    _python("python, openai 3 async", "chat_openai_async", "openai3"),
    _python("python, httpx", "chat_httpx", "httpx"),
    _python("python, requests", "chat_requests", "requests", interim=100),
    _python("python, aiohttp", "chat_aiohttp", "aiohttp"),
    *(_node(major, "openai", str(v)) for major in NODES for v in OPENAI_NODE),
    *(_node(major, "http", "axios") for major in NODES),
    Program("go, openai-go", ("{cache}/go/chat",)),
    Program("java, openai-java", ("java", "-cp", "{cache}/java:{cache}/java/lib/*", "OpenAiChat"), "java -version"),
    Program("java, HttpClient", ("java", "{sources}/java/HttpClientChat.java"), "java --list-modules | grep -q jdk.compiler"),
    Program("rust, reqwest native-tls", ("{cache}/rust/chat", "native-tls")),
    Program("rust, reqwest rustls", ("{cache}/rust/chat", "rustls")),
    Program("ruby, Net::HTTP", ("ruby", "{sources}/ruby/chat.rb"), "ruby -ropenssl -e1"),
    Program("php, curl", ("php", "{sources}/php/chat.php"), "php -m | grep -qx curl"),
    Program("perl, HTTP::Tiny", ("perl", "{sources}/perl/chat.pl", "tiny"), "perl -MIO::Socket::SSL -e1"),
    Program("perl, LWP", ("perl", "{sources}/perl/chat.pl", "lwp"), "perl -MLWP::Protocol::https -e1", interim=100),
    Program("wget", ("{sources}/shell/wget.sh",), "command -v wget"),
    Program("curl", ("{sources}/shell/curl.sh",), "command -v curl"),
)  # fmt: skip
