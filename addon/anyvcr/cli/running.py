"""Runs the proxy, with a child command (record, replay) or on its own (serve)."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from anyvcr import authority, spelling
from anyvcr.cli import child, console, verdict
from anyvcr.cli.state import folder as state_folder
from anyvcr.cli.verdict import ExitRules, Run
from anyvcr.clients import export
from anyvcr.clients.environment import Endpoint, changes, child_environment
from anyvcr.clients.trust import TrustFiles, parent_proxy, upstream_roots, write_trust
from anyvcr.control_api import SECRET_HEADER, SECRET_VARIABLE
from anyvcr.core.callers import is_open
from anyvcr.core.cassette import names
from anyvcr.core.errors import ConfigError
from anyvcr.core.hosts import OPENAI
from anyvcr.core.matching.advice import Spell
from anyvcr.core.modes import Mode
from anyvcr.settings import Settings, Values

if TYPE_CHECKING:
    from anyvcr.proxy.master import Proxy
    from anyvcr.server.replay_server import ReplayServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where the proxy listens and whom it trusts."""

    host: str = "127.0.0.1"
    port: int = 0
    upstream_ca: Path | None = None
    base_url: bool = False
    """Send the command to the base URL instead of the proxy."""

    @classmethod
    def parse(cls, values: Values) -> "Listener":
        """The listener that the command line asks for."""
        return cls(
            host=values.require("host", str),
            port=values.require("port", int),
            upstream_ca=values.get("upstream_ca", Path),
            base_url=values.flag("base_url_only"),
        )


def with_command(values: Values, command: Sequence[str]) -> int:
    """Run `command` behind a proxy; the exit code for ours. Raises AnyvcrError."""
    settings, listener = Settings.parse(values), Listener.parse(values)
    settings = replace(settings, spell=_spelling(settings, command))
    rules = ExitRules.parse(values)
    return asyncio.run(_with_command(settings, listener, rules, command))


def _spelling(settings: Settings, command: Sequence[str]) -> Spell:
    if settings.mode is Mode.REPLAY_ONLY:
        slash = "/" if settings.is_folder else ""
        return spelling.replaying(f"{settings.cassette}{slash}", command)
    return spelling.command_line


def until_stopped(values: Values) -> int:
    """Run a proxy until a signal ends it, having printed what a client must set."""
    settings, listener = Settings.parse(values), Listener.parse(values)
    settings = replace(settings, spell=spelling.command_line)
    host = listener.host
    if is_open(host):
        console.say(
            f"listening on {host}: who reaches this address can use the proxy; the control "
            f"API asks other machines for {SECRET_HEADER}, printed as {SECRET_VARIABLE}"
        )
    cassette = values.get("client_cassette", str)
    shell = values.require("shell", str)
    return asyncio.run(_until_stopped(settings, listener, cassette, shell))


async def _with_command(
    settings: Settings, listener: Listener, rules: ExitRules, command: Sequence[str]
) -> int:
    with state_folder() as state:
        proxy, trust = prepare(settings, listener, state)

        def interrupt() -> None:
            proxy.tally.interrupted = True

        try:
            async with proxy:
                theirs = environment(settings, listener, proxy, trust)
                code = await child.run(command, theirs, interrupt)
        except child.CommandError as error:
            console.say(str(error))
            return error.code
    run = Run(
        command=command,
        code=code,
        tally=proxy.tally,
        summaries=proxy.summaries,
        cassette=settings.cassette,
        mode=settings.mode,
    )
    return verdict.exit_code(run, rules)


async def _until_stopped(
    settings: Settings, listener: Listener, cassette: str | None, shell: str
) -> int:
    with state_folder() as state:
        proxy, trust = prepare(settings, listener, state)
        async with proxy:
            theirs = environment(settings, listener, proxy, trust, cassette)
            if is_open(listener.host):
                theirs[SECRET_VARIABLE] = proxy.decider.secret
            set_, unset = changes(os.environ, theirs)
            print(export.lines(set_, unset, shell), end="", flush=True)
            told = asyncio.create_task(child.until_told())
            ended = asyncio.create_task(proxy.ended())
            await asyncio.wait({told, ended}, return_when="FIRST_COMPLETED")
            proxy.tally.interrupted = True
            told.cancel()
            ended.cancel()
    return verdict.serving_exit_code(proxy.tally, proxy.summaries)


