"""Which run of Redis one talks to: what another run does not know must be written again.

Redis names each run of its process (``run_id`` in ``INFO server``). After a restart it has lost what it had not written
down: everything without an append-only file, up to a second's writes with one; a replica that was promoted lacks what
had not reached it. Whoever keeps records there that nobody else could restore watches for another run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio

__all__ = ["RedisRun"]


class RedisRun:
    """The run that has this process's records."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._known = ""

    async def follow(self, restore: Callable[[], Awaitable[None]]) -> None:
        """Call ``restore`` when Redis is another run than at the last call; not at the first one.

        When it raises it is called again the next time. Raises :class:`redis.RedisError`.
        """
        run = await self._run()
        if self._known and run != self._known:
            await restore()
        self._known = run

    async def _run(self) -> str:
        server: Any = await self._client.info("server")
        return str(server.get("run_id", "unnamed"))  # some hosted services tell none
