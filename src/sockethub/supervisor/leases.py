"""A lease in Redis makes a login run once, however many supervisors there are.

The lease holds the supervisor's id and a fencing token, a number that only grows: whoever holds a higher one has the
login now. A supervisor that was away for longer than its leases finds them taken, and ends what it still runs.
"""

from __future__ import annotations

from typing import Any, Final

import redis.asyncio

from sockethub import redis_keys

_ACQUIRE: Final = """
-- KEYS: lease, fence. ARGV: holder, ms. Returns the token, or nil when another holds it.
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then
  return nil
end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. token, 'PX', ARGV[2])
return token
"""

_RENEW: Final = """
-- KEYS: lease. ARGV: holder:token, ms. Returns whether it was still ours.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_RELEASE: Final = """
-- KEYS: lease. ARGV: holder:token.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
"""


class Leases:
    """The leases of one supervisor."""

    def __init__(self, client: redis.asyncio.Redis, holder: str, seconds: float) -> None:
        self._client = client
        self._holder = holder
        self._milliseconds = int(seconds * 1000)
        self._held: dict[str, int] = {}

    async def acquire(self, login: str) -> int | None:
        """The fencing token, or None when another supervisor runs the login."""
        key = redis_keys.lease(login)
        token: Any = await self._client.eval(_ACQUIRE, 2, key, f"{key}:fence", self._holder, self._milliseconds)
        if token is None:
            return None
        self._held[login] = int(token)
        return int(token)

    async def renew(self) -> list[str]:
        """Renew all; the logins whose lease was lost."""
        logins = list(self._held)
        if not logins:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for login in logins:
            pipeline.eval(_RENEW, 1, redis_keys.lease(login), self._value(login), self._milliseconds)
        lost = [login for login, ours in zip(logins, await pipeline.execute(), strict=True) if not ours]
        for login in lost:
            self._held.pop(login, None)
        return lost

    async def release(self, login: str) -> None:
        """Give it back, when it is still ours."""
        if login in self._held:
            await self._client.eval(_RELEASE, 1, redis_keys.lease(login), self._value(login))
            self._held.pop(login, None)

    def _value(self, login: str) -> str:
        return f"{self._holder}:{self._held[login]}"
