"""The quickstart's show: one unchanged program, recorded once, then played back offline."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anyvcr.core.cassette import codec as cassette_format
from standin import Repertoire, StandIn

PROJECT = Path(__file__).resolve().parents[1]
CHAT = PROJECT / "scripts" / "chat.py"
SEED = PROJECT / "cassettes" / "simple_streaming.yaml"
GAP = 0.25
"""Seconds between the events that the stand-in sends."""


def main() -> int:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text stream
    with tempfile.TemporaryDirectory(prefix="anyvcr-demo-") as folder:
        cassette = Path(folder) / "chat.yaml"
        with StandIn(Repertoire.from_files(SEED, gap=GAP)) as api:
            print("1. Record: a stand-in plays the API, and streams its answer.\n")
            upstream = ["--upstream", api.address, "--upstream-ca", str(api.ca_file)]
            recorded = show("record", cassette, upstream)
        print("\n2. The cassette that was written, in part:\n")
        for line in excerpt(cassette):
            print(f"     {line}")
        print("\n3. Replay: the stand-in is stopped, nothing listens there any more.\n")
        replayed = show("replay", cassette, [])
        interactions = cassette_format.loads(cassette.read_bytes()).interactions
    same = recorded == replayed
    print(
        f"\n{'The same answer' if same else 'ANOTHER ANSWER'}, "
        f"from {len(interactions)} recorded interaction, with no API behind it."
    )
    return 0 if same else 1


def show(verb: str, cassette: Path, options: list[str]) -> str:
    """Run the program behind `anyvcr VERB`; what it printed."""
    program = ["python", "scripts/chat.py", "Say hi in Portuguese"]
    print(f"   $ anyvcr {verb} chat.yaml -- {' '.join(program)}")
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "anyvcr", verb, str(cassette), *options, "--"]
        + [sys.executable, str(CHAT), program[-1]],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"     {done.stdout.strip()}   ({time.monotonic() - start:.1f} s)")
    return done.stdout


def excerpt(cassette: Path) -> list[str]:
    """The first lines of the file, cut to the width of a terminal."""
    lines = cassette.read_text().splitlines()[:24]
    return [line if len(line) < 80 else line[:76] + " ..." for line in lines]


if __name__ == "__main__":
    sys.exit(main())
