"""Runs a composition as a process: declaration, logging, event loop, and the exit status that tells how it went."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import structlog
import typer

from sockethub import __version__, logs
from sockethub.cli import serve as composition
from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.reloading import Reloading
from sockethub.cli.rootkey import OtherRootKey, Reread
from sockethub.cli.serve import Announce, Running
from sockethub.cli.state import reread_master_keys
from sockethub.config import Declaration, load
from sockethub.config.node import Path as Steps
from sockethub.config.reload import Live
from sockethub.errors import ConfigError, SockethubError, leaves
from sockethub.operations.recent import Recent

log = structlog.get_logger(__name__)

STARTS = 3
"""Of one process, which starts again when it turns out that Redis had lost an older root key; once is enough."""

Part = Callable[[Live, Announce, Reread, Recent], Awaitable[None]]


def serve(config: Path | None, host: str | None, port: int | None) -> Exit:
    """``sockethub serve``."""
    return _run(composition.everything, config, _listening(host, port))


def gateway(config: Path | None, host: str | None, port: int | None) -> Exit:
    """``sockethub gateway``."""
    return _run(composition.gateway_alone, config, _listening(host, port), apart=True)


def workers(config: Path | None) -> Exit:
    """``sockethub workers``."""
    return _run(composition.workers_alone, config, {}, apart=True)


def _listening(host: str | None, port: int | None) -> dict[str, tuple[Steps, Any]]:
    options: dict[str, tuple[Steps, Any]] = {
        "--host": (("gateway", "host"), host),
        "--port": (("gateway", "port"), port),
    }
    return {name: (path, value) for name, (path, value) in options.items() if value is not None}


def _run(part: Part, config: Path | None, options: dict[str, tuple[Steps, Any]], *, apart: bool = False) -> Exit:
    path = chosen(config)
    try:
        declaration = load(path, os.environ, options)
        if apart:
            composition.shared_redis(declaration)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    logs.configure(declaration.log.level, declaration.log.format)
    recent = Recent(declaration.log.recent_bytes)
    logs.also(recent.add)
    live = Live(declaration)
    for _ in range(STARTS):
        live = Live(live.now)  # of those who were told of its changes none is left
        run = partial(part, live, partial(_announce, declaration), partial(reread_master_keys, path), recent)
        reloading = Reloading(live, partial(load, path, os.environ, options))
        live.reload = reloading
        reasons = _live(run, reloading.hangup)
        if not any(isinstance(reason, OtherRootKey) for reason in reasons):
            break
        log.warning("starting again", reason=" ".join(map(str, reasons)))
    # These errors are written for people: each once, without a traceback.
    for text in dict.fromkeys(map(str, reasons)):
        typer.echo(f"sockethub: {text}", err=True)
    return Exit.FAILED if reasons else Exit.OK


def _live(run: Callable[[], Awaitable[None]], reload: Callable[[], Awaitable[None]]) -> list[BaseException]:
    """Run until stopped; why it ended, if it was not told to."""
    reasons: list[BaseException] = []
    try:
        anyio.run(composition.until_stopped, run, reload, backend="asyncio", backend_options={"use_uvloop": True})
    except* (SockethubError, OSError) as group:
        reasons += leaves(group)
    return reasons


def _announce(declaration: Declaration, running: Running) -> None:
    """Tell the person what runs and where; the first thing to click comes first."""
    lines = [f"Sockethub {__version__}"]
    if running.port is not None:
        lines += _addresses(declaration, running.port)
    lines.append(f"  platforms  {', '.join(declaration.platforms)}")
    if running.redis is not None:
        lines.append(f"  redis      {running.redis}")
    if running.irc is not None:
        lines.append(f"  irc        {running.irc.host}:{running.irc.port}, a small server to try things out")
    lines.append("Ctrl-C stops it.")
    typer.echo("\n".join(lines))


def _addresses(declaration: Declaration, port: int) -> list[str]:
    gateway = declaration.gateway
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(gateway.host, gateway.host)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    secure = "s" if gateway.tls is not None else ""
    return [
        *([f"  console    http{secure}://{place}/"] if gateway.console else []),
        f"  websocket  ws{secure}://{place}{gateway.websocket_path}",
        f"  socket.io  http{secure}://{place}/ (path {gateway.socketio_path})",
    ]
