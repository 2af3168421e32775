#!/usr/bin/env python3
"""What a megabyte costs to redact that is made to cost the most: a row for each rule.

    python -m benchmarks.micro.worst_texts [PART OF A RULE'S NAME]

For a rule of shapes: its start again and again, starts that almost become a secret, and as
many secrets as there is room for. For the other passes: what makes each of them look again.
Prints the dearest text of each rule, dearest first, beside what json.loads takes for a
megabyte of chat, and exits with 1 where one is over BAR.
"""

import json
import random
import string
import sys
from collections.abc import Iterator
from functools import partial

from anyvcr.core.redaction.builtin_rules import rules
from anyvcr.core.redaction.redactor import Redactor
from anyvcr.core.redaction.user_rules import RedactionRules

from benchmarks.micro.redaction import KEY, best, seen

BAR = 100.0
"""Milliseconds for a megabyte."""
SIZE = 50_000
"""Bytes of each text: the cost is linear, and so one run of all takes a minute."""
_ROWS = 40
_RANDOM = random.Random(1)
_LETTERS = string.ascii_letters + string.digits

PASSES: dict[str, tuple[bytes, ...]] = {
    "named value": (
        *(
            b"password=",
            b"token: ",
            b"token:",
            b"?key=",
            b'secret:"',
            b"pwd:",
            b"auth:",
        ),
        *(b"password:#", b"password: '", b"password='aaaa aaaa1 bbbb' ", b"cookie: "),
        *(b'"password":"', b'"token":"abc",', b'"token","', b"<token>", b"xkey="),
        *(b"credentials:", b"connection_string=", b"key\\\\\\\\\\\\\\\\ "),
        b'{"name":"Authorization","value":"',
    ),
    "named value, found": (
        *(b"x_token=a1b2c3d4e5f6g7h8 ", b"PGPASSWORD=a1b2c3d4e5f6 "),
        *(b'"api_key":"aB3dE6gH9jK2mN5p",', b"password:#aaaaaa1bcd "),
    ),
    "curl -u": (b"curl -u ", b"curl -u a:", b" -u a:bbbbbbbb curl"),
    "private key": (
        *(b"-----BEGIN PRIVATE KEY-----\n", b"-----begin ", b"private key "),
        b"-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----\n",
    ),
    "signed URL": (
        b"&sig=",
        b"&sig=aaaaaaaaaaaaaaaaaaaaa ",
        b"?key=aaaaaaaaaaaaaaaaaaaa",
    ),
    "password in a URL": (
        b"://a:",
        b"://a:@",
        b"://:aaaaaaaa@",
        b"://aaaaaaaaa:bbbbbbb",
    ),
    "shortened key": (b"***a", b"*** ", b"...a", b"xxxx ", b"XXXXa", b"sk-***abc"),
    "escapes": (b"\\u0041", b"%25", b"%41", b"&amp;", b"&#65;", b"\\\\", b"\\n"),
    "events": (b'data: {"k":"x"}\n\n', b'{"a":1}\n', b'["a","b"],'),
    "parts": (b"--b\r\nx\r\n",),
    "seen credential": (KEY.encode() + b" ", KEY.encode(), KEY[8:].encode() + b" "),
    "runs": (b"a", b"a-", b"aB3-dE6_gH9", b"1.2345678901234567890,"),
    "data": (b"\0password=", b"\0sk-proj-"),
}
"""What is repeated, for each pass that is no rule of shapes."""


def main() -> int:
    """Measure, print, judge."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    redactor = Redactor(RedactionRules(), seen())
    chat = json.dumps([{"role": "user", "content": "What is it? " * 8}] * 1000).encode()
    parsing = best(lambda: json.loads(chat)) / len(chat) * 1e9
    costs: dict[str, tuple[float, bytes]] = {}
    for rule, text in texts():
        if wanted in rule:
            cost = best(partial(redactor.bytes, text), 2) / len(text) * 1e9
            costs[rule] = max(costs.get(rule, (0.0, b"")), (cost, text[:40]))
    dearest = sorted(((*cost, rule) for rule, cost in costs.items()), reverse=True)
    print(f"{'ms/MB':>7}{'x json.loads':>14}  rule, text")
    for cost, text, rule in dearest[:_ROWS]:
        print(f"{cost:>7.0f}{cost / parsing:>14.0f}  {rule}, {text!r}")
    over = sum(cost > BAR for cost, *_ in dearest)
    print(f"{len(dearest) - over} of {len(dearest)} rules are under {BAR:.0f} ms/MB")
    return 1 if over else 0


def texts() -> Iterator[tuple[str, bytes]]:
    """A rule or pass, and a text that is dear for it; several of each."""
    for rule in rules():
        for word in (*rule.keywords, *rule.marks):
            yield rule.id, filled(word)
            yield rule.id, filled(word + b"a" * 20 + b" ")
            yield rule.id, b" ".join(word + letters(30) for _ in range(SIZE // 40))
    for name, units in PASSES.items():
        for unit in units:
            yield name, filled(unit)
    many = (b"sk-proj-" + letters(20) for _ in range(SIZE // 29))
    yield "openai-key", b" ".join(many)


def filled(unit: bytes) -> bytes:
    """`unit` again and again."""
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def letters(count: int) -> bytes:
    """Letters and digits by chance."""
    return "".join(_RANDOM.choices(_LETTERS, k=count)).encode()


if __name__ == "__main__":
    sys.exit(main())
