"""The machines there are, as they describe themselves: what every supervisor decides by where a login goes.

Each writes its own line when it shows that it is alive. What one knows of the others is a few seconds old: two may
decide differently for a moment. That costs nearness, never rightness: a login runs where its lease is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio
import redis
import redis.asyncio
import structlog

from sockethub import redis_keys
from sockethub.jobs.inbox import INBOX_LENGTH
from sockethub.placement import Machine

__all__ = ["Machines"]

ALIVE_SECONDS: Final = 15
"""How long a supervisor that fell silent counts as alive."""

FRESH_SECONDS: Final = 1.0
"""How long what was read of the others is not read again: many logins may come at once."""

UNREAD_SECONDS: Final = 120
"""How long words wait for a machine that does not read: by then it is known to be gone."""


class Machines:
    """Where other supervisors are found. What asks Redis, or tells them, raises ``redis.RedisError``."""

    def __init__(self, client: redis.asyncio.Redis, me: Callable[[], Machine]) -> None:
        self._client = client
        self._describe = me
        self._others: list[Machine] = []
        self._read_at = float("-inf")

    @property
    def me(self) -> Machine:
        """This one as it is now."""
        return self._describe()

    def forget(self) -> None:
        """Read of the others anew when they are asked for next."""
        self._read_at = float("-inf")

    async def show(self) -> None:
        """This one is there, and it is like this."""
        me = self.me
        pipeline = self._client.pipeline(transaction=False)
        pipeline.set(redis_keys.supervisor_alive(me.id), 1, ex=ALIVE_SECONDS)
        pipeline.hset(redis_keys.SUPERVISOR_MACHINES, me.id, me.encode())
        try:
            await pipeline.execute()
        except redis.RedisError as error:
            structlog.get_logger(__name__).warning("no sign of life could be given", error=type(error).__name__)

    async def withdraw(self) -> None:
        """This one is gone."""
        me = self.me.id
        pipeline = self._client.pipeline(transaction=False)
        pipeline.delete(redis_keys.supervisor_alive(me), redis_keys.supervisor_inbox(me))
        pipeline.hdel(redis_keys.SUPERVISOR_MACHINES, me)
        await pipeline.execute()

    async def all(self) -> list[Machine]:
        """This one as it is now, and the others as they were lately."""
        if anyio.current_time() >= self._read_at + FRESH_SECONDS:
            self._others = await self._read()
            self._read_at = anyio.current_time()
        return [self.me, *self._others]

    async def tell(self, machine: str, fields: Mapping[bytes, bytes]) -> None:
        """Put a word into its inbox."""
        inbox, words = redis_keys.supervisor_inbox(machine), dict[Any, Any](fields)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.xadd(inbox, words, maxlen=INBOX_LENGTH, approximate=True)
        pipeline.expire(inbox, UNREAD_SECONDS)
        await pipeline.execute()

    async def _read(self) -> list[Machine]:
        described: Any = await self._client.hgetall(redis_keys.SUPERVISOR_MACHINES)
        lines = {name.decode(): text for name, text in described.items() if name.decode() != self.me.id}
        pipeline = self._client.pipeline(transaction=False)
        for name in lines:
            pipeline.exists(redis_keys.supervisor_alive(name))
        alive = dict(zip(lines, await pipeline.execute() if lines else [], strict=True))
        if gone := [name for name, is_there in alive.items() if not is_there]:
            await self._client.hdel(redis_keys.SUPERVISOR_MACHINES, *gone)
        found = []
        for name, text in lines.items():
            try:
                if alive[name]:
                    found.append(Machine.decode(name, text))
            except (TypeError, ValueError):
                structlog.get_logger(__name__).error("what a machine says of itself makes no sense", supervisor=name)
        return found
