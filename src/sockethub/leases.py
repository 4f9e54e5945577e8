"""A lease in Redis makes a login run once, however many supervisors there are: what they and their workers agree on.

A lease's value is ``<supervisor>:<token>``; the fencing token is a number that only grows: whoever holds a higher one
has the login now. Supervisors renew the leases of all their logins together. A worker whose supervisor is silent (it
was stopped, or cannot reach Redis) renews its own, and ends when it finds another's: it is the worker that holds the
connection, so it is the worker that must know.

Times are the machine's own since it booted, sleep included (``CLOCK_BOOTTIME``): processes of one machine share it, and
nobody sets it.
"""

from __future__ import annotations

import time
from typing import Final

from sockethub import redis_keys

FENCE_SECONDS: Final = 86_400
"""How long the last token is remembered after its lease: longer than any supervisor is away and comes back."""

ACQUIRE: Final = """
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

RENEW: Final = """
-- KEYS: lease, fence. ARGV: holder:token, token, ms, ms of the fence. Returns whether it is ours: also one that ran out
-- or was forgotten, when nobody took it meanwhile.
local held = redis.call('GET', KEYS[1])
local last = redis.call('GET', KEYS[2])
if held ~= ARGV[1] and (held or (last and last ~= ARGV[2])) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
return 1
"""

RELEASE: Final = """
-- KEYS: lease. ARGV: holder:token.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
"""


def keys(login: str) -> tuple[str, str]:
    """The lease, and the last token there was."""
    lease = redis_keys.lease(login)
    return lease, f"{lease}:fence"


def value(holder: str, token: int) -> str:
    """What the lease holds."""
    return f"{holder}:{token}"


def renewal(login: str, lease: str, seconds: float) -> tuple[str | int, ...]:
    """The arguments of ``EVAL`` that renew ``lease`` (a :func:`value`); the answer is 1 when it is still ours."""
    token = lease.rpartition(":")[2]
    return (RENEW, 2, *keys(login), lease, token, int(seconds * 1000), FENCE_SECONDS * 1000)


def alone_from(until: float, seconds: float) -> float:
    """When a worker renews a lease of ``seconds`` itself that ends at ``until``."""
    return until - seconds / 3


def now() -> float:
    """Seconds since the machine booted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
