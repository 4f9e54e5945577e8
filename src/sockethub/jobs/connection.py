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
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError

from sockethub.jobs.clusterclient import ClusterClient
from sockethub.jobs.sentinel import Master, master_of
from sockethub.jobs.topology import Topology, topology_of
from sockethub.jobs.wire import NotDone
from sockethub.redis_url import Address, cluster_of, node_url, sentinels_of, server_url

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
    """An asyncio client of the server at ``url`` (``redis://``, ``rediss://``, ``unix://``), of the master that
    sentinels name (:mod:`~sockethub.jobs.sentinel`), or of a cluster (:mod:`~sockethub.jobs.clusterclient`).

    With ``blocking``, for reads that wait at the server (``XREADGROUP BLOCK``): no socket timeout. Commands beyond
    ``max_connections`` at once wait for a connection, at most :data:`COMMAND_SECONDS`.
    """
    if cluster_of(url) is not None:
        topology = topology_of(url)
        return ClusterClient(
            topology, lambda address: _connect(node_url(url, address), blocking, max_connections, topology)
        )
    return _connect(url, blocking, max_connections)


def _connect(url: str, blocking: bool, max_connections: int, topology: Topology | None = None) -> redis.asyncio.Redis:
    """``topology`` is that of the cluster that the server at ``url`` is of."""
    pool = _Pool.from_url(
        server_url(url),
        timeout=COMMAND_SECONDS,
        socket_timeout=None if blocking else COMMAND_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=AsyncRetry(NoBackoff(), 0),
        max_connections=max_connections,
        protocol=RESP,
        driver_info=None,  # finding out the library's version reads files and parses e-mail headers, each time
        **keepalive(url),
    )
    sentinels = sentinels_of(url)
    if sentinels is not None:
        pool.connection_class = _ToMasterTls if sentinels.tls else _ToMaster
        pool.connection_kwargs["master"] = master_of(sentinels)
    elif topology is not None:
        pool.connection_class = _ToNodeTls if url.startswith("rediss:") else _ToNode
        pool.connection_kwargs["topology"] = topology
    return redis.asyncio.Redis.from_pool(pool)


class _Pool(redis.asyncio.BlockingConnectionPool):
    """Once it was closed it connects no more: redis-py's would, and nobody would close what it connected."""

    _closed = False

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        if not self._closed:
            await super().ensure_connection(connection)
        if self._closed:  # before, or meanwhile
            await connection.disconnect(nowait=True)
            raise NotDone("the client was closed")

    async def aclose(self) -> None:
        self._closed = True
        await super().aclose()


class _ToMaster(Connection):
    """Finds its server each time it connects, and takes no replica for one."""

    def __init__(self, *, master: Master, **options: Any) -> None:
        super().__init__(**options)
        self._master = master
        master.follow(self)

    def leave(self, master: Address) -> None:
        if self._writer is not None and (self.host, self.port) != master:
            self._writer.transport.abort()

    async def _connect(self) -> None:
        self.host, self.port = await self._master.find()
        await super()._connect()  # type: ignore[no-untyped-call]

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        await super().on_connect_check_health(check_health=check_health)
        await self.send_command("ROLE")
        role = await self.read_response()
        if role[0] != b"master":
            raise RedisConnectionError("the server is no master yet, or no more")

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*args, **options)
        except ReadOnlyError as error:  # it was demoted: whoever comes next asks anew
            await self.disconnect(nowait=True)
            raise RedisConnectionError(str(error)) from None


class _ToMasterTls(_ToMaster, SSLConnection):
    """The same over TLS."""


class _ToNode(Connection):
    """Leaves a server that is no master any more."""

    def __init__(self, *, topology: Topology, **options: Any) -> None:
        super().__init__(**options)
        topology.follow(self)

    def gone(self, masters: frozenset[Address]) -> None:
        if self._writer is not None and (self.host, self.port) in masters:
            self._writer.transport.abort()


class _ToNodeTls(_ToNode, SSLConnection):
    """The same over TLS."""


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


def keepalive(url: str) -> dict[str, Any]:
    """redis-py's options for it."""
    return {} if url.startswith("unix:") else {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}


def tune(connection: socket.socket) -> None:
    """Send small commands at once over TCP, and notice a machine that vanished."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
