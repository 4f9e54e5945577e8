"""Which run of Redis one talks to: what another run does not know must be written again.

Redis names each run of its process (``run_id`` in ``INFO server``). After a restart it has lost what it had not written
down: everything without an append-only file, up to a second's writes with one; a replica that was promoted lacks what
had not reached it. Whoever keeps records there that nobody else could restore watches for another run. A cluster has
as many as it has masters: another is one that was promoted, began anew, or was added.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio

from sockethub.jobs.clusterclient import servers_of

__all__ = ["RedisRun"]


class RedisRun:
    """The runs that have this process's records: of one server, or of each master of a cluster."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._known: frozenset[str] = frozenset()

    async def follow(self, restore: Callable[[], Awaitable[None]]) -> None:
        """Call ``restore`` when there is another run than at the last call; not at the first one.

        When it raises it is called again the next time. Raises :class:`redis.RedisError`.
        """
        runs = frozenset([await self._run(server) for server in await servers_of(self._client)])
        if self._known and not runs <= self._known:
            await restore()
        self._known = runs

    async def _run(self, server: redis.asyncio.Redis) -> str:
        told: Any = await server.info("server")
        return str(told.get("run_id", "unnamed"))  # some hosted services tell none
