"""A cassette that is being written: one write for each interaction, and nothing lost.

- A new cassette grows in `NAME.partial` beside its place until its first interaction is
  in it, then takes its place; from there each interaction is one append. After a SIGKILL
  the file holds every interaction that was complete.
- An existing cassette that is recorded anew stays until the end: the new one grows in
  `NAME.partial` and replaces it in one step when the recording ends in order.
- An existing cassette that is extended keeps its bytes; a failed append is cut off again,
  and so is what a killed recorder left of its last interaction (repair.py).
- Before each append the file must still be what its name leads to, and as long as we left
  it. Where another program deleted, replaced or changed it, the run fails, and what was
  recorded is saved beside it (leftovers.py).

The lock is on the file that grows. Of the recordings of one process only some keep their
files open (held_file.py): the others rest, without descriptor and without lock. A resting
cassette is whole, so another process may replay it, and may also record it. That is found
out when it wakes, by the rules above: the other's file is left alone, and what is recorded
from then on is saved beside it.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from anyvcr.cassettes import leftovers, lock, partial_file, regular_file, repair
from anyvcr.cassettes.held_file import Change, HeldFile
from anyvcr.cassettes.leftovers import Kind
from anyvcr.cassettes.partial_file import resolved
from anyvcr.core.cassette import codec
from anyvcr.core.cassette.model import Cassette, Interaction
from anyvcr.core.cassette.style import Style
from anyvcr.core.errors import CassetteError, CassetteFormatError

logger = logging.getLogger(__name__)

_ID = re.compile(rb"\A( *- +id: )[0-9]+")
"""The line that an interaction begins with."""


class Recording:
    """A cassette file that is being written: a new one, or an existing one that is extended."""

    def __init__(
        self,
        path: Path,
        file: HeldFile,
        style: Style,
        *,
        replaced: HeldFile | None = None,
        made: Sequence[Path] = (),
        found: Cassette | None = None,
        lacks_line_end: bool = False,
    ) -> None:
        """Use `create` or `extend`."""
        self.path = path
        self.style = style
        self.count = 0
        self._starts: dict[int, int] = {}
        """Where in the file each interaction of this recording begins, by the id it came with."""
        self._ids: dict[int, int] = {}
        """The id that each has in the file: another one after an insertion before it."""
        self.found = found or Cassette()
        """What the file held when it was opened to be extended."""
        self._file = file
        self._goal = resolved(path)
        """Where the cassette is in the end: `path` without links."""
        self._replaced = replaced
        """The existing cassette, held for its lock."""
        self._made = made
        self._lacks_line_end = lacks_line_end
        self._is_partial = file.place != self._goal
        """The cassette still has to take its place."""
        self._is_closed = False

    @property
    def place(self) -> Path:
        """The file that holds what was recorded so far: the cassette, or one beside it."""
        return self._file.place

    @classmethod
    def create(cls, path: Path, style: Style) -> "Recording":
        """Begin a cassette in place of `path`, which may exist; raises CassetteError."""
        made = partial_file.make_folders(path)
        try:
            replaced, file = partial_file.begin(path)
        except CassetteError:
            partial_file.remove_folders(made)
            raise
        recording = cls(path, file, style, replaced=replaced, made=made)
        try:
            file.append([codec.header()])
        except OSError as error:
            recording.close()
            raise CassetteError(_cannot("record", path, error)) from error
        return recording

    @classmethod
    def extend(cls, path: Path, style: Style) -> "Recording":
        """Append to the cassette in `path`, in its own style; raises CassetteError.

        A torn last interaction is cut off first. A cassette that holds no interaction is
        recorded anew, in `style`.
        """
        goal = resolved(path)
        try:
            file = lock.open_exclusive(goal, path)
        except OSError as error:
            raise CassetteError(_cannot("open", path, error)) from error
        try:
            data, found = _load_or_repair(file, path)
            if not found.interactions:
                file.close()
                return cls.create(path, style)
            codec.appendable(data, file=str(path))
        except OSError as error:
            file.close()
            raise CassetteError(_cannot("repair", path, error)) from error
        except CassetteError:
            file.close()
            raise
        held = HeldFile(goal, path, file)
        unended = not data.endswith(b"\n")
        return cls(path, held, found.style, found=found, lacks_line_end=unended)

    def append(self, interaction: Interaction) -> None:
        """Write one interaction; raises CassetteError.

        Then the file is as it was before, or, where another program had taken it away or
        changed it, the interaction is in the file that the error names.
        """
        self._write(interaction, self._append)

    def insert(self, interaction: Interaction, before: int) -> None:
        """Write one interaction in front of the one that came with the id `before`; raises CassetteError.

        It takes that one's id, and those after it move up. In one write, as `amend`; where
        another program changed the file, the interaction is appended.
        """
        self._write(interaction, partial(self._insert, before=before))

    def amend(self, interaction: Interaction) -> None:
        """Write an interaction of this recording anew, in its place; raises CassetteError.

        In one write, which no SIGKILL cuts in two, with what was recorded after it. Where
        another program changed the file, it is appended as it is now.
        """
        self._write(interaction, self._rewrite)

    def written(self) -> Iterator[tuple[int, bytes]]:
        """The interactions of this recording that are in the file; raises CassetteError.

        Each by the id that it came with, and its text; the latest first, so that each may be
        amended before the next is asked for.
        """
        try:
            if self._file.change() is not None:
                return
            end = self._file.end
            for number, start in sorted(
                self._starts.items(), key=itemgetter(1), reverse=True
            ):
                yield number, self._file.read_span(start, end)
                end = start
        except OSError as error:
            raise CassetteError(_cannot("read", self.place, error)) from error

    def _write(
        self, interaction: Interaction, write: Callable[[Interaction], None]
    ) -> None:
        if self._is_closed:
            msg = f"cassette {self.path} was closed before an answer for it was whole"
            raise CassetteError(msg)
        try:
            change = self._file.change()
            if change is not None:
                self._go_on(change, interaction.id)
            write(interaction)
            if self._is_partial and self._replaced is None:
                self._move_into_place()
        except OSError as error:
            raise CassetteError(_cannot("write", self.place, error)) from error
        if change is not None:
            raise CassetteError(self._changed(change))

    def _append(self, interaction: Interaction) -> None:
        before = [b"\n"] if self._lacks_line_end else []
        start = self._file.end + len(before)
        self._file.append(chain(before, codec.pieces(interaction, self.style)))
        self._lacks_line_end = False
        self._starts[interaction.id] = start
        self._ids[interaction.id] = interaction.id
        self.count += 1

    def _insert(self, interaction: Interaction, before: int) -> None:
        if before not in self._starts:
            self._append(interaction)
            return
        start = self._starts[before]
        later = sorted((at, each) for each, at in self._starts.items() if at >= start)
        ids = [*(self._ids[each] for _, each in later), interaction.id]
        tail, end = self._file.read(start), self._file.end
        first = replace(interaction, id=ids[0])
        texts = [b"".join(codec.pieces(first, self.style))]
        for ((at, _), (stop, _)), number in zip(
            pairwise([*later, (end, -1)]), ids[1:], strict=True
        ):
            texts.append(_numbered(tail[at - start : stop - start], number))
        self._file.replace(start, end, b"".join(texts))
        for each, number, text in zip(
            [interaction.id, *(each for _, each in later)], ids, texts, strict=True
        ):
            self._starts[each], self._ids[each] = start, number
            start += len(text)
        self.count += 1

    def _rewrite(self, interaction: Interaction) -> None:
        if interaction.id not in self._starts:
            self._append(interaction)
            return
        start = self._starts[interaction.id]
        later = [at for at in self._starts.values() if at > start]
        end = min(later, default=self._file.end)
        whole = replace(interaction, id=self._ids[interaction.id])
        new = b"".join(codec.pieces(whole, self.style))
        self._file.replace(start, end, new)
        for number, at in self._starts.items():
            if at > start:
                self._starts[number] = at + len(new) - (end - start)

    def close(self) -> None:
        """End the recording: what was recorded is in `path`, or nothing was and `path` is as before.

        Raises CassetteError, and then `place` holds what was recorded.
        """
        try:
            if self.count:
                self._finish()
            elif self._is_partial and self._file.change() is None:
                self.place.unlink()
        except OSError as error:
            raise CassetteError(_cannot("write", self.path, error)) from error
        finally:
            self._is_closed = True
            self._file.close()
            if self._replaced is not None:
                self._replaced.close()
            if not self.count:
                partial_file.remove_folders(self._made)

    def _finish(self) -> None:
        change = self._file.change()
        if change is Change.DELETED or (change and self._is_partial):
            if self._file.is_open:
                self._go_on(change, 0)
                raise CassetteError(self._changed(change))
            msg = f"cassette {self.path} {change.value} while it was being recorded"
            raise CassetteError(msg)
        if change is Change.REPLACED:
            # After its last interaction, so whoever did it had all of them.
            logger.warning("%s", self._changed(change))
            return
        if change is Change.TAKEN:
            return
        if self._is_partial:
            self._move_into_place()
        else:
            self._file.sync()
        regular_file.sync_folder(self.place.parent)

    def _move_into_place(self) -> None:
        """Give the new cassette its name, unless another program has taken that meanwhile."""
        change = None
        if self._replaced is not None:
            change = self._replaced.change()
        elif os.path.lexists(self._goal):
            change = Change.REPLACED
        if change not in (None, Change.DELETED):
            self._file.place = leftovers.put_aside(self.place, self._goal, Kind.SAVED)
            self._let_replaced_go()
            raise CassetteError(self._changed(change))
        self._file.sync()
        self.place.replace(self._goal)
        self._file.place = self._goal
        self._let_replaced_go()

    def _go_on(self, change: Change, number: int) -> None:
        """Find a file for interaction `number` after another program did `change` to ours."""
        if change is Change.EDITED and self._can_take(number):
            return
        is_ours = self._file.is_open and change is not Change.EDITED
        whole = self._file.read() if is_ours else codec.header()
        if not is_ours:
            self._starts.clear()
        self._file.close()
        partial_file.make_folders(self.path)
        place, file = leftovers.create(self._goal, Kind.SAVED, self._file.mode)
        self._file = HeldFile(place, self.path, file)
        self._file.append([whole])
        self._lacks_line_end = not whole.endswith(b"\n")
        self._let_replaced_go()

    def _let_replaced_go(self) -> None:
        """Give up the place of the cassette that was to be replaced: ours is in it, or beside it."""
        self._is_partial = False
        if self._replaced is not None:
            self._replaced.close()
            self._replaced = None

    def _can_take(self, number: int) -> bool:
        """Whether interactions from `number` on can still follow in our file after an edit."""
        data = self._file.place.read_bytes()
        try:
            codec.appendable(data)
            found = codec.loads(data, editable=False)
        except CassetteError:
            return False
        if any(interaction.id >= number for interaction in found.interactions):
            return False
        self._file.adopt(len(data))
        self._starts.clear()
        self._lacks_line_end = not data.endswith(b"\n")
        return True

    def _changed(self, change: Change) -> str:
        place = f"what was recorded is in {self.place}"
        if self.place == self._goal:
            place = "look whether it holds what it should"
        return (
            f"cassette {self.path} {change.value} while it was being recorded: {place}"
        )


def _load_or_repair(file: BinaryIO, path: Path) -> tuple[bytes, Cassette]:
    data = file.read()
    try:
        return data, codec.loads(data, file=str(path), editable=False)
    except CassetteFormatError:
        cut = repair.cut_off_torn_end(file, path)
        if cut is None:
            raise
    logger.warning("%s", cut.describe(path))
    file.seek(0)
    data = file.read()
    return data, codec.loads(data, file=str(path), editable=False)


def _numbered(text: bytes, number: int) -> bytes:
    """An interaction as it is written, with another id."""
    return _ID.sub(rb"\g<1>%d" % number, text, count=1)


def _cannot(what: str, path: Path, error: OSError) -> str:
    return f"cannot {what} cassette {path}: {error.strerror or error}"
