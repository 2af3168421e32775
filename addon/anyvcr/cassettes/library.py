"""The cassettes of one proxy: a single file, or a folder with one for each test.

In a folder, each name is a cassette with a state of its own, loaded when it is first asked
for. All share what is known of credentials: a key seen by one test is a secret to all.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from anyvcr.cassettes import store
from anyvcr.cassettes.deck import Deck
from anyvcr.cassettes.summary import Summary
from anyvcr.core.cassette import names
from anyvcr.core.errors import AnyvcrError, CassetteError, ConfigError
from anyvcr.core.modes import Mode
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.settings import Settings

ONLY = ""
"""The name of the one cassette of a proxy that has no folder."""


class Library:
    """The decks of one proxy, by name. Use `open` first: it finds out what can be found out at start."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._decks: dict[str, Deck] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        self._closed: list[Summary] = []
        self._current: str | None = None
        """The cassette of requests that name none: the one that was last opened by hand."""
        self._is_folder = settings.is_folder or store.is_folder(settings.cassette)

    @property
    def is_folder(self) -> bool:
        """Whether there is a cassette for each name."""
        return self._is_folder

    @property
    def may_forward(self) -> bool:
        """Whether any request may reach the API."""
        if self._is_folder:
            return self._settings.mode is not Mode.REPLAY_ONLY
        return any(deck.session.may_forward for deck in self._decks.values())

    @property
    def may_replay(self) -> bool:
        """Whether any request may be answered from a cassette, and so without the API."""
        if self._is_folder:
            return self._settings.mode not in (Mode.RECORD_ONLY, Mode.PASSTHROUGH)
        return any(deck.replays for deck in self._decks.values())

    def open(self) -> None:
        """Load or begin the single cassette, or see that the folder is there; raises CassetteError."""
        if not self._is_folder:
            self._open(ONLY, self._settings.cassette, self._settings)
            return
        folder = self._settings.cassette
        if self._settings.mode is Mode.REPLAY_ONLY and not folder.is_dir():
            msg = f"cassette folder {folder} does not exist"
            raise CassetteError(msg)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot create cassette folder {folder}: {error.strerror}"
            raise CassetteError(msg) from error

    def describe(self) -> str:
        """What this proxy is about to do, in words."""
        if not self._is_folder:
            return self._decks[ONLY].describe()
        return f"{self._settings.mode} with a cassette for each name in {self._settings.cassette}"

    def deck(self, name: str | None) -> Deck:
        """The deck of a request that names `name`, opened now if it is not; raises AnyvcrError.

        Names mean nothing where there is one cassette only.
        """
        if not self._is_folder:
            if (only := self._decks.get(ONLY)) is None:
                msg = (
                    f"the cassette {self._settings.cassette} was closed by the control API: "
                    "POST /_anyvcr/cassettes/NAME opens it again"
                )
                raise ConfigError(msg)
            return only
        name = self._current if name is None else names.parse(name)
        if name is None:
            msg = (
                f"no cassette named: {self._settings.cassette} is a folder, so name one as "
                "the user of the proxy URL (http://NAME:x@HOST:PORT), in the base URL "
                "(http://HOST:PORT/cassette/NAME/v1) or in a header (X-Anyvcr-Cassette)"
            )
            raise ConfigError(msg)
        deck = self._decks.get(name)
        if deck is not None and self._has_changed(name, deck):
            self._retire(name)  # what it refused so far is not forgotten
            deck = None
        if deck is None:
            deck = self._open(name, self._path(name), self._settings)
        return deck

    def open_deck(self, name: str | None) -> Deck | None:
        """The deck of a request that names `name`, None where it is not open."""
        if not self._is_folder:
            return self._decks.get(ONLY)
        try:
            name = self._current if name is None else names.parse(name)
        except AnyvcrError:
            return None
        return self._decks.get(name or ONLY)

    def start(self, name: str, mode: Mode | None = None) -> Deck:
        """Open `name` anew, with nothing played, and make it the one of unnamed requests.

        Raises AnyvcrError, also for a mode that forwards in a proxy that must not.
        """
        settings = self._settings
        if mode is not None:
            if settings.mode is Mode.REPLAY_ONLY and mode is not Mode.REPLAY_ONLY:
                msg = f"this proxy was started in replay-only and cannot open a cassette in {mode}"
                raise ConfigError(msg)
            settings = replace(settings, mode=mode)
        name = names.parse(name) if self._is_folder else ONLY
        with contextlib.suppress(KeyError):
            self.close(name)
        path = self._path(name) if self._is_folder else self._settings.cassette
        deck = self._open(name, path, settings)
        self._current = name
        return deck

    def close(self, name: str) -> Summary:
        """End the recording of `name` and forget what was played; raises KeyError."""
        summary = self._retire(name)
        if self._current == name:
            self._current = None
        return summary

    def close_all(self) -> tuple[Summary, ...]:
        """The summaries of every cassette that was used, in the order of their closing."""
        for name in list(self._decks):
            self.close(name)
        return tuple(self._closed)

    def _retire(self, name: str) -> Summary:
        summary = self._decks.pop(name).close()
        self._stamps.pop(name, None)
        self._closed.append(summary)
        return summary

    def __iter__(self) -> Iterator[tuple[str, Deck]]:
        yield from self._decks.items()

    def _open(self, name: str, path: Path, settings: Settings) -> Deck:
        deck = Deck.open(path, settings, self._credentials)
        self._decks[name] = deck
        if deck.mode is Mode.REPLAY_ONLY:
            self._stamps[name] = _stamp(path)
        return deck

    def _path(self, name: str) -> Path:
        folder = self._settings.cassette
        path = folder / names.file(name)
        if not path.resolve().is_relative_to(folder.resolve()):
            msg = (
                f"cassette name {name!r}: its file is a link that leads out of {folder}"
            )
            raise ConfigError(msg)
        return path

    def _has_changed(self, name: str, deck: Deck) -> bool:
        """Whether the file of a cassette that is only read is another one by now."""
        stamp = self._stamps.get(name)
        return stamp is not None and _stamp(deck.path) != stamp


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116  # on the way of every request
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
