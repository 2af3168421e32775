"""Many credentials in all their forms, replaced in one pass over a text."""

import re
from collections.abc import Iterator

from anyvcr.core.redaction.encodings import Forms
from anyvcr.core.redaction.escapes import DEPTH, any_escape, has_escape, unescape
from anyvcr.core.redaction.masked import MaskedIndex
from anyvcr.core.redaction.placeholder import PLACEHOLDER
from anyvcr.core.redaction.string_index import SHORTEST, StringIndex
from anyvcr.core.redaction.tokens import Words, is_run

_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*(\\(?:u[0-9A-Fa-f]{0,3})?)\Z")
"""The start of an escape that the text after it completes."""
_BEFORE = 64
"""Bytes before a credential in which that start is looked for."""


class CredentialIndex:
    """What a run's credentials look like; none is taken out again."""

    def __init__(self) -> None:
        self._runs = StringIndex()
        """Spellings that stand in one run of a text's, and so need no look at the rest."""
        self._others = StringIndex()
        self._stand_ins: dict[bytes, bytes] = {}
        self._unescaped = StringIndex()
        self._by_trace: dict[bytes, list[bytes]] = {}
        """The spellings that, unescaped, may be this text."""
        self._short_traces: set[bytes] = set()
        """Those of values with many backslashes, too short for the index."""
        self._masked = MaskedIndex()
        self._has_odd = False

    def add(self, forms: Forms) -> None:
        """Find this credential from now on."""
        for spelling in forms.spellings:
            index = self._runs if is_run(spelling.text) else self._others
            index.add(spelling.text)
            self._stand_ins.setdefault(spelling.text, spelling.stand_in)
            for trace in spelling.traces:
                if len(trace) < SHORTEST:
                    self._short_traces.add(trace)
                self._unescaped.add(trace)
                self._by_trace.setdefault(trace, []).append(spelling.text)
        self._masked.add(forms.value, forms.stand_in)
        self._has_odd = self._has_odd or forms.odd

    def replace(self, text: bytes, words: Words) -> bytes:
        """`text` with a stand-in for each credential; the same object where it holds none.

        `words` are those of `text`.
        """
        out, done = [], 0
        for start, end in self._found(text, words.joined):
            begin = _start_of_escape(text, start)
            out += [text[done:begin], self._stand_ins[text[start:end]]]
            done = end
        if out:
            text = b"".join((*out, text[done:]))
        return self._masked.replace(self._without_escaped(text))

    def overwrite(self, data: bytes) -> bytes:
        """`data` with each credential overwritten, so that its offsets stay."""
        found = self._found(data, data)
        if not found:
            return data
        cleaned = bytearray(data)
        for start, end in found:
            filler = PLACEHOLDER * ((end - start) // len(PLACEHOLDER) + 1)
            cleaned[start:end] = filler[: end - start]
        return bytes(cleaned)

    def _found(self, text: bytes, runs: bytes) -> list[tuple[int, int]]:
        """Spans of credentials in order, apart; where two overlap, the longer one."""
        hits = list(self._others.find(text))
        if self._runs.has_any(runs):
            hits += self._runs.find(text)
        if len(hits) < 2:
            return hits
        hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken, apart = bytearray(len(text)), []
        for start, end in hits:
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                apart.append((start, end))
        return sorted(apart)

    def _without_escaped(self, text: bytes) -> bytes:
        """`text` without credentials of which some characters are escaped."""
        plain = text
        for _ in range(DEPTH):
            if not has_escape(plain, any_backslash=self._has_odd):
                break
            plain = unescape(plain, only_ascii=not self._has_odd)
            for spelling in self._traced(plain):
                text = any_escape(spelling).sub(self._stand_ins[spelling], text)
        return text

    def _traced(self, plain: bytes) -> Iterator[bytes]:
        traces = {plain[start:end] for start, end in self._unescaped.find(plain)}
        traces |= {trace for trace in self._short_traces if trace in plain}
        spellings = {text for trace in traces for text in self._by_trace[trace]}
        yield from sorted(spellings, key=lambda text: (-len(text), text))


def _start_of_escape(text: bytes, start: int) -> int:
    r"""Where the credential at `start` begins, with the backslash of an escape that it completes.

    A key `nsk-…` after a backslash is a line break and `sk-…` in JSON: without its
    backslash it is a plain `nsk-…`, and goes with the others.
    """
    near = text[max(0, start - 5) : start]
    if b"\\" not in near:
        return start
    match = _ESCAPE.search(text, max(0, start - _BEFORE), start)
    return match.start(1) if match else start
