"""A cassette in use: the session that decides, and the file that grows where it records."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakValueDictionary

from anyvcr import safe_output
from anyvcr.cassettes import store
from anyvcr.cassettes.summary import Summary
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response, header
from anyvcr.core.cassette.playable import playable
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import AnyvcrError, CassetteFormatError
from anyvcr.core.matching.miss_text import explain, report
from anyvcr.core.modes import Mode, resolve
from anyvcr.core.redaction.credentials import Credentials
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.replay import answer
from anyvcr.core.replay.answer import Answer
from anyvcr.core.replay.upgrade import Upgrade
from anyvcr.core.session import Decision, Forward, Play, Refuse, Session
from anyvcr.core.websocket import miss as websocket_miss
from anyvcr.core.websocket.choice import Choice
from anyvcr.core.websocket.index import SWITCHED
from anyvcr.core.websocket.message import Message
from anyvcr.settings import Settings

logger = logging.getLogger(__name__)

_BINARY = b"!!binary"


@dataclass(slots=True, eq=False)
class Deck:
    """One cassette, from its opening to its summary."""

    path: Path
    session: Session
    _credentials: Credentials
    _redactor: Redactor
    _settings: Settings
    _recording: store.Recording | None = None
    _misses: list[dict[str, object]] = field(default_factory=list)
    _refusals: Counter[str] = field(default_factory=Counter)
    _dropped: dict[str, int] = field(default_factory=dict)
    _failure: str | None = None
    _revisions: dict[int, int] = field(default_factory=dict)
    """Of the credentials, when each interaction was written last, by its id."""
    _profiles: set[str] = field(default_factory=set)
    """Names of the profiles that were said."""

    _in_flight: WeakValueDictionary[int, Answer] = field(
        default_factory=WeakValueDictionary
    )
    """Answers that are being played, by their interaction's id: they share their bodies."""

    @classmethod
    def open(
        cls, path: Path, settings: Settings, credentials: Credentials | None = None
    ) -> "Deck":
        """Load or begin the cassette as the mode says; raises CassetteError."""
        exists = store.exists(path)
        mode = resolve(settings.mode, exists=exists)
        style = settings.style or Style.X_VCR
        cassette = Cassette()
        recording = None
        if settings.mode is Mode.RECORD_ONCE and exists:
            store.refuse_if_recorded(path)
        match mode:
            case Mode.REPLAY_ONLY:
                cassette = store.read(path)
            case Mode.REPLAY_WITH_NEW_EPISODES if exists:
                recording = store.Recording.extend(path, style)
                cassette = recording.found
            case Mode.RECORD_ONLY | Mode.REPLAY_WITH_NEW_EPISODES:
                recording = store.Recording.create(path, style)
        credentials = credentials or Credentials()
        redactor = Redactor(settings.redact, credentials)
        session = Session(
            cassette, mode, redactor, rules=settings.rules, repeats=settings.repeats
        )
        return cls(path, session, credentials, redactor, settings, recording)

    @property
    def mode(self) -> Mode:
        """The session's mode; never record-once."""
        return self.session.mode

    @property
    def replays(self) -> bool:
        """Whether answers may come from the cassette."""
        return self.mode in (Mode.REPLAY_ONLY, Mode.REPLAY_WITH_NEW_EPISODES)

    def describe(self) -> str:
        """What this deck is about to do, in words."""
        match self.mode:
            case Mode.REPLAY_ONLY:
                return f"replaying {self.path}, nothing else reaches the API"
            case Mode.PASSTHROUGH:
                return "passing everything through, recording nothing"
            case Mode.REPLAY_WITH_NEW_EPISODES:
                return f"replaying {self.path}, recording what it does not hold"
        assert self._recording is not None
        if self.path.exists():
            return (
                f"recording into {self._recording.place}, "
                f"which replaces {self.path} at the end"
            )
        return f"recording into {self.path}"

    def see_response(self, fields: Iterable[tuple[str, str]]) -> None:
        """Remember the credentials in a response's headers, so that they can be removed."""
        self._credentials.see_response(fields)

    def decide(self, request: Request) -> Answer | Forward:
        """The answer to give, or the leave to ask the API; raises RedactionError."""
        if self.replays:
            self._say_profile(request)
        return self._answer(self.session.decide(request))

    def _answer(self, decision: Decision) -> Answer | Forward:
        match decision:
            case Forward() as forward:
                return forward
            case Play(interaction):
                try:
                    response = playable(interaction).response
                except CassetteFormatError as error:
                    return self._unplayable(error)
                _say_played(
                    interaction.id, interaction.request, interaction.response.code
                )
                return self._replayed(interaction.id, response)
            case Refuse(miss):
                spell, redact = self._settings.spell, self._redactor.text
                self._misses.append(report(miss, spell, redact=redact))
                text = explain(miss, spell, redact=redact)
                self._say_refusal(text)
                return self._refused(text, "no_matching_interaction")

    def converse(self, request: Request, limit: int) -> Answer | Upgrade | Forward:
        """What a client may have that opens a WebSocket, or the leave to ask the API.

        `limit`: bytes of a message of the client's. Raises RedactionError.
        """
        self._say_profile(request)
        try:
            found = self.session.converse(
                request, lambda number: _say_played(number, request, SWITCHED)
            )
        except CassetteFormatError as error:
            return self._unplayable(error)
        if not isinstance(found, Choice):
            return self._answer(found)

        def miss(choice: Choice, said: Message) -> str:
            missed = websocket_miss.Miss(
                url=request.url,
                said=said,
                nearest=choice.nearest,
                rules=self.session.rules,
            )
            self._misses.append(websocket_miss.report(missed, self._redactor.text))
            text = websocket_miss.explain(missed, self._redactor.text)
            self._say_refusal(text)
            return text

        return Upgrade(
            choice=found,
            miss=miss,
            pace=self._settings.pace,
            limit=limit,
            subprotocol=found.subprotocol,
        )

    def _replayed(self, number: int, response: Response) -> Answer:
        """The answer of an interaction; a large body is decoded once for all who read it now."""
        known = self._in_flight.get(number)
        if known is None:
            known = self._in_flight[number] = answer.replayed(
                response, self._settings.pace
            )
        return known

    def record(
        self,
        request: Request,
        response: Response,
        *,
        partial: str = "",
        remark: str = "",
        before: int | None = None,
    ) -> Interaction | None:
        """Write what was exchanged; a fault is logged, and fails the run at its end.

        `partial` says why the body of `response` is not whole; `remark` is for the log. It
        is written in front of the interaction with the id `before`, by default at the end.
        """
        if self._recording is None:
            return None
        try:
            interaction = self.session.record(request, response)
            self._revisions[interaction.id] = self._credentials.revision
            if before is None:
                self._recording.append(interaction)
            else:
                self._recording.insert(interaction, before)
        except AnyvcrError as error:
            self.fail(str(error))
            return None
        safe_output.traffic.info(
            "recorded #%d %s %s: %d, %d bytes%s",
            interaction.id,
            interaction.request.method,
            interaction.request.url,
            response.code,
            len(response.body),
            f" in part: {partial}" if partial else f"; {remark}" if remark else "",
        )
        return interaction

    def amend(
        self, interaction: Interaction, request: Request, response: Response
    ) -> None:
        """Write once more what was written as `interaction`, and of which more has come."""
        if self._recording is None:
            return
        try:
            whole = self.session.amended(interaction, request, response)
            self._revisions[interaction.id] = self._credentials.revision
            self._recording.amend(whole)
        except AnyvcrError as error:
            self.fail(str(error))

    def _unplayable(self, error: CassetteFormatError) -> Answer:
        """The refusal of a call whose recorded answer HTTP cannot carry; the run fails."""
        text = self._redactor.text(str(error.in_file(str(self.path))))
        self.fail(text)
        return self._refused(text, "unplayable_interaction")

    def _say_refusal(self, text: str) -> None:
        """Once, whatever number of times a client tries; `close` says how often it was."""
        self._refusals[text] += 1
        if self._refusals[text] == 1:
            logger.warning("refused: %s", text)

    def _refused(self, text: str, code: str) -> Answer:
        return answer.refused(text, code, self._settings.miss_status)

    def drop(self, request: str, why: str) -> None:
        """Count and log an exchange that cannot be stored, with the reason `why`."""
        if self.session.records:
            why = self._redactor.text(safe_output.without_bytes(why))
            self._dropped[why] = self._dropped.get(why, 0) + 1
            logger.warning("not recorded: %s: %s", self._redactor.text(request), why)

    def fail(self, message: str) -> None:
        """Make the run end with an error."""
        logger.error("%s", message)
        self._failure = self._failure or message

    def close(self) -> Summary:
        """End the recording, and say what became of it."""
        for text, times in self._refusals.items():
            if times > 1:
                logger.warning("refused %d times: %s", times, text.partition(";")[0])
        if self._recording is not None:
            for step in (self._remove_late, store.Recording.close):
                try:
                    step(self._recording)
                except AnyvcrError as error:
                    self.fail(str(error))
        return self.summary()

    def _remove_late(self, recording: store.Recording) -> None:
        """Remove from what was written the credentials that were seen only after it.

        Their text is searched first, so a run that learned nothing of what it has stored
        parses nothing again.
        """
        first = min(self._revisions.values(), default=self._credentials.revision)
        late = self._credentials.learned_after(first)
        if late is None:
            return
        for number, text in recording.written():
            is_older = self._revisions.get(number, first) < self._credentials.revision
            # In base64 with line breaks, as YAML has data, nothing is found.
            if not (is_older and (_BINARY in text or late.has_any(text))):
                continue
            [found] = codec.loads(codec.header() + text, editable=False).interactions
            whole = self.session.amended(found, found.request, found.response)
            if whole != found:
                recording.amend(replace(whole, id=number))
                logger.info("removed from #%d a credential that was seen later", number)

    def _say_profile(self, request: Request) -> None:
        """Say once for each known client what of its requests does not count."""
        agent = header(request.headers, "User-Agent")
        profile = self.session.rules.profile_for(agent)
        if profile is None or profile.name in self._profiles:
            return
        self._profiles.add(profile.name)
        spans = (
            f"parts of {path}" for path in dict.fromkeys(s.path for s in profile.spans)
        )
        logger.info(
            "profile %s: these do not count: %s; --profile none lets all count",
            profile.name,
            ", ".join([*profile.ignore, *spans]),
        )

    def summary(self) -> Summary:
        """What became of the cassette so far."""
        return Summary(
            cassette=self.path,
            mode=self.mode,
            played=self.session.played,
            recorded=self._recording.count if self._recording else 0,
            misses=tuple(self._misses),
            unused=tuple(i.id for i in self.session.unused()) if self.replays else (),
            dropped=dict(self._dropped),
            failure=self._failure,
        )


def _say_played(number: int, request: Request, code: int) -> None:
    safe_output.traffic.info(
        "played back #%d %s %s: %d", number, request.method, request.url, code
    )
