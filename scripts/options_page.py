"""docs/options.md, made from the table of options: `python scripts/options_page.py` writes it."""

from collections.abc import Iterator
from pathlib import Path

from anyvcr.options import OPTIONS, SEVERAL, Option

PAGE = Path(__file__).resolve().parents[1] / "docs" / "options.md"
BEFORE = """\
# Options

This page is made from `addon/anyvcr/options.py` by `scripts/options_page.py`.

A setting may be given on the command line, to mitmproxy with `--set NAME=VALUE`, or as an environment
variable. The command line comes before the environment, and the environment before the project's file.
A fault in any of them ends the start with one sentence and exit code 1.

The project's file is `anyvcr.toml`, or `[tool.anyvcr]` in `pyproject.toml`, looked for from the working
directory upwards. It holds every option of both tables, by the variable's name in small letters without
`ANYVCR_`; options that take several values have a list. Paths are relative to the file. `anyvcr config`
prints what is in force, and where it is from.

```toml
ignore = ["$.user", "query:v"]
redact = ["header:X-Team-Secret"]
max_age = "30d"
strict = true
```

On the command line, give an option that takes several values once for each value; each is taken as it
is. In a variable or with `--set`, separate the values by commas or write one per line (`redact`: one per
line only). A rule that holds a comma needs a line of its own.

## Settings

| Command line | `--set` | Environment | Default | |
|---|---|---|---|---|
"""
BETWEEN = """
`anyvcr record` has a default `--mode` of its own, `record-only`; `anyvcr replay` is always in `replay-only`.

## The command line's own options

| Option | Commands | Default | |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    settings = "".join(map(_setting, (o for o in OPTIONS if o.is_setting)))
    own = "".join(map(_own, (o for o in OPTIONS if not o.is_setting)))
    return BEFORE + settings + BETWEEN + own


def _setting(option: Option) -> str:
    flag = _flags(option) if option.flags else "first argument"
    names = f"`{option.set_name}` | `{option.variable}`"
    return f"| {flag} | {names} | {_code(option.default)} | {_help(option)} |\n"


def _own(option: Option) -> str:
    commands = ", ".join(option.commands)
    return f"| {_flags(option)} | {commands} | {_code(option.default)} | {_help(option)} |\n"


def _flags(option: Option) -> str:
    return ", ".join(map(_code, option.flags))


def _help(option: Option) -> str:
    return "".join(_sentences(option)).replace("|", "\\|")


def _sentences(option: Option) -> Iterator[str]:
    yield option.help
    if option.kind in SEVERAL:
        yield " May be given several times."
    if option.choices:
        yield f" One of {', '.join(map(_code, option.choices))}."


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
