"""What the processes of a stateless platform have in common, in Redis (:mod:`sockethub.commons`).

Records are sealed with the platform's key, which every process of the platform holds and nothing else does. Names are
HMACs under a key derived from it: Redis learns neither what was fetched nor from where. Everything ends by itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import redis
import structlog

from sockethub import redis_keys
from sockethub.commons import PauseWanted, Room
from sockethub.crypto import Binding, seal, unseal
from sockethub.crypto.keys import blind_name
from sockethub.errors import CryptoError
from sockethub.jobs import RedisLink
from sockethub.jobs.commands import Word
from sockethub.worker.spec import WorkerSpec

PATIENCE_SECONDS: Final = 1.0
"""For one command: beyond that, going without costs less."""

POLL_SECONDS: Final = (0.02, 0.04, 0.08, 0.16, 0.32)
"""Between looks at one's place in a line; the last one over and over. One process waits for a few places at a host at
most, so that a busy host costs some ten commands a second."""

PAUSES: Final = 1_000
"""Pauses remembered; the one that ends first is forgotten first."""

_NOW: Final = "local time = redis.call('TIME') local now = time[1] * 1000000 + time[2]\n"
"""Microseconds by Redis's own clock, for those of the machines may differ."""

FIND: Final = (
    _NOW
    + """
-- KEYS: records, last uses. ARGV: name. Returns the record, or nil.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if record then
  redis.call('ZADD', KEYS[2], 'XX', now, ARGV[1])
end
return record
"""
)

KEEP: Final = (
    _NOW
    + """
-- KEYS: records, last uses, bytes. ARGV: name, record, bytes, entries and seconds allowed.
local function drop(name)
  redis.call('DECRBY', KEYS[3], redis.call('HSTRLEN', KEYS[1], name))
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
if redis.call('EXISTS', KEYS[1], KEYS[2], KEYS[3]) < 3 then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3]) -- a server short of memory may have thrown away one of them
end
drop(ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('INCRBY', KEYS[3], #ARGV[2])
for _, stale in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[5] * 1000000, 'LIMIT', 0, 100)) do
  drop(stale)
end
for _, oldest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if tonumber(redis.call('GET', KEYS[3])) <= tonumber(ARGV[3])
    and redis.call('ZCARD', KEYS[2]) <= tonumber(ARGV[4]) then
    break
  end
  drop(oldest)
end
for _, key in ipairs(KEYS) do
  redis.call('EXPIRE', key, math.ceil(ARGV[5]))
end
"""
)

FORGET: Final = """
-- KEYS: records, last uses, bytes. ARGV: name.
redis.call('DECRBY', KEYS[3], redis.call('HSTRLEN', KEYS[1], ARGV[1]))
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
"""

STAND: Final = (
    _NOW
    + """
-- KEYS: line, pauses. ARGV: ticket, places, seconds a ticket lasts, name.
-- Everybody's ticket lasts equally long, so that the line is in order of coming and of ending alike.
-- Returns microseconds to wait because of a pause, and whether the ticket is among the first.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3] * 1000000)
local until_ = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[4]) or 0)
if until_ > now then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {until_ - now, 0}
end
redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[3]))
return {0, redis.call('ZRANK', KEYS[1], ARGV[1]) < tonumber(ARGV[2]) and 1 or 0}
"""
)

PAUSE: Final = (
    _NOW
    + """
-- KEYS: pauses. ARGV: name, seconds, pauses allowed.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2] * 1000000, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[3] - 1)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('EXPIRE', KEYS[1], math.ceil((last[2] - now) / 1000000))
"""
)


class RedisCommons:
    """For one process of a platform."""

    def __init__(self, spec: WorkerSpec, link: RedisLink) -> None:
        self._platform = spec.platform
        self._key = spec.login_key
        self._link = link
        self._records = redis_keys.kept(spec.platform)
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform)

    async def kept(self, name: str) -> bytes | None:
        hidden = self._hidden("kept", name)
        sealed = await self._call("EVAL", FIND, 2, *self._records[:2], hidden)
        if not sealed:
            return None
        try:
            return unseal(self._key.reveal(), sealed, self._binding(hidden))
        except CryptoError:
            return None  # of another root key, or altered: as good as nothing

    async def keep(self, name: str, data: bytes, room: Room) -> None:
        hidden = self._hidden("kept", name)
        sealed = seal(self._key.reveal(), data, self._binding(hidden))
        if len(sealed) <= room.size:
            limits = (room.size, room.entries, room.seconds)
            await self._call("EVAL", KEEP, 3, *self._records, hidden, sealed, *limits)

    async def forget(self, name: str) -> None:
        await self._call("EVAL", FORGET, 3, *self._records, self._hidden("kept", name))

    @asynccontextmanager
    async def place(self, name: str, at_once: int, seconds: float) -> AsyncIterator[None]:
        hidden, ticket = self._hidden("line", name), os.urandom(8).hex()
        line = redis_keys.line(self._platform, hidden)
        stand = ("EVAL", STAND, 2, line, redis_keys.pauses(self._platform), ticket, at_once, seconds, hidden)
        try:
            await self._reach_the_front(stand)
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await self._call("ZREM", line, ticket)

    async def pause(self, name: str, seconds: float) -> None:
        hidden = self._hidden("line", name)
        await self._call("EVAL", PAUSE, 1, redis_keys.pauses(self._platform), hidden, seconds, PAUSES)

    async def _reach_the_front(self, stand: tuple[Word, ...]) -> None:
        looks = 0
        while (found := await self._call(*stand)) is not None:
            pause, front = found
            if pause:
                raise PauseWanted(pause / 1e6)
            if front:
                return
            await anyio.sleep(POLL_SECONDS[min(looks, len(POLL_SECONDS) - 1)])
            looks += 1

    async def _call(self, *command: Word) -> Any:
        """The answer, or None when Redis cannot give one soon."""
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                return await self._link.call(*command)
        except (redis.RedisError, TimeoutError) as error:
            self._log.warning("nothing in common for now", error=type(error).__name__)
            return None

    def _hidden(self, kind: str, name: str) -> str:
        return blind_name(self._key.reveal(), kind, name)

    def _binding(self, hidden: str) -> Binding:
        return Binding("kept", login=self._platform, id=hidden)
