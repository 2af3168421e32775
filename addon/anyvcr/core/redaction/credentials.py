"""Credentials seen in this run; held in memory only.

One is found again plain, with any of its characters escaped (escapes.py), as base64 at any
alignment and in hexadecimal (encodings.py), and shortened, as an API's 401 repeats it
(masked.py). Looking for a thousand costs what looking for one does (credential_index.py).
"""

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from anyvcr.core import utf8
from anyvcr.core.redaction.credential_index import CredentialIndex
from anyvcr.core.redaction.detect import find
from anyvcr.core.redaction.encodings import Forms
from anyvcr.core.redaction.named_values import is_opaque
from anyvcr.core.redaction.placeholder import PLACEHOLDER
from anyvcr.core.redaction.secret_names import (
    is_secret_header,
    is_secret_parameter,
    may_be_secret_name,
)
from anyvcr.core.redaction.tokens import Words, words

SHORTEST = 8
"""Characters. A shorter value stands in ordinary text by chance, and replacing it would
damage bodies; no API gives out keys so short."""

_FIELDS_KEPT = 1024
_COOKIES_KEPT = 16
"""Values kept of each cookie: some servers change one with every answer."""

_ACCOUNT = re.compile(r"(?:org-|proj_|user-)[0-9A-Za-z]|.*[0-9]")
"""An organisation or a user may be named by an ordinary word, as `developer`, which every
other text holds too."""

_SUBPROTOCOL = re.compile(
    r"openai-(?:insecure-api-key|organization|project)\.([^\s,]+)"
)
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|apikey|api-key)\s+")
_SIGNATURE = re.compile(r"""(?i)(?:signature|credential|response)=["']?([^,"'\s]+)""")


