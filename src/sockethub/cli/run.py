"""Runs a composition as a process: declaration, logging, event loop, and the exit status that tells how it went."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
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
from sockethub.cli.serve import Announce, Running
from sockethub.config import Declaration, load
from sockethub.config.node import Path as Steps
from sockethub.errors import ConfigError, SockethubError
from sockethub.supervisor.cage import keep_secrets

log = structlog.get_logger(__name__)

Part = Callable[[Declaration, Announce], Awaitable[None]]


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
    try:
        declaration = load(chosen(config), os.environ, options)
        if apart:
            composition.shared_redis(declaration)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    logs.configure(declaration.log.level, declaration.log.format)
    keep_secrets()
    run = partial(part, declaration, partial(_announce, declaration))
    reasons: list[str] = []
    try:
        anyio.run(composition.until_stopped, run, backend="asyncio", backend_options={"use_uvloop": True})
    except* (SockethubError, OSError) as group:
        reasons += map(str, _leaves(group))
    # These errors are written for people: each once, without a traceback.
    for reason in dict.fromkeys(reasons):
        typer.echo(f"sockethub: {reason}", err=True)
    return Exit.FAILED if reasons else Exit.OK


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


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
    return [
        *([f"  console    http://{place}/"] if gateway.console else []),
        f"  websocket  ws://{place}{gateway.websocket_path}",
        f"  socket.io  http://{place}/ (path {gateway.socketio_path})",
    ]
