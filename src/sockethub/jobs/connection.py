"""Redis clients with the settings this project depends on.

redis-py retries commands by default, which silently runs an ``XADD`` twice when an answer is lost; here nothing is ever
retried: whoever sends a command decides what its failure means.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

COMMAND_SECONDS: Final = 5.0
"""How long an ordinary command may take; Redis answers in microseconds, so a slower one is a fault."""

BLOCK_MS: Final = 60_000
"""How long one read waits at the server; what arrives ends it at once."""

BLOCKING_SECONDS: Final = BLOCK_MS / 1000 + COMMAND_SECONDS
"""After that, a read that waits at the server has no server any more."""

CONNECT_SECONDS: Final = 5.0
RESP: Final = 2
"""The protocol's version: what 3 adds is not used here, and 2 connects with one round trip less."""

KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}.items()
    if hasattr(socket, name)
}
"""A machine that vanished is noticed within 40 s, not after the kernel's two hours."""

MAX_CONNECTIONS: Final = 16
"""Bound of one client's pool; commands share few connections by pipelining."""


def connect(url: str, *, blocking: bool = False, max_connections: int = MAX_CONNECTIONS) -> redis.asyncio.Redis:
    """An asyncio client of the server at ``url`` (``redis://``, ``rediss://``, ``unix://``).

    With ``blocking``, for reads that wait at the server (``XREADGROUP BLOCK``): no socket timeout. Commands beyond
    ``max_connections`` at once wait for a connection, at most :data:`COMMAND_SECONDS`.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        timeout=COMMAND_SECONDS,
        socket_timeout=None if blocking else COMMAND_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=AsyncRetry(NoBackoff(), 0),
        max_connections=max_connections,
        protocol=RESP,
        driver_info=None,  # finding out the library's version reads files and parses e-mail headers, each time
        **_keepalive(url),
    )
    return redis.asyncio.Redis.from_pool(pool)


@asynccontextmanager
async def connected(
    url: str, *, blocking: bool = False, max_connections: int = MAX_CONNECTIONS
) -> AsyncIterator[redis.asyncio.Redis]:
    """:func:`connect`, closed at the end of the block; also when that is cancelled, which would interrupt its own."""
    client = connect(url, blocking=blocking, max_connections=max_connections)
    try:
        yield client
    finally:
        with anyio.CancelScope(shield=True):
            await client.aclose()


def connect_sync(url: str) -> redis.Redis:
    """A blocking client, for tools and Dramatiq's own worker."""
    return redis.Redis.from_url(
        url,
        socket_timeout=None,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=MAX_CONNECTIONS,
        protocol=RESP,
        driver_info=None,  # finding out the library's version reads files and parses e-mail headers, each time
        **_keepalive(url),
    )


def _keepalive(url: str) -> dict[str, Any]:
    return {} if url.startswith("unix:") else {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}


def tune(connection: socket.socket) -> None:
    """Send small commands at once over TCP, and notice a machine that vanished."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
