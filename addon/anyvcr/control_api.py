"""The control API: what a test harness asks of a running proxy, over plain HTTP.

It is on the proxy's own listener, under a path that no API has. A web page in the user's
browser could send requests here as well, so those that a browser marks, and those that came
to another name than loopback's, are refused. Clients of other machines need a secret.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

import anyvcr
from anyvcr import safe_output
from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.library import ONLY, Library
from anyvcr.core import utf8
from anyvcr.core.client_request import Asked
from anyvcr.core.errors import AnyvcrError
from anyvcr.core.go.status import reason
from anyvcr.core.modes import Mode
from anyvcr.core.replay.answer import Answer

PREFIX = "/_anyvcr/"
SECRET_HEADER = "X-Anyvcr-Secret"
SECRET_VARIABLE = "ANYVCR_SECRET"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Json = Mapping[str, object]


class _RequestError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Answers requests whose path begins with PREFIX."""

    def __init__(
        self,
        library: Library,
        ca_pem: Callable[[], bytes],
        stop: Callable[[], None],
        secret: str,
    ) -> None:
        """`secret` is what clients of other machines must show."""
        self._secret = secret
        self._library = library
        self._ca_pem = ca_pem
        self._stop = stop

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request."""
        try:
            self._refuse_strangers(asked)
            path = urlsplit(asked.path).path.removeprefix(PREFIX)
            return self._route(asked.method, path, asked.body)
        except _RequestError as error:
            return _json(error.status, {"error": safe_output.clean(str(error))})
        except AnyvcrError as error:
            return _json(400, {"error": safe_output.clean(str(error))})

    def closes(self, asked: Asked) -> Deck | None:
        """The open deck that this request would close, as a deletion or a new start does."""
        what, _, rest = urlsplit(asked.path).path.removeprefix(PREFIX).partition("/")
        if what != "cassettes" or not rest or asked.method not in ("POST", "DELETE"):
            return None
        try:
            self._refuse_strangers(asked)
        except _RequestError:
            return None
        return self._library.open_deck(unquote(rest))

    def _refuse_strangers(self, asked: Asked) -> None:
        """By the peer's address, RFC 6454's Origin, Fetch Metadata, and DNS rebinding.

        The last shows in Host alone.
        """
        headers = asked.headers
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            raise _RequestError(403, "requests of web pages are refused")
        if not asked.is_local:
            shown = headers.get(SECRET_HEADER.lower(), "")
            if not hmac.compare_digest(utf8.encode(shown), self._secret.encode()):
                msg = (
                    f"clients of other machines must send the header {SECRET_HEADER}, with what "
                    f"`anyvcr serve` printed as {SECRET_VARIABLE}"
                )
                raise _RequestError(403, msg)
            return
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host not in _LOOPBACK:
            msg = f"expected a loopback address in Host, found {host!r}"
            raise _RequestError(403, msg)

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
    except (ValueError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict) or not set(wanted) <= {"mode"}:
        raise _RequestError(400, 'expected a JSON object like {"mode": "replay-only"}')
    return Mode.parse(str(wanted["mode"])) if "mode" in wanted else None


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
