"""The supervisor as one whom operators can ask: signs of life, and orders (:mod:`sockethub.operations.orders`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

import anyio
import redis
import redis.asyncio
import structlog
from anyio.abc import TaskStatus

from sockethub import redis_keys
from sockethub.jobs import RedisLink, read_inbox
from sockethub.operations.orders import Orders, Perform
from sockethub.supervisor.machines import Machines

BEAT_SECONDS: Final = 5.0
LEAVE_SECONDS: Final = 1.0


class Member:
    """Shows that this supervisor is there, and hears what it is asked."""

    def __init__(
        self,
        supervisor: str,
        key: bytes,
        client: redis.asyncio.Redis,
        inbox: RedisLink,
        perform: Perform,
        machines: Machines,
        hear: Callable[[dict[bytes, bytes]], Coroutine[Any, Any, None]],
    ) -> None:
        """``hear`` is told what comes and is no order: what other supervisors say."""
        self._id = supervisor
        self._inbox = inbox
        self._orders = Orders(supervisor, key, client, perform)
        self._machines = machines
        self._hear = hear

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """For ever."""
        try:
            await self._machines.show()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._beat)
                task_status.started()
                async for batch in read_inbox(self._inbox, redis_keys.supervisor_inbox(self._id)):
                    for entry in batch:
                        if entry.fields.get(b"kind") == b"order":
                            tasks.start_soon(self._orders.take, entry.fields)
                        else:
                            tasks.start_soon(self._hear, entry.fields)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(LEAVE_SECONDS):
                await self._withdraw()

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(BEAT_SECONDS)
            await self._machines.show()

    async def _withdraw(self) -> None:
        try:
            await self._machines.withdraw()
        except redis.RedisError:
            structlog.get_logger(__name__).warning("Redis is away; the supervisor's records expire there by themselves")
