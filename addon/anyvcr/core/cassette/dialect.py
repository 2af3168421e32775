"""Whose layout a file has, by the marks that tell Go's YAML libraries and their releases apart.

Asked where a cassette grows or is written again, so that what is added looks like what is there.
"""

import re

from anyvcr.core.cassette.style import Style

_FIRST_ITEM = re.compile(rb"^interactions:[ \r]*\n( *)-", re.MULTILINE)
_WORD = rb"(?:[yY]|yes|Yes|YES|on|On|ON|[nN]|no|No|NO|off|Off|OFF|<<|[0-9]+:[0-5][0-9])"
_QUOTED_WORD = re.compile(
    rb"""^ *(?:- |[A-Za-z_-]+: )(["'])%b\1\r?$""" % _WORD, re.MULTILINE
)
"""What YAML 1.1 took for a boolean or a number: in single quotes by rc.5 and rc.6 alone."""
_FOLDED = re.compile(
    rb"""^ +(?:- |[A-Za-z_-]+: )"""
    rb"""(?:'[^'\n]*+(?>(?:''[^'\n]*+)*)|"[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*))\n""",
    re.MULTILINE,
)
"""A quoted scalar that goes on in the next line."""
_JSON_IN_DOUBLE = re.compile(
    rb"""^ +body: "[\[{](?>(?:[^"\\\n]|\\["\\])*)"\r?$""", re.MULTILINE
)
"""Double quotes around what go-yaml has single ones for."""
_EMPTY_KEYS = re.compile(rb"^ +(?:trailer: \{\}|remote_addr: \"\")\r?$", re.MULTILINE)
_BLANK_END = re.compile(
    rb"^( ++)[a-z_]+: \|[0-9]?[+-]?\n(?>(?:\1 ++[^\n]*+(?<! )\n|\n)*)\1 ++[^\n]*+(?<= )\n",
    re.MULTILINE,
)
"""A literal block with a blank at the end of a line: only v4.0.0 writes one."""
_HINTED_BREAK = re.compile(rb": \|[0-9][+-]?\n\n")
_BARE_BREAK = re.compile(rb": \|[+-]?\n\n")
"""Text that begins with a line end: rc.3 gives its indentation, the others do not."""


def style_of(data: bytes) -> Style:
    """The style in which `data` goes on; the usual one of its indentation where nothing tells."""
    first = _FIRST_ITEM.search(data)
    quoted = _QUOTED_WORD.search(data)
    if first is not None and len(first[1]) > 2:
        return _indented(data, quoted and quoted[1])
    return _compact(data, quoted and quoted[1])


def _compact(data: bytes, quote: bytes | None) -> Style:
    if _JSON_IN_DOUBLE.search(data):
        return Style.GO_VCR_4_0_5
    if quote == b"'":
        return Style.X_VCR_FOLDED
    if _BLANK_END.search(data):
        return Style.X_VCR_V4
    if _FOLDED.search(data):
        return Style.X_VCR_V4 if quote else Style.X_VCR_FOLDED
    return Style.X_VCR


def _indented(data: bytes, quote: bytes | None) -> Style:
    if _EMPTY_KEYS.search(data):
        return Style.GO_VCR_4_0_3
    if quote == b"'":
        return Style.GO_VCR
    if _BLANK_END.search(data):
        return Style.GO_VCR_V4
    if quote or (_HINTED_BREAK.search(data) and not _BARE_BREAK.search(data)):
        return Style.GO_VCR_4_0_6
    return Style.GO_VCR
