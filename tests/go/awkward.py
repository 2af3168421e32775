"""Text that is hard to write as YAML: fixed cases, and random ones out of awkward pieces."""

import random
from collections.abc import Iterator

WORDS = (
    *("", "~", "null", "Null", "NULL", "true", "True", "FALSE", "y", "Y", "yes", "No", "off", "ON"),
    *("0", "-0", "+0", "00", "08", "017", "0o17", "0O17", "0x1F", "0X", "-0x1f", "0b101", "0b2"),
    *("1e3", "1E+3", "1.", ".5", "+.5", "._5", ".5_0", ".1e999", "1e999", "1_000", "1__0", "_1"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616"),
    *(".inf", "-.Inf", "+.INF", ".nan", ".NaN", "-.nan", "inf", "NaN", "-0.0", "0.0", "1.5.2", "0x"),
    *("1:20", "-12:59", "1:60", "190:20:30", "1:20.5", "1_0:20", "12:30:45", "1:2:3.4_5"),
    *("2001-01-01", "2001-1-1", "2001-02-29", "2000-02-29", "1900-02-29", "2001-13-01", "0000-01-01"),
    *("2001-12-14T21:59:43.10-05:00", "2001-12-14t21:59:43Z", "2001-12-14 21:59:43.10 -5"),
    *("2001-12-14 21:59:43.10", "2001-12-14   1:2:3", "2001-12-14T24:00:00Z", "2001-12-14 1:2:3,5"),
    *("2001-12-14T1:2:3+24:60", "2001-12-14T1:2:3+25:00", "2001-12-14T1:2:3Z07:00", "2001-1-1T1:2:60Z"),
    *("<<", "=", "-", "--", "---", "--- a", "...", "....", "..", "?", "? a", "?a", ":", ":a", "a:", "a: b"),
    *("a:b", "a :b", "#", "#a", "a#b", "a #b", "a\t#b", "!", "!a", "!!str a", "!<tag:x> a", "&a", "*a", "%a"),
    *("@a", "`a", "[", "]", "{", "}", "[a]", "{a: b}", ",", "a,b", "|", "|+", ">", ">-", "'", "''", '"', '""'),
    *("'a'", '"a"', "it's", 'say "hi"', "\\", "\\n", "a\\", " ", "  ", " a", "a ", " a ", "a  b", "\t", "\ta"),
    *("a\t", "a\tb", "- a", "-a", "- ", "-\ta", "?\ta", ":\ta", "a:\tb", "key: |", "!!binary aGk="),
    *("\n", "\n\n", "\na", "a\n", "a\n\n", "a\n\n\n", "a\nb", "a\n b", " a\nb", "a \nb", "a\nb ", "\n a"),
    *("\n  a\nb", "a\n\n\nb\n", "\r", "a\rb", "a\r\nb\r\n", "\ta\nb", "a\tb\nc", "a\n\tb", "  \n a", "\n\ta"),
    *("\x85", "a\x85b", "a\nb\x85", "\u2028", "a\u2028b", "a\u2028", "\u2028a", "a\u2028\nb", "a\nb\u2028"),
    *("a\u2029b\u2028c", "a\u2028 b", "a \u2028b", "a\u2028\u2029b\n", "a\u2028'b", "\u2028'", "yes\u2028no"),
    *("\ufeff", "\ufeffa b", "a\ufeffb", "\ufeff\n", "\ufeff\"\\'", "\ufffd", "\ufffe", "\uffff", "\ue000"),
    *("\xa0", "a\xa0b", "\u3000", "\u1680\n", "\x1c\n", "\x0b\n", "\x00", "a\x00", "\x07\x08\x1b\x7f\x80\x9f"),
    *("\U0001f600", "a\U0001f600b", "\U0010ffff", "\ud7ff", "é", "日本語", "日本語: x", "data: {}\n\n"),
    *("a" * 128, "a" * 129, "é" * 64, "é" * 65, "a b" * 43, "1" * 129, "word " * 40, "word  " * 40),
    *("'" + "it''s " * 40, '"' + "quo\\te " * 40 + "\x07", " " + "lead " * 40, "trail " * 40 + " "),
    *("x" * 69 + " y z", "x" * 79 + "  y", "\x07" + "ab  cd " * 30, "\x07" + " " * 200 + "x", "x y" * 60 + "\u2028" + "x y" * 60),
)  # fmt: skip
"""Each is one awkward text."""

BYTES = (
    *(b"\xff", b"\xc3", b"a\xc3(b", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\x80 yes\n"),
    *(bytes(range(256)), b"\xff" * 50, b"\xff" * 51, b"\xff" * 52, b"\xff" * 53, b"\xff" * 105, b"\xfe\n" * 400),
)  # fmt: skip
"""Not UTF-8, with base64 just under, at and over go-yaml's 70 characters."""

_PIECES = (
    *"abzAZ019 '\"\\:#-?!&*|>%@`,[]{}=~<._+/\n\t",
    *(" ", "  ", "\n", "\n\n", "\n ", " \n", ": ", " #", "- ", "\r", "\r\n", "\x85", "\u2028", "\u2029"),
    *("\ufeff", "\U0001f600", "\x00", "\x1b", "\x7f", "\xa0", "é", "日", "word ", "longer-word ", "yes", "1e3"),
    *("---", "...", "<<", "0x1F", "12:30", "2001-01-01", 'data: {"id":"chatcmpl-1"}\n\n', '{"a": "b", "c": 1} '),
)  # fmt: skip


def texts(count: int, seed: int) -> Iterator[bytes]:
    """`count` texts, the fixed ones first."""
    yield from (word.encode() for word in WORDS)
    yield from BYTES
    rng = random.Random(seed)
    for _ in range(count - len(WORDS) - len(BYTES)):
        yield _random(rng)


def _random(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.1:
        return number_like(rng).encode()
    pieces = _PIECES[:38] if kind < 0.3 else _PIECES
    length = rng.choice((1, 2, 3, 5, 8, 13)) if kind < 0.9 else rng.randrange(60, 120)
    text = "".join(rng.choices(pieces, k=length)).encode()
    if kind > 0.97:
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.choice((b"\xff", b"\xc3", b"\x80")) + text[at:]
    return text


def number_like(rng: random.Random) -> str:
    """Characters of numbers and dates, by chance one of them."""
    if rng.random() < 0.3:
        date = f"{rng.randrange(10000):04}-{rng.randrange(14)}-{rng.randrange(33)}"
        time = f"{rng.randrange(26)}:{rng.randrange(62)}:{rng.randrange(62)}"
        zone = rng.choice(("", "Z", "+01:00", "-25:61", "+1:00"))
        fraction = rng.choice(("", ".5", ",25", "."))
        return rng.choice(
            (date, f"{date}T{time}{fraction}{zone}", f"{date} {time}{fraction}")
        )
    return "".join(
        rng.choices("0123456789012345678901.._+-eExXobBaF:", k=rng.randrange(1, 9))
    )
