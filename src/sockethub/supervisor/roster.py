"""Which logins ought to run: kept in Redis, so that one whose supervisor is gone is found by another.

A gateway asks for a login once and then believes that it runs. When its supervisor dies, with its machine perhaps, the
lease runs out, and any other supervisor takes the login up from here: its sessions, what they had asked for, and the
commands that were under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis.asyncio

from sockethub import redis_keys


class Roster:
    """The hash ``supervisors:logins``: login to platform."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client

    async def enter(self, login: str, platform: str) -> None:
        """``login`` is to run until it is struck off."""
        await self._client.hset(redis_keys.SUPERVISOR_LOGINS, login, platform)

    async def enter_all(self, logins: Mapping[str, str]) -> None:
        """As :meth:`enter`, for each login with its platform."""
        if logins:
            entries: dict[Any, Any] = dict(logins)
            await self._client.hset(redis_keys.SUPERVISOR_LOGINS, mapping=entries)

    async def strike(self, login: str) -> None:
        """``login`` has ended for good: with it goes what its user had asked for."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.hdel(redis_keys.SUPERVISOR_LOGINS, login)
        pipeline.delete(redis_keys.state(login))
        await pipeline.execute()

    async def orphans(self) -> dict[str, str]:
        """Logins that ought to run and that no supervisor holds, with their platforms."""
        entered: Any = await self._client.hgetall(redis_keys.SUPERVISOR_LOGINS)
        platforms = {login.decode(): platform.decode() for login, platform in entered.items()}
        pipeline = self._client.pipeline(transaction=False)
        for login in platforms:
            pipeline.exists(redis_keys.lease(login))
        held = await pipeline.execute() if platforms else []
        return {login: platform for (login, platform), lease in zip(platforms.items(), held, strict=True) if not lease}
