"""What the commands do: a proxy, and a command or nobody behind it."""

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyvcr.cli import child, talk
from anyvcr.clients import export
from anyvcr.clients.environment import Endpoint, changes, child_environment
from anyvcr.clients.trust import TrustFiles, upstream_roots, write_trust
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import OPENAI
from anyvcr.core.modes import Mode
from anyvcr.proxy import ca
from anyvcr.proxy.addon import Anyvcr
from anyvcr.proxy.master import Proxy
from anyvcr.proxy.options import Settings
from anyvcr.proxy.summary import Summary

EXIT_FAILED = 1
EXIT_MISSED = 3
"""The command succeeded, but asked for something that the cassette does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where the proxy listens and whom it trusts."""

    host: str = "127.0.0.1"
    port: int = 0
    upstream_ca: Path | None = None
    base_url: bool = False
    """Send the command to the base URL instead of the proxy."""


def with_command(settings: Settings, listener: Listener, command: Sequence[str]) -> int:
    """Run `command` behind a proxy; the exit code for ours."""
    return asyncio.run(_with_command(settings, listener, command))


def until_stopped(settings: Settings, listener: Listener, shell: str) -> int:
    """Run a proxy until a signal ends it, having printed what a client must set."""
    return asyncio.run(_until_stopped(settings, listener, shell))


async def _with_command(
    settings: Settings, listener: Listener, command: Sequence[str]
) -> int:
    with tempfile.TemporaryDirectory(prefix="anyvcr-") as state:
        proxy, trust = _prepare(settings, listener, Path(state))
        try:
            async with proxy:
                environment = _environment(settings, listener, proxy, trust)
                code = await child.run(command, environment)
        except child.CommandError as error:
            talk.say(str(error))
            return error.code
    return _verdict(proxy.addon, code)


async def _until_stopped(settings: Settings, listener: Listener, shell: str) -> int:
    with tempfile.TemporaryDirectory(prefix="anyvcr-") as state:
        proxy, trust = _prepare(settings, listener, Path(state))
        async with proxy:
            environment = _environment(settings, listener, proxy, trust)
            set_, unset = changes(os.environ, environment)
            print(export.lines(set_, unset, shell), end="", flush=True)
            await child.until_told()
    failed = proxy.addon.summary is not None and proxy.addon.summary.failure
    return EXIT_FAILED if failed else 0


def _prepare(
    settings: Settings, listener: Listener, state: Path
) -> tuple[Proxy, TrustFiles]:
    place = ca.folder(os.environ)
    certificate = ca.ensure(place)
    trust = write_trust(state, certificate.read_text(), os.environ)
    proxy = Proxy(
        settings,
        ca_folder=place,
        host=listener.host,
        port=listener.port,
        upstream_ca=_upstream_ca(listener, state, os.environ),
    )
    return proxy, trust


def _upstream_ca(
    listener: Listener, state: Path, environ: Mapping[str, str]
) -> Path | None:
    """A file with the roots that the proxy trusts toward the API; None for mitmproxy's own."""
    roots = upstream_roots(environ)
    if listener.upstream_ca is not None:
        try:
            own = listener.upstream_ca.read_text()
        except OSError as error:
            msg = f"--upstream-ca {listener.upstream_ca}: {error.strerror}"
            raise ConfigError(msg) from error
        roots = f"{roots or ''}\n{own}"
    if roots is None:
        return None
    place = state / "upstream-roots.pem"
    place.write_text(roots)
    return place


def _environment(
    settings: Settings, listener: Listener, proxy: Proxy, trust: TrustFiles
) -> dict[str, str]:
    origin = proxy.origin
    host = "127.0.0.1" if origin.host in ("0.0.0.0", "::") else origin.host
    return child_environment(
        os.environ,
        Endpoint(host, origin.port),
        trust,
        api_hosts=(*OPENAI, *settings.hosts),
        replay=not proxy.addon.may_forward,
        base_url=listener.base_url,
    )


def _verdict(addon: Anyvcr, code: int) -> int:
    summary = addon.summary
    assert summary is not None
    if addon.calls == 0 and summary.mode is not Mode.PASSTHROUGH:
        _explain_silence(addon, summary)
    if code:
        return code
    if summary.failure:
        return EXIT_FAILED
    if summary.misses:
        talk.say(
            f"the command succeeded, but calls of it were refused ({len(summary.misses)}): "
            f"exit code {EXIT_MISSED}"
        )
        return EXIT_MISSED
    return 0


def _explain_silence(addon: Anyvcr, summary: Summary) -> None:
    what = "recorded" if summary.mode is Mode.RECORD_ONLY else "played back"
    if addon.refused_handshakes:
        talk.say(
            f"nothing was {what}: {addon.refused_handshakes} connections to the API came, but the "
            "program does not trust our certificate; --base-url does without one"
        )
        return
    talk.say(
        f"nothing was {what}: no call to the API came through the proxy. Either the command made "
        "none, or its HTTP library does not read HTTPS_PROXY (then try --base-url), or it calls "
        "a host that is not OpenAI's (then name it with --api-host)"
    )
