"""Bodies that go-yaml writes in a way that neither it nor any other YAML library can read.

Its releases rc.4 to rc.6 give no indentation indicator (`|2`) to text whose first visible
line begins with a tab, or with spaces after an empty line or U+2028. In a file that go-vcr
wrote, each body stands at a known column, so the indicator can be added before the file is
parsed.
"""

import re

_BREAK = rb"(?:\n|\xc2\x85|\xe2\x80[\xa8\xa9])"
_START = b"---\nversion: 2\ninteractions:\n"


def mended(data: bytes) -> bytes:
    """`data` with the indicators that its bodies lack; no line is moved."""
    for begin, hint, bodies in _STYLES:
        if data.startswith(begin):
            return bodies.sub(rb"\g<1>%b\g<2>" % hint, data)
    return data


def insertions(data: bytes) -> list[int]:
    """The characters of `mended(data)` that `data` does not have, by their positions there."""
    for begin, _, bodies in _STYLES:
        if data.startswith(begin):
            ends = [match.end(1) for match in bodies.finditer(data)]
            return [len(data[:end].decode()) + n for n, end in enumerate(ends)]
    return []


def _bodies(hint: bytes) -> "re.Pattern[bytes]":
    """`body: |` at the column of go-vcr, before a line as described above."""
    indent = int(hint)
    key, text = (b" " * (indent * steps) for steps in (2, 3))
    first = rb"(?:%b+%b +[^ \n]|%b*%b *\t)" % (_BREAK, text, _BREAK, text)
    return re.compile(rb"(\n%bbody: \|)([+-]?\n)(?=%b)" % (key, first))


_STYLES = (
    (_START + b"- id: ", b"2", _bodies(b"2")),
    (_START + b"    - id: ", b"4", _bodies(b"4")),
)
