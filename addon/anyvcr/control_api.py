"""The control API: what a test harness asks of a running proxy, over plain HTTP.

It is on the proxy's own listener, under a path that no API has. A web page in the user's
browser could send requests here as well, so those that a browser marks, and those that came
to another name than loopback's, are refused.
"""

import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

import anyvcr
from anyvcr import safe_output
from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.library import ONLY, Library
from anyvcr.core import utf8
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.go.status import reason
from anyvcr.core.modes import Mode
from anyvcr.core.replay.answer import Answer

PREFIX = "/_anyvcr/"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Json = Mapping[str, object]


class _RequestError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Answers requests whose path begins with PREFIX."""

    def __init__(
        self, library: Library, ca_pem: Callable[[], bytes], stop: Callable[[], None]
    ) -> None:
        self._library = library
        self._ca_pem = ca_pem
        self._stop = stop

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to one request; header names are in lower case."""
        try:
            _refuse_browsers(headers)
            return self._route(method, urlsplit(target).path.removeprefix(PREFIX), body)
        except _RequestError as error:
            return _json(error.status, {"error": safe_output.clean(str(error))})
        except AnyvcrError as error:
            return _json(400, {"error": safe_output.clean(str(error))})

    def closes(self, method: str, target: str) -> Deck | None:
        """The open deck that this request would close, as a deletion or a new start does."""
        what, _, rest = urlsplit(target).path.removeprefix(PREFIX).partition("/")
        if what != "cassettes" or not rest or method not in ("POST", "DELETE"):
            return None
        return self._library.open_deck(unquote(rest))

    def _route(self, method: str, path: str, body: bytes) -> Answer:
        what, _, rest = path.partition("/")
        match method, what:
            case "GET", "health":
                return _json(200, {"status": "ok", "version": anyvcr.__version__})
            case "GET", "ca.pem":
                return _answer(200, "application/x-pem-file", self._ca_pem())
            case "POST", "stop":
                self._stop()
                return _json(202, {"status": "stopping"})
            case "GET", "cassettes" if not rest:
                reports = [_report(name, deck) for name, deck in self._library]
                return _json(200, {"cassettes": reports})
            case _, "cassettes" if rest:
                return self._cassette(method, unquote(rest), body)
        raise _RequestError(404, f"no such thing: {method} {PREFIX}{path}")

    def _cassette(self, method: str, name: str, body: bytes) -> Answer:
        if not self._library.is_folder:
            name = ONLY
        match method:
            case "POST":
                return _json(200, _report(name, self._library.start(name, _mode(body))))
            case "GET" | "DELETE":
                decks = dict(self._library)
                if name not in decks:
                    raise _RequestError(404, f"cassette {name!r} is not open")
                report = _report(name, decks[name])
                if method == "DELETE":
                    report |= self._library.close(name).report()
                return _json(200, report)
        raise _RequestError(405, f"expected GET, POST or DELETE, found {method}")


def _report(name: str, deck: Deck) -> dict[str, object]:
    return {"name": name, **deck.summary().report()}


def _mode(body: bytes) -> Mode | None:
    if not body:
        return None
    try:
        wanted = json.loads(body)
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict) or not set(wanted) <= {"mode"}:
        raise _RequestError(400, 'expected a JSON object like {"mode": "replay-only"}')
    return Mode.parse(str(wanted["mode"])) if "mode" in wanted else None


def _refuse_browsers(headers: Mapping[str, str]) -> None:
    """RFC 6454's Origin, Fetch Metadata, and DNS rebinding, which shows in Host alone."""
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        raise _RequestError(403, "requests of web pages are refused")
    if host not in _LOOPBACK:
        raise _RequestError(403, f"expected a loopback address in Host, found {host!r}")


def _json(status: int, value: Json) -> Answer:
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    return _answer(status, "application/json", utf8.encode(text))


def _answer(status: int, content_type: str, body: bytes) -> Answer:
    return Answer(
        code=status,
        reason=reason(status),
        headers=(("Content-Type", content_type), ("Cache-Control", "no-store")),
        body=body,
    )