def variables(values: Values) -> str:
    """What a client must set for a proxy that runs, or will run, elsewhere."""
    settings, listener = Settings.parse(values), Listener.parse(values)
    place = authority.folder(os.environ)
    certificate = authority.ensure(place)
    trust = write_trust(place / "trust", certificate.read_text(), os.environ)
    theirs = _named(
        Endpoint(listener.host, listener.port),
        trust,
        settings,
        replay=settings.mode is Mode.REPLAY_ONLY,
        base_url=listener.base_url,
        cassette=values.get("client_cassette", str),
    )
    shell = values.require("shell", str)
    return export.lines(*changes(os.environ, theirs), shell)


def prepare(
    settings: Settings, listener: Listener, state: Path
) -> "tuple[Proxy | ReplayServer, TrustFiles]":
    """Make a proxy, not started yet, and in `state` the files that its clients must trust."""
    place = authority.folder(os.environ)
    certificate = authority.ensure(place)
    trust = write_trust(state, certificate.read_text(), os.environ)
    proxy = _server(settings)(
        settings,
        ca_folder=place,
        host=listener.host,
        port=listener.port,
        upstream_ca=_upstream_ca(listener, state, os.environ),
        parent=None if settings.upstream else parent_proxy(os.environ),
    )
    return proxy, trust


def _server(settings: Settings) -> "type[Proxy | ReplayServer]":
    """What serves these settings: mitmproxy, unless nothing may ever be forwarded."""
    if settings.mode is Mode.REPLAY_ONLY:
        from anyvcr.server.replay_server import ReplayServer

        return ReplayServer
    from anyvcr.proxy.master import Proxy

    return Proxy


def _upstream_ca(listener: Listener, state: Path, environ: Mapping[str, str]) -> Path:
    """A file with the roots that the proxy trusts towards the API."""
    roots = upstream_roots(environ)
    if listener.upstream_ca is not None:
        try:
            roots += "\n" + listener.upstream_ca.read_text()
        except OSError as error:
            msg = f"--upstream-ca {listener.upstream_ca}: {error.strerror}"
            raise ConfigError(msg) from error
    place = state / "upstream-roots.pem"
    try:
        place.write_text(roots)
    except OSError as error:
        msg = (
            f"cannot write {place}: {error.strerror}; set TMPDIR to a folder with room"
        )
        raise ConfigError(msg) from error
    return place


def environment(
    settings: Settings,
    listener: Listener,
    proxy: "Proxy | ReplayServer",
    trust: TrustFiles,
    cassette: str | None = None,
) -> dict[str, str]:
    """The environment of a command behind a proxy that is running."""
    origin = proxy.origin
    host = "127.0.0.1" if origin.host in ("0.0.0.0", "::") else origin.host
    return _named(
        Endpoint(host, origin.port),
        trust,
        settings,
        replay=not proxy.may_forward,
        base_url=listener.base_url,
        cassette=cassette,
    )


def _named(
    endpoint: Endpoint,
    trust: TrustFiles,
    settings: Settings,
    *,
    replay: bool,
    base_url: bool,
    cassette: str | None,
) -> dict[str, str]:
    """A client's environment with its cassette's name, if it has one; raises ConfigError."""
    name = None if cassette is None else names.parse(cassette)
    theirs = child_environment(
        os.environ,
        endpoint,
        trust,
        api_hosts=(*OPENAI, *settings.hosts),
        replay=replay,
        base_url=base_url,
        cassette=name,
    )
    if base_url and name is not None:
        url = f"{endpoint.proxy_url}/cassette/{quote(name, safe='')}/v1"
        theirs |= dict.fromkeys(("OPENAI_BASE_URL", "OPENAI_API_BASE"), url)
    return theirs
