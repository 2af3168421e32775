"""The Go programs of this folder as seen from a test."""

import base64
import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from support.toolchain import missing, require_tool


@dataclass(frozen=True, slots=True)
class Answer:
    """What go-vcr made of the texts; `error` is the last error, or empty."""

    error: str
    texts: tuple[bytes, ...]


def build(program: str, folder: Path, modules: str = "go.mod") -> Path:
    """The program of that name, built into `folder` with the versions of the file `modules`."""
    go = require_tool("go", "it compares with go-vcr itself")
    built = folder / f"{program}-{modules.removesuffix('.mod')}"
    done = subprocess.run(
        [
            *(go, "build", "-buildvcs=false", f"-modfile={modules}"),
            *("-o", built, f"./{program}"),
        ],
        cwd=Path(__file__).parent,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        missing(f"go cannot build {program}: {''.join(last)}")
    return built


class Oracle:
    """The program oracle/main.go, which asks go-vcr and go-yaml in one pair of versions."""

    def __init__(self, folder: Path, modules: str = "go.mod") -> None:
        self._program = build("oracle", folder, modules)

    def ask(
        self, question: str, texts: Iterable[bytes], *, style: str = ""
    ) -> list[Answer]:
        """One answer for each text."""
        lines = [
            json.dumps(
                {
                    "Ask": question,
                    "Style": style,
                    "Texts": [base64.b64encode(text).decode()],
                }
            )
            for text in texts
        ]
        run = subprocess.run(
            [self._program],
            input="\n".join(lines).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        return [_answer(json.loads(line)) for line in run.stdout.splitlines()]


def _answer(found: dict[str, object]) -> Answer:
    texts = found["Texts"] or []
    assert isinstance(texts, list)
    return Answer(
        str(found["Error"]), tuple(base64.b64decode(text or "") for text in texts)
    )
