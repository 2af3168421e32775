"""Small programs, one for each runtime, that try whether a request comes through the proxy."""

import shutil
from dataclasses import dataclass
from pathlib import Path

URL = "https://api.openai.com/v1/models"
SAID = "anyvcr-probe"
"""What the proxy answers, and each probe prints."""

_PYTHON = f"import urllib.request as u; print(u.urlopen('{URL}').read().decode())"
_FETCH = f"fetch('{URL}').then(r => r.text()).then(t => console.log(t))"
_RUBY = f"require 'net/http'; puts Net::HTTP.get(URI('{URL}'))"
_PHP = (
    f"$c = curl_init('{URL}'); curl_setopt($c, CURLOPT_RETURNTRANSFER, true);"
    "$r = curl_exec($c); echo $r === false ? curl_error($c) : $r;"
)
_PERL = f"use LWP::UserAgent; print LWP::UserAgent->new->get('{URL}')->decoded_content"
_JAVA = f"""import java.net.URI;
import java.net.http.*;
class Probe {{
  public static void main(String[] a) throws Exception {{
    var request = HttpRequest.newBuilder(URI.create("{URL}")).build();
    var text = HttpResponse.BodyHandlers.ofString();
    System.out.println(HttpClient.newHttpClient().send(request, text).body());
  }}
}}
"""
_GO = f"""package main
import ("fmt"; "io"; "net/http"; "os")
func main() {{
	answer, err := http.Get("{URL}")
	if err != nil {{ fmt.Println(err); os.Exit(1) }}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
}}
"""


_WITHOUT_LIBRARY = {
    "LWP::Protocol::https not installed": "LWP::Protocol::https",
    "Can't locate LWP/UserAgent.pm": "LWP::UserAgent",
    "undefined function curl_init": "PHP's curl extension",
    "cannot load such file -- openssl": "Ruby's openssl library",
    "unknown url type: https": "Python's ssl module",
    "HTTPS support not compiled in": "TLS support",
    'Protocol "https" not supported': "TLS support",
    'Protocol "https" disabled': "TLS support",
    "not compiled with OpenSSL": "TLS support",
    "compiler module": "the JDK (this is a JRE)",
    "java.lang.ClassNotFoundException: Probe.java": "Java 11 or later",
}
"""What a runtime says that cannot make the request, with or without a proxy, and what it lacks."""


def missing_library(said: str) -> str | None:
    """What the runtime lacks by its own words; None where it names nothing of that kind."""
    return next(
        (lack for words, lack in _WITHOUT_LIBRARY.items() if words in said), None
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """A runtime, and a command that makes one request with it."""

    runtime: str
    words: tuple[str, ...]
    source: tuple[str, str] | None = None
    """A file that the command needs: its name, which stands in the words, and its text."""

    def command(self, folder: Path) -> list[str] | None:
        """The command, its source written into `folder`; None where the runtime is not here."""
        program = shutil.which(self.words[0])
        if program is None:
            return None
        words = [program, *self.words[1:]]
        if self.source is not None:
            name, text = self.source
            (folder / name).write_text(text)
            words = [str(folder / name) if word == name else word for word in words]
        return words


PROBES = (
    Probe("curl", ("curl", "-sS", URL)),
    Probe("Python, urllib", ("python3", "-c", _PYTHON)),
    Probe("Node, fetch", ("node", "-e", _FETCH)),
    Probe("Deno, fetch", ("deno", "eval", _FETCH)),
    Probe("Bun, fetch", ("bun", "-e", _FETCH)),
    Probe("Go, net/http", ("go", "run", "probe.go"), ("probe.go", _GO)),
    Probe("Java, HttpClient", ("java", "Probe.java"), ("Probe.java", _JAVA)),
    Probe("Ruby, Net::HTTP", ("ruby", "-e", _RUBY)),
    Probe("PHP, curl", ("php", "-r", _PHP)),
    Probe("Perl, LWP", ("perl", "-e", _PERL)),
    Probe("wget", ("wget", "-qO-", URL)),
)
