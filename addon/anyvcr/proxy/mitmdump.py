"""What we ask of the mitmproxy process around us: its end, its certificate, its output."""

import asyncio
import contextlib
import signal
from pathlib import Path

from mitmproxy import ctx, http

from anyvcr import safe_output


def stop() -> None:
    """End the proxy in order."""
    ctx.master.shutdown()


def end_on_hangup() -> None:
    """End in order when the terminal goes away; mitmproxy minds SIGINT and SIGTERM only."""
    with contextlib.suppress(NotImplementedError, RuntimeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop)


def ca_pem() -> bytes:
    """The certificate that clients must trust."""
    folder = Path(ctx.options.confdir).expanduser()
    return (folder / "mitmproxy-ca-cert.pem").read_bytes()


def print_traffic() -> None:
    """Have mitmdump print the lines on our traffic, and do no more with them.

    It would offer each to all addons as `add_log`, deprecated, which takes longer than the
    answer that the line tells of.
    """
    terminal = ctx.master.addons.get("termlog")
    if ctx.master.addons.get("dumper") is not None and terminal is not None:
        safe_output.traffic.addHandler(terminal.logger)
        safe_output.traffic.propagate = False


def redact_flow_lines() -> None:
    """mitmdump prints a line for each flow, with its URL or the start of it."""
    dumper = ctx.master.addons.get("dumper")
    if dumper is None or isinstance(dumper.outfp, safe_output.Outlet):
        return
    dumper.outfp = outlet = safe_output.Outlet(dumper.outfp)
    echo = dumper.echo_flow

    def echo_flow(flow: http.HTTPFlow) -> None:
        path = flow.request.path
        said = safe_output.clean(path)  # a key that is cut is no longer known
        if said != path:
            flow.request.path = said
        try:
            with outlet.together(said):
                echo(flow)
        finally:
            if said != path:
                flow.request.path = path

    dumper.echo_flow = echo_flow
