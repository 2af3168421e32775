"""Names of cassettes in a folder: what a test is called, and the file it stands for.

A name comes from a proxy URL, a path or a header, so from anyone who reaches the proxy: it
may lead to files below the folder and nowhere else.
"""

from pathlib import PurePosixPath

from anyvcr.core.errors import ConfigError

MAX_LENGTH = 200
"""Characters of one part; file systems end at 255 bytes, and `.yaml.partial` is ours."""

SUFFIX = ".yaml"


def parse(text: str) -> str:
    """`text` as a name; raises ConfigError saying what is wrong with it.

    Slashes make sub-folders, as in Go's t.Name() of a sub-test; an ending `.yaml` is dropped.
    """
    parts = text.removesuffix(SUFFIX).split("/")
    for part in parts:
        if fault := _fault(part):
            msg = (
                f"cassette name {text!r}: expected letters, digits and punctuation, in "
                f"parts separated by slashes, found {fault}"
            )
            raise ConfigError(msg)
    return "/".join(parts)


def file(name: str) -> PurePosixPath:
    """The cassette's file, relative to the folder."""
    return PurePosixPath(name + SUFFIX)


def _fault(part: str) -> str | None:
    if not part:
        return "an empty part"
    if part.startswith("."):
        return f"a part that begins with a dot ({part!r})"
    if not part.isprintable():
        return "a control character"
    if any(c in '\\:*?"<>|' for c in part):
        return "a character that not all file systems allow"
    if len(part) > MAX_LENGTH:
        return f"a part of {len(part)} characters, more than {MAX_LENGTH}"
    return None
