"""What `anyvcr replay -- COMMAND` adds to a command of one call, against a bare mitmdump's start.

Interleaved in one run, medians. Exits with 1 where the bar is missed.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from anyvcr.core.cassette import codec as cassette_format

PROJECT = Path(__file__).resolve().parents[3]
SEED = PROJECT / "cassettes" / "simple_streaming.yaml"
ROUNDS = 10
BAR = 1.3

_BIN = Path(sys.executable).parent
# Without it our modules would be compiled anew at each start, and mitmproxy's not.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def main() -> int:
    seconds: dict[str, list[float]] = {"mitmdump": [], "anyvcr": [], "command": []}
    request = cassette_format.loads(SEED.read_bytes()).interactions[0].request
    curl = ["curl", "-s", "-o", os.devnull, "-H", "Content-Type: application/json"]
    call = [*curl, "--data-binary", request.body.decode(), request.url]
    behind = [str(_BIN / "anyvcr"), "replay", "--quiet", str(SEED), "--"]
    for _ in range(ROUNDS):
        seconds["mitmdump"].append(_listening())
        seconds["anyvcr"].append(_run([*behind, *call], check=True))
        seconds["command"].append(_run([*curl, "http://127.0.0.1:9/"], check=False))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        spread = f"{min(values) * 1000:.0f} to {max(values) * 1000:.0f}"
        print(f"{name:10} {median[name] * 1000:6.0f} ms   ({spread})")
    ratio = (median["anyvcr"] - median["command"]) / median["mitmdump"]
    print(f"anyvcr adds {ratio:.2f} of a bare mitmdump's start (bar {BAR})")
    return 0 if ratio <= BAR else 1


def _listening() -> float:
    """Seconds until a bare mitmdump listens."""
    begun = time.perf_counter()
    command = [str(_BIN / "mitmdump"), "--listen-host", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout
        while "listening at" not in process.stdout.readline():
            pass
        elapsed = time.perf_counter() - begun
        process.terminate()
    return elapsed


def _run(command: list[str], *, check: bool) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=_ENVIRONMENT, check=check)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
