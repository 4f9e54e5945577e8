"""Redis was away, or its clock was set: what a supervisor must not do yet, and what it does at once.

While Redis is away leases run out, and one that comes back empty knows none. Each supervisor renews its own as soon as
it is there again, and none takes a login up before all had time to: it may look free, and run elsewhere.

What expires in Redis goes by the time of day there. When that is set forwards, all that others renew has expired.
"""

from __future__ import annotations

import random
from typing import Final
from weakref import WeakKeyDictionary

import anyio
import redis.asyncio

from sockethub import leases
from sockethub.jobs.clusterclient import servers_of

CALM_SECONDS: Final = 2.0
"""After an outage, how long no login is begun: longer than the others need to see Redis again and renew."""

LOOK_SECONDS: Final = 0.5
"""Between two attempts to reach Redis; with jitter, for every supervisor lost it at the same moment."""


SET_SECONDS: Final = 1.0
"""A clock that goes so much astray between two looks was set: time servers correct by milliseconds."""

RENEWAL_SECONDS: Final = 10.0
"""After that, until everybody has renewed what expires: supervisors their leases, gateways that they are alive."""


class RedisClock:
    """Whether the time of day at Redis was set: at one server, or at any master of a cluster."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._ahead: WeakKeyDictionary[redis.asyncio.Redis, float] = WeakKeyDictionary()

    async def was_set(self) -> bool:
        """Since the last call; raises :class:`redis.RedisError`."""
        found = [await self._was_set(server) for server in await servers_of(self._client)]
        return any(found)

    async def _was_set(self, server: redis.asyncio.Redis) -> bool:
        asked = leases.now()
        seconds, microseconds = await server.time()
        answered = leases.now()
        before, ahead = self._ahead.get(server), seconds + microseconds / 1e6 - (asked + answered) / 2
        self._ahead[server] = ahead
        return before is not None and abs(ahead - before) > SET_SECONDS + answered - asked


class Outage:
    """Whether there is one, as this supervisor's tasks find out."""

    def __init__(self) -> None:
        self._began = anyio.Event()
        self._calm_at = 0.0

    @property
    def calm(self) -> bool:
        """Whether what looks free is free."""
        return not self._began.is_set() and anyio.current_time() >= self._calm_at

    def began(self) -> None:
        """Some task cannot reach Redis."""
        self._began.set()

    def over(self) -> None:
        """Redis was reached, and has this supervisor's leases."""
        if self._began.is_set():
            self._began = anyio.Event()
            self._calm_at = anyio.current_time() + CALM_SECONDS

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until an outage begins; in one, until it is time to look again."""
        if self._began.is_set():
            await look_again()
            return
        with anyio.move_on_after(seconds):
            await self._began.wait()
            await look_again()

    async def until_calm(self) -> None:
        while not self.calm:
            await look_again()


async def look_again() -> None:
    """The pause between two attempts to reach Redis."""
    await anyio.sleep(LOOK_SECONDS * random.uniform(0.5, 1.5))
