"""Find any of many strings in a text, at a cost that does not grow with their number.

A string of fifteen bytes or more covers, wherever it stands, one of the text's eight-byte
words whole, and one of seven bytes or more a four-byte word. So the text is cut into words
once, and only where a word is one of those that a string can cover are strings compared.
"""

import sys
from collections.abc import Iterator, Mapping

SHORTEST = 7
"""Bytes of the shortest string that is found."""

_OFFSET_BITS = 32


class StringIndex:
    """A set of byte strings that grows at a constant cost for each."""

    def __init__(self) -> None:
        self.strings: set[bytes] = set()
        self._places: dict[int, dict[int, int | tuple[int, ...]]] = {
            size: {} for size in (8, 4)
        }
        """By the size of a word: what it may be part of, as offset and length in one number."""

    def add(self, string: bytes) -> None:
        """Find `string` from now on; one shorter than SHORTEST is not found."""
        if len(string) < SHORTEST or string in self.strings:
            return
        self.strings.add(string)
        size = 8 if len(string) >= 15 else 4
        places = self._places[size]
        # The last words: the first are alike in all keys of a kind.
        first = len(string) - 2 * size + 1
        for offset in range(first, first + size):
            word = int.from_bytes(string[offset : offset + size], sys.byteorder)
            place = offset << _OFFSET_BITS | len(string)
            known = places.get(word)
            if known is None:
                places[word] = place
            elif isinstance(known, int):
                if known != place:
                    places[word] = (known, place)
            elif place not in known:
                places[word] = (*known, place)

    def find(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Spans of all strings in `text`, in no order; they may overlap."""
        for size, places in self._places.items():
            whole = len(text) // size * size
            if places and whole:
                whole_words = memoryview(text)[:whole]
                words = whole_words.cast("Q") if size == 8 else whole_words.cast("I")
                if not places.keys().isdisjoint(words):
                    yield from self._compared(text, words, size, places)

    def has_any(self, text: bytes) -> bool:
        """Whether `find` finds anything."""
        return next(self.find(text), None) is not None

    def _compared(
        self,
        text: bytes,
        words: "memoryview[int]",
        size: int,
        places: Mapping[int, int | tuple[int, ...]],
    ) -> Iterator[tuple[int, int]]:
        for number, word in enumerate(words):
            if word not in places:
                continue
            known = places[word]
            for place in (known,) if isinstance(known, int) else known:
                start = number * size - (place >> _OFFSET_BITS)
                end = start + (place & ((1 << _OFFSET_BITS) - 1))
                # A slice beyond the end is shorter, and may be another of the strings.
                if start >= 0 and end <= len(text) and text[start:end] in self.strings:
                    yield start, end
