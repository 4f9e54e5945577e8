"""Which logins ought to run: kept in Redis, so that one whose supervisor is gone is found by another.

A gateway asks for a login once and then believes that it runs. When its supervisor dies, with its machine perhaps, the
lease runs out, and any other supervisor takes the login up from here: its sessions, what they had asked for, and the
commands that were under way.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

import redis.asyncio

from sockethub import redis_keys

WORDS: Final = 10_000
"""Requests and words of leaving that wait for a supervisor, about; without one the oldest are of no use any more."""


_TURN: Final = """
-- KEYS: when somebody had the last turn. ARGV: ms. Returns whether that was longer ago.
-- The time is kept, rather than a key that expires: the clock may be set back.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.pcall('GET', KEYS[1])
last = type(last) == 'string' and tonumber(last) or 0
if last <= now and now - last < tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], now)
return 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A login's platform, and its :class:`~sockethub.placement.Wishes` as they travel."""

    platform: str
    wishes: str = ""

    def encode(self) -> str:
        return f"{self.platform} {self.wishes}".rstrip()

    @classmethod
    def decode(cls, text: str) -> Entry:
        platform, _, wishes = text.partition(" ")
        return cls(platform, wishes)


class Roster:
    """The hash ``supervisors:logins``: login to platform and, after a space, what it wishes for where it wishes."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client

    async def enter(self, login: str, entry: Entry) -> None:
        """``login`` is to run until it is struck off."""
        await self._client.hset(redis_keys.SUPERVISOR_LOGINS, login, entry.encode())

    async def enter_all(self, logins: Mapping[str, Entry]) -> None:
        """As :meth:`enter`, for each login."""
        if logins:
            entries: dict[Any, Any] = {login: entry.encode() for login, entry in logins.items()}
            await self._client.hset(redis_keys.SUPERVISOR_LOGINS, mapping=entries)

    async def left(self, login: str) -> None:
        """This supervisor goes, and ``login`` is to run elsewhere: another looks now, or the next one as it comes."""
        await self._client.xadd(redis_keys.SUPERVISOR_REQUESTS, {"left": login}, maxlen=WORDS, approximate=True)

    async def strike(self, login: str) -> None:
        """``login`` has ended for good: with it goes what its user had asked for."""
        # In this order: a login that stands here without its state begins anew, a state without its login is for ever.
        await self._client.delete(redis_keys.state(login))
        await self._client.hdel(redis_keys.SUPERVISOR_LOGINS, login)

    async def turn(self, seconds: float) -> bool:
        """Whether nobody has had the turn to read all of this for so long; then this machine has it."""
        return bool(await self._client.eval(_TURN, 1, redis_keys.SUPERVISOR_SWEPT, int(seconds * 1000)))

    async def orphans(self, ours: Container[str] = ()) -> dict[str, Entry]:
        """Logins that ought to run and that no supervisor holds; ``ours`` are known to run, and not asked for."""
        entered: Any = await self._client.hgetall(redis_keys.SUPERVISOR_LOGINS)
        logins = {
            login: Entry.decode(text.decode()) for raw, text in entered.items() if (login := raw.decode()) not in ours
        }
        pipeline = self._client.pipeline(transaction=False)
        for login in logins:
            pipeline.exists(redis_keys.lease(login))
        held = await pipeline.execute() if logins else []
        return {login: entry for (login, entry), lease in zip(logins.items(), held, strict=True) if not lease}
