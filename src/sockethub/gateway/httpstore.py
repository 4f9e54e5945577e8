"""What Redis keeps of HTTP requests: which run, the sealed results of those that ended, how many an address made."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

import redis
import redis.asyncio

from sockethub import redis_keys
from sockethub.config.gateway import Http
from sockethub.crypto import Binding, KeyRing, seal, unseal
from sockethub.crypto.keys import blind_name
from sockethub.errors import CryptoError, QueueUnavailable

MARGIN_SECONDS: Final = 10
"""A request counts as running for so long beyond its time; then its gateway must have died."""

_PURPOSE: Final = "sockethub:http"
"""Stands where keys of logins name a platform; no platform's id has a colon."""

_RUNNING: Final = b"running"

_COUNT: Final = """
-- KEYS: counter. ARGV: seconds. Counts one request; returns how many there were, and the seconds left of the window.
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""


class Progress(Enum):
    """What is known of a request without results."""

    UNKNOWN = "unknown"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Owned:
    """The id of a request, and whose it is: the results of one user are no other's, whoever knows the id."""

    id: str
    user: str = ""

    @property
    def name(self) -> str:
        """The two as one; no id has a line end."""
        return f"{self.id}\n{self.user}" if self.user else self.id


class HttpStore:
    """Reads and writes for HTTP requests. Raises :class:`~sockethub.errors.QueueUnavailable`.

    A result is sealed with a key of its request's id, and filed below a blinded form of it: Redis tells neither.
    """

    def __init__(self, client: redis.asyncio.Redis, keys: KeyRing, declared: Http) -> None:
        self._client = client
        self._keys = keys
        self.declared = declared

    async def admit(self, address: str) -> int:
        """Count a request of ``address``; 0 when it may pass, otherwise the seconds until the next may."""
        key = redis_keys.http_requests(self._blind("address", address))
        count, left = await self._ask(self._client.eval(_COUNT, 1, key, str(self.declared.rate_seconds)))
        return 0 if count <= self.declared.requests else max(1, int(left))

    async def begin(self, request: Owned) -> bool:
        """Claim the id ``request``; false when it runs, or has ended and its results are still kept."""
        seconds = int(self.declared.total_seconds) + MARGIN_SECONDS
        return bool(await self._ask(self._client.set(self._key(request), _RUNNING, ex=seconds, nx=True)))

    async def forget(self, request: Owned) -> None:
        """Nothing was done: the id is free again."""
        await self._ask(self._client.delete(self._key(request)))

    async def finish(self, request: Owned, lines: bytes) -> None:
        """Keep the results for replay."""
        record = seal(self._secret(request), lines, Binding("http", id=request.name))
        await self._ask(self._client.set(self._key(request), record, ex=self.declared.replay_seconds))

    async def results(self, request: Owned) -> bytes | Progress:
        """The lines that were kept, or why there are none."""
        record = await self._ask(self._client.get(self._key(request)))
        if record is None:
            return Progress.UNKNOWN
        if record == _RUNNING:
            return Progress.RUNNING
        try:
            return unseal(self._secret(request), record, Binding("http", id=request.name))
        except CryptoError:  # altered, or of another root key
            return Progress.UNKNOWN

    def _key(self, request: Owned) -> str:
        return redis_keys.http_results(self._blind("request", request.name))

    def _blind(self, kind: str, name: str) -> str:
        return blind_name(self._keys.login_key(_PURPOSE, ""), kind, name)

    def _secret(self, request: Owned) -> bytes:
        return self._keys.login_key(_PURPOSE, request.name)

    @staticmethod
    async def _ask(answer: Any) -> Any:
        try:
            return await cast(Awaitable[Any], answer)
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__}); try again") from None
