"""What Redis counts for limits that hold across gateways. Subjects are blinded: Redis learns no address and no user."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, Final

import redis

from sockethub import redis_keys
from sockethub.crypto import KeyRing
from sockethub.crypto.keys import blind_name
from sockethub.errors import QueueUnavailable
from sockethub.jobs import RedisLink
from sockethub.jobs.commands import Command
from sockethub.sessions.place import Place

HOLD_SECONDS: Final = 90
"""How long what a gateway holds counts once it has fallen silent; as its other records do."""

SLICE: Final = 500
"""Places that are renewed at once: thousands of commands in a row would keep the loop from everything else."""

BLINDED: Final = 20_000
"""Blinded names that are remembered: making one takes longer than asking Redis."""

_PURPOSE: Final = "sockethub:limits"
"""Stands where keys of logins name a platform; no platform's id has a colon."""

_COUNT: Final = """
-- KEYS: counter. ARGV: how many more, seconds. Returns how many there are in this window, and the seconds left of it.
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('TTL', KEYS[1])
if left < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {count, left}
"""

_HOLD: Final = """
-- KEYS: holders by when they expire. ARGV: holder, how many there may be, seconds. Returns whether it is one of them.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 1
"""

_RENEW: Final = """
-- KEYS: holders by when they expire. ARGV: holder, seconds from now.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], tonumber(time[1]) + tonumber(time[2]) / 1000000 + tonumber(ARGV[2]), ARGV[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
"""


class LimitStore:
    """Raises :class:`~sockethub.errors.QueueUnavailable`.

    By the link, whose commands share one connection: a page that many people reload at once asks for each of them.
    """

    def __init__(self, link: RedisLink, keys: KeyRing) -> None:
        self._link = link
        self.blind = lru_cache(BLINDED)(partial(blind_name, keys.login_key(_PURPOSE, "")))
        """What a subject of a kind is called in Redis and in logs."""

    async def count(self, kind: str, subject: str, more: int, seconds: int) -> tuple[int, int]:
        """Add to how often something happened; how often it did in this window, and the seconds left of that."""
        key = redis_keys.limit_count(kind, self.blind(kind, subject))
        [[count, left]] = await self._ask(("EVAL", _COUNT, 1, key, more, seconds))
        return int(count), int(left)

    async def hold(self, place: Place, limit: int) -> bool:
        """Take a place, or keep it; false where ``limit`` others have one already."""
        [held] = await self._ask(("EVAL", _HOLD, 1, self._held(place), place.holder, limit, HOLD_SECONDS))
        return bool(held)

    async def renew(self, places: Sequence[Place]) -> None:
        """Keep places, whether or not Redis still knows of them."""
        for first in range(0, len(places), SLICE):
            await self._ask(*(self._renewal(place, HOLD_SECONDS) for place in places[first : first + SLICE]))

    async def give_back(self, place: Place, seconds: int) -> None:
        """Give a place back, at once or after so many seconds."""
        await self._ask(self._renewal(place, seconds) if seconds > 0 else ("ZREM", self._held(place), place.holder))

    def _renewal(self, place: Place, seconds: int) -> Command:
        return "EVAL", _RENEW, 1, self._held(place), place.holder, seconds

    def _held(self, place: Place) -> str:
        return redis_keys.limit_held(place.kind, self.blind(place.kind, place.subject))

    async def _ask(self, *commands: Command) -> list[Any]:
        try:
            return await self._link.batch(*commands)
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__}); try again") from None