class Credentials:
    """The credentials of one run."""

    def __init__(self) -> None:
        self._values: dict[bytes, Forms] = {}
        self._learned: dict[bytes, int] = {}
        """The revision with which each became known."""
        self._cookies: dict[str, list[bytes]] = {}
        self._seen: set[tuple[str, str]] = set()
        """Fields of requests that have nothing new: most are the same in each."""
        self._index = CredentialIndex()
        self._forgotten = 0
        """Values that the index still holds."""
        self.revision = 0
        """Another one where texts may come out otherwise than before."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._values)} values)"

    def see_request(self, headers: Iterable[tuple[str, str]], url: str) -> None:
        """Remember what a request proves itself with: its headers as sent, and its URL."""
        for field in headers:
            if field not in self._seen:
                self._see_header(field[0].lower(), field[1])
                self._seen.add(field)
        if any(mark in url for mark in "?#@"):
            self._see_url(url)
        if len(self._seen) > _FIELDS_KEPT:
            self._seen.clear()

    def see_response(self, headers: Iterable[tuple[str, str]]) -> None:
        """Remember the cookies, and whose account it is, that an answer names."""
        for name, value in headers:
            match name.lower():
                case "set-cookie":
                    self._see_cookie(value.partition(";")[0])
                case "openai-organization" | "openai-project":
                    if _ACCOUNT.match(value):
                        self.add(value)

    def see_user(self, pair: str, *, is_proxy: bool = False) -> None:
        """Remember `user:password`, or `user` alone, which is then the secret.

        A password too short to be one says that a proxy's user is a name: of a cassette.
        """
        user, _, password = pair.partition(":")
        is_name = is_proxy and 0 < len(password) < SHORTEST
        if is_name:
            return
        self.add(pair)
        self.add(password)
        if not password or _ACCOUNT.match(user):
            self.add(user)

    def add(self, value: str) -> tuple[bytes, ...]:
        """Remember `value`, as it is and unquoted; what it was taken for.

        One shorter than SHORTEST, or a placeholder, is no secret.
        """
        stripped = value.strip().strip('"')
        both = dict.fromkeys(
            (utf8.encode(stripped), utf8.encode(unquote(stripped).strip('"')))
        )
        secrets = tuple(
            secret
            for secret in both
            if len(secret) >= SHORTEST and PLACEHOLDER not in secret
        )
        for secret in secrets:
            if secret not in self._values:
                self._remember(Forms.of(secret))
        return secrets

    def _remember(self, forms: Forms) -> None:
        self._values[forms.value] = forms
        self._index.add(forms)
        self.revision += 1
        self._learned[forms.value] = self.revision

    def learned_after(self, revision: int) -> "Credentials | None":
        """Those that are known now and were not at that revision; None where there are none."""
        late = Credentials()
        for secret, forms in self._values.items():
            if self._learned[secret] > revision:
                late._remember(forms)
        return late if late._values else None

    def has_any(self, text: bytes) -> bool:
        """Whether any of them may be in `text`, of whatever kind."""
        return self.replace(text, Words(text, set(), [])) is not text

    def replace(self, text: bytes, found: Words | None = None) -> bytes:
        """`text` without any credential; the same object where it holds none.

        `found` are the words of `text`, where they are known.
        """
        if not self._values:
            return text
        return self._index.replace(text, found or words(text))

    def overwrite(self, data: bytes) -> bytes:
        """As `replace` for binary data, whose offsets must stay: plain, base64 and hexadecimal only."""
        return self._index.overwrite(data) if self._values else data

    def _forget(self, secret: bytes) -> None:
        """A cookie's old value is no longer looked for, once as many are old as are known."""
        if self._values.pop(secret, None) is None:
            return
        del self._learned[secret]
        self._forgotten += 1
        if self._forgotten > len(self._values) + _COOKIES_KEPT:
            self._forgotten = 0
            self._index = CredentialIndex()
            for forms in self._values.values():
                self._index.add(forms)
            self.revision += 1

    def _see_header(self, name: str, value: str) -> None:
        match name:
            case "cookie":
                for pair in value.split(";"):
                    self._see_cookie(pair)
            case "authorization" | "proxy-authorization":
                self._see_authorization(value, is_proxy=name.startswith("proxy"))
            case "sec-websocket-protocol":
                for match in _SUBPROTOCOL.finditer(value):
                    self.add(match[1])
            case _ if is_secret_header(name):
                self.add(value)
                self.add(_SCHEME.sub("", value.strip()))
            case _:
                self._see_any(name, value)

    def _see_any(self, name: str, value: str) -> None:
        """A header of any name carries a credential where its value says so."""
        scheme = _SCHEME.match(value.strip())
        bare = _SCHEME.sub("", value.strip())
        if scheme or (may_be_secret_name(name) and is_opaque(utf8.encode(bare))):
            self.add(bare)
        text = utf8.encode(value)
        for hit in find(text):
            self.add(utf8.decode(text[hit.start : hit.end]))

    def _see_authorization(self, value: str, *, is_proxy: bool) -> None:
        scheme, _, rest = value.strip().partition(" ")
        self.add(rest or scheme)
        if scheme.lower() == "basic":
            try:
                pair = utf8.decode(base64.b64decode(rest))
            except binascii.Error:
                return
            self.see_user(pair, is_proxy=is_proxy)
        for match in _SIGNATURE.finditer(rest):
            self.add(match[1])

    def _see_cookie(self, pair: str) -> None:
        name, _, value = pair.strip().partition("=")
        kept = self._cookies.setdefault(name, [])
        kept += (secret for secret in self.add(value) if secret not in kept)
        while len(kept) > _COOKIES_KEPT:
            self._forget(kept.pop(0))
            self._seen.clear()

    def _see_url(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        user_info = re.split("[/?#]", rest or scheme, maxsplit=1)[0].rpartition("@")[0]
        if user_info:
            self.see_user(unquote(user_info))
        parts = urlsplit(url)
        for query in (parts.query, parts.fragment):
            for name, value in parse_qsl(query, errors="surrogateescape"):
                is_secret = may_be_secret_name(name) and is_opaque(utf8.encode(value))
                if is_secret or is_secret_parameter(name):
                    self.add(value)
