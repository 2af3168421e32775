"""`anyvcr doctor`: which runtimes of this machine go through the proxy and trust it.

Nothing is asked of the API: the proxy answers from a cassette made for the purpose.
"""

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from anyvcr.cli import child
from anyvcr.cli.running import Listener, environment, prepare
from anyvcr.cli.state import folder as state_folder
from anyvcr.cli.verdict import where_calls_went
from anyvcr.clients.probes import PROBES, SAID, URL, Probe, missing_library
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction, Request, Response
from anyvcr.core.matching.rules import Repeats
from anyvcr.core.modes import Mode
from anyvcr.settings import Settings
from anyvcr.tally import Tally

PATIENCE = 60.0
"""Seconds for one probe; the first `go run` compiles Go's own network library."""


class Verdict(StrEnum):
    """What a finding means, as the table says it."""

    FINE = "ok"
    FAILS = "FAIL"
    UNABLE = "n/a"
    """The runtime cannot speak HTTPS at all, with or without a proxy."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one probe, or of the user's command."""

    subject: str
    verdict: Verdict
    words: str


def examine_runtimes() -> list[Finding]:
    """A finding for each runtime that is on this machine."""
    return asyncio.run(_examine(None))


def examine_command(command: Sequence[str]) -> list[Finding]:
    """Run `command` behind a proxy that holds no recording for it; what came of its calls."""
    return asyncio.run(_examine(command))


def write(findings: Sequence[Finding]) -> str:
    """A table of the findings."""
    width = max((len(finding.subject) for finding in findings), default=0)
    return "".join(
        f"{finding.verdict:4}  {finding.subject:{width}}  {finding.words}\n"
        for finding in findings
    )


async def _examine(command: Sequence[str] | None) -> list[Finding]:
    with state_folder() as folder:
        settings = Settings(
            cassette=_cassette(folder), mode=Mode.REPLAY_ONLY, repeats=Repeats.STICKY
        )
        listener = Listener()
        proxy, trust = prepare(settings, listener, folder)
        async with proxy:
            variables = environment(settings, listener, proxy, trust)
            if command is not None:
                await child.run(command, variables)
                return [_diagnosis(" ".join(command), proxy.tally)]
            found = [
                await asyncio.to_thread(_probe, probe, folder, variables)
                for probe in PROBES
            ]
    return [finding for finding in found if finding is not None]


def _cassette(folder: Path) -> Path:
    """A cassette that answers the probes."""
    answer = Response(
        code=200,
        status="200 OK",
        headers=(("Content-Type", ("text/plain",)),),
        body=SAID.encode(),
        content_length=len(SAID),
    )
    only = Interaction(id=0, request=Request(method="GET", url=URL), response=answer)
    path = folder / "doctor.yaml"
    path.write_bytes(cassette_format.dumps(Cassette(interactions=(only,))))
    return path


def _probe(probe: Probe, folder: Path, variables: Mapping[str, str]) -> Finding | None:
    words = probe.command(folder)
    if words is None:
        return None
    try:
        done = subprocess.run(
            words,
            env=dict(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding(probe.runtime, Verdict.FAILS, f"no answer in {PATIENCE:.0f} s")
    if SAID in done.stdout:
        return Finding(
            probe.runtime, Verdict.FINE, "goes through the proxy and trusts it"
        )
    said = (done.stdout + done.stderr).strip()
    if (library := missing_library(said)) is not None:
        lack = f"cannot speak HTTPS here: {library} is not installed"
        return Finding(probe.runtime, Verdict.UNABLE, lack)
    last = (said.splitlines() or ["nothing"])[-1][:160]
    return Finding(probe.runtime, Verdict.FAILS, f"use --base-url; it said: {last}")


def _diagnosis(command: str, tally: Tally) -> Finding:
    if tally.calls:
        words = f"{tally.calls} calls to the API came through the proxy"
        return Finding(command, Verdict.FINE, words)
    if tally.refused_handshakes:
        words = "it reaches the proxy but refuses our certificate: use --base-url"
    else:
        words = where_calls_went(tally) or (
            "no connection came to the proxy: it makes no call, or its HTTP library does "
            "not read HTTPS_PROXY; use --base-url"
        )
    return Finding(command, Verdict.FAILS, words)
