"""A lease in Redis makes a login run once, however many supervisors there are.

The lease holds the supervisor's id and a fencing token, a number that only grows: whoever holds a higher one has the
login now. A supervisor that was away for longer than its leases finds them taken, and ends what it still runs.
"""

from __future__ import annotations

from typing import Any, Final

import redis.asyncio

from sockethub import redis_keys

FENCE_SECONDS: Final = 86_400
"""How long the last token is remembered after its lease: longer than any supervisor is away and comes back."""

_ACQUIRE: Final = """
-- KEYS: lease, fence. ARGV: holder, ms, ms of the fence. Returns the token, or nil when another holds it.
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then
  return nil
end
local token = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. token, 'PX', ARGV[2])
return token
"""

_RENEW: Final = """
-- KEYS: lease, fence. ARGV: holder, token, ms, ms of the fence. Returns whether it is ours.
local value = ARGV[1] .. ':' .. ARGV[2]
local held = redis.call('GET', KEYS[1])
local last = redis.call('GET', KEYS[2])
if held ~= value and (held or (last and last ~= ARGV[2])) then
  return 0
end
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
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
        token: Any = await self._client.eval(
            _ACQUIRE, 2, *_keys(login), self._holder, self._milliseconds, FENCE_SECONDS * 1000
        )
        if token is None:
            return None
        self._held[login] = int(token)
        return int(token)

    async def renew(self) -> list[str]:
        """Renew all; the logins that another supervisor has now.

        A lease that ran out while Redis was away, or was forgotten by it, is ours again when nobody took it meanwhile:
        the token tells.
        """
        logins = list(self._held)
        if not logins:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for login in logins:
            token = self._held[login]
            pipeline.eval(_RENEW, 2, *_keys(login), self._holder, token, self._milliseconds, FENCE_SECONDS * 1000)
        lost = [login for login, ours in zip(logins, await pipeline.execute(), strict=True) if not ours]
        for login in lost:
            self._held.pop(login, None)
        return lost

    async def release(self, login: str) -> None:
        """Give it back, when it is still ours."""
        token = self._held.pop(login, None)  # first: what cannot be given back now must not be renewed either
        if token is not None:
            await self._client.eval(_RELEASE, 1, redis_keys.lease(login), f"{self._holder}:{token}")


def _keys(login: str) -> tuple[str, str]:
    lease = redis_keys.lease(login)
    return lease, f"{lease}:fence"
