"""What we ask of the mitmproxy process around us: its end, its certificate, its output."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from mitmproxy import ctx, http
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

from anyvcr import project_file, safe_output
from anyvcr.options import SETTINGS
from anyvcr.settings import Layer, Settings, Values, refuse_unknown


def settings() -> Settings:
    """The settings that our options of mitmproxy's give; raises ConfigError."""
    refuse_unknown(ctx.options.deferred)
    given = {o.set_name: getattr(ctx.options, o.set_name) for o in SETTINGS}
    said = Layer.of_mitmproxy(given), Layer.of_environment(os.environ)
    return Settings.parse(Values(*said, *project_file.layers()))


def is_loaded(addon: object, name: str) -> bool:
    """Whether `addon` is the one that mitmproxy knows by this name."""
    return ctx.master.addons.get(name) is addon


def stop() -> None:
    """End the proxy in order."""
    ctx.master.shutdown()


def end_on_hangup() -> None:
    """End in order when the terminal goes away; mitmproxy minds SIGINT and SIGTERM only."""
    with contextlib.suppress(NotImplementedError, RuntimeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop)


@contextlib.contextmanager
def on_signal(call: Callable[[], object]) -> Iterator[None]:
    """Have the signals that end a process do nothing but `call`, where signals are ours to handle."""
    loop = asyncio.get_running_loop()
    handled = []
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, call)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


async def stop_listening() -> None:
    """Accept no further connections; those that are open stay."""
    await ctx.master.addons.get("proxyserver").servers.update([])


async def flush(patience: float) -> None:
    """Wait until what was written to clients has left this process, at most `patience` seconds."""
    handlers = ctx.master.addons.get("proxyserver").connections.values()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while loop.time() < deadline and any(map(_holds_bytes, list(handlers))):
        await asyncio.sleep(0.01)


def _holds_bytes(handler: ProxyConnectionHandler) -> bool:
    stream = handler.transports.get(handler.client)
    if stream is None or not isinstance(stream.writer, asyncio.StreamWriter):
        return False
    return stream.writer.transport.get_write_buffer_size() > 0


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
    """Redact the line that mitmdump prints for each flow, with its URL or the start of it."""
    dumper = ctx.master.addons.get("dumper")
    if dumper is None or isinstance(dumper.outfp, safe_output.RedactingStream):
        return
    dumper.outfp = outlet = safe_output.RedactingStream(dumper.outfp)
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
