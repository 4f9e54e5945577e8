"""A small IRC server on loopback, to try things out without the internet. Not for serving anybody else."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import structlog

from sockethub.embedded.child import Child, EmbeddedServerFailed, child, log_tail

HOST = "127.0.0.1"
"""Loopback and nothing else: it knows neither passwords nor limits worth the name."""

START_DEADLINE = 15.0
"""Seconds until it answers."""

BACKLOG = 64
"""Connections the kernel keeps while the server starts."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IrcServer:
    """Where it listens."""

    host: str
    port: int


def _listen(port: int) -> socket.socket:
    """Bind here rather than in the child: the port is known at once, and one that is taken is our own clear error."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        raise EmbeddedServerFailed(
            f"the local IRC server cannot listen on {HOST}:{port}: {problem.strerror}. "
            "Set `local_irc.port` to another one, or to 0 for any."
        ) from problem
    return listener


async def _answers(port: int) -> bool:
    try:
        async with await anyio.connect_tcp(HOST, port) as stream:
            await stream.send(b"PING ready\r\n")
            return b"PONG" in await stream.receive()
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        return False


async def _ready(server: Child, port: int, output: Path) -> None:
    """Wait until it answers a PING; raise with its own words when it ends or takes too long.

    The kernel accepts for it while it starts, so the first answer comes when it is up; a child that ends closes the
    connection.
    """
    with anyio.move_on_after(START_DEADLINE):
        while server.returncode() is None:
            if await _answers(port):
                return
    code = server.returncode()
    what = f"did not answer within {START_DEADLINE:g} s" if code is None else f"ended with {code}"
    raise EmbeddedServerFailed(f"the local IRC server {what}; it said: {log_tail(output)}")


@asynccontextmanager
async def local_ircd(port: int = 0) -> AsyncIterator[IrcServer]:
    """Run an IRC server on 127.0.0.1 until the block ends; port 0 lets the system choose.

    Raises :class:`EmbeddedServerFailed` when it cannot listen or does not start.
    """
    with _listen(port) as listener, tempfile.TemporaryDirectory(prefix="sockethub-irc-") as directory:
        number: int = listener.getsockname()[1]
        output = Path(directory, "log")
        argv = [sys.executable, "-I", "-m", "sockethub.embedded.ircd_server", str(listener.fileno())]
        async with child(argv, log=output, pass_fds=[listener.fileno()]) as server:
            # From here on the socket is the child's alone, so that connections fail when it is gone.
            listener.close()
            await _ready(server, number, output)
            log.info("local_irc.ready", host=HOST, port=number)
            yield IrcServer(HOST, number)
