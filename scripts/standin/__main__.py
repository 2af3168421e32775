"""The stand-in from the command line: `python scripts/standin CASSETTE… [options]`."""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path

from anyvcr.core.errors import AnyvcrError

if not __package__:  # run as a folder, which is then first on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from standin import Answer, BreakOff, Manners, Received, Repertoire, StandIn


def main() -> int:
    """Runs until SIGINT or SIGTERM; tells its addresses on stdout, its count on stderr."""
    options = _parser().parse_args()
    try:
        manners = Manners.TIDY if options.tidy else Manners(seed=options.seed)
        repertoire = Repertoire.from_files(
            *options.cassettes, gap=options.gap / 1000, new_ids=manners.new_ids
        )
    except (AnyvcrError, OSError) as error:
        print(f"stand-in: {error}", file=sys.stderr)
        return 1

    def answers(received: Received) -> Answer:
        answer = repertoire(received)
        if options.slow:
            answer = replace(answer, first_delay=options.slow / 1000)
        if options.break_after is not None:
            answer = replace(
                answer, break_off=options.break_off, break_after=options.break_after
            )
        return answer

    standin = StandIn(
        answers,
        port=options.port,
        plain_port=options.plain_port,
        protocols=tuple(options.protocols),
        manners=manners,
    )
    standin.enqueue(*(Answer.error(status) for status in options.fail))
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # for the threads, too
    with standin:
        if options.ca_out is not None:
            options.ca_out.write_bytes(standin.ca_pem)
        print(f"https://{standin.address}")
        print(f"http://{standin.plain_address}")
        print(f"CA: {options.ca_out or standin.ca_file}", flush=True)
        signal.sigwait(signals)
    print(
        f"stand-in: {standin.connections} connections, {len(standin.requests)} requests",
        file=sys.stderr,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="standin",
        description="Plays the part of api.openai.com on 127.0.0.1, from cassettes.",
    )
    add = parser.add_argument
    add("cassettes", nargs="+", type=Path, metavar="CASSETTE")
    add("--port", type=int, default=0, help="of TLS (default: a free one)")
    add("--plain-port", type=int, default=0, help="of plain HTTP (default: a free one)")
    add("--ca-out", type=Path, metavar="FILE", help="write the CA to trust there")
    add("--gap", type=float, default=0.0, metavar="MS", help="between events")
    add("--slow", type=float, default=0.0, metavar="MS", help="before each answer")
    add("--break-after", type=int, metavar="N", help="break off after N chunks")
    add(
        "--break-off",
        type=BreakOff,
        choices=list(BreakOff),
        default=BreakOff.CLOSE,
        help="how (default: close)",
    )
    add(
        "--fail",
        type=int,
        action="append",
        default=[],
        metavar="STATUS",
        help="answer the next request with this error; may be repeated, in order",
    )
    add("--tidy", action="store_true", help="end at once, keep connections and ids")
    add("--seed", type=int, default=0, metavar="N", help="of what comes by chance")
    both = ["h2", "http/1.1"]
    versions = parser.add_mutually_exclusive_group()
    for option, names in (("--http1-only", both[1:]), ("--http2", both[:1])):
        versions.add_argument(
            option,
            dest="protocols",
            action="store_const",
            const=names,
            default=both,
            help=f"offer only {names[0]} over TLS",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
