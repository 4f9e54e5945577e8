"""The root key in Redis: agreed on by whoever starts, kept there by whoever runs (docs/decisions/0017)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import anyio
import anyio.to_thread
import redis
import redis.asyncio
import structlog
from anyio.abc import TaskGroup

from sockethub import redis_keys
from sockethub.cli.holders import HOLDER_SECONDS, Holder
from sockethub.crypto import MasterKey, MasterKeys, RootKey, Secret, WrappedRoot
from sockethub.errors import ConfigError, CryptoError, QueueUnavailable, SockethubError
from sockethub.jobs import connected
from sockethub.jobs.clusterclient import servers_of
from sockethub.redis_url import place

__all__ = ["OtherRootKey", "Reread", "opened", "root_kept", "wrapped_root"]

LOOK_SECONDS: Final = 0.5
"""Between two looks of whoever runs: so long can the root key be missing from a Redis that lost everything."""

YOUNG_SECONDS: Final = 10
"""A Redis that has run for longer without a root key has nobody who would write it again."""

SETTLE_SECONDS: Final = 2.5 * LOOK_SECONDS
"""How long those that run have to write the root key again, before whoever starts makes another one."""

LEAVE_SECONDS: Final = 1.0

_MAKE: Final = """
-- KEYS: root. ARGV: field, value, ... Writes where nothing is; returns what is there.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])
"""

_KEEP: Final = """
-- KEYS: root. ARGV: id, version, field, value, ... Writes where nothing is; where a root key is that was made later, by
-- somebody who could not know of this one; and where Redis came back with an earlier version. Returns what is there.
local id = redis.call('HGET', KEYS[1], 'id')
local version = tonumber(redis.call('HGET', KEYS[1], 'version')) or -1
if not id or id > ARGV[1] or id == ARGV[1] and version < tonumber(ARGV[2]) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 3))
end
return redis.call('HGETALL', KEYS[1])
"""

Reread = Callable[[], MasterKeys]
"""Reads the declared master keys once more; raises :class:`~sockethub.errors.ConfigError`."""

log = structlog.get_logger(__name__)


class OtherRootKey(SockethubError):
    """Redis has a root key that is older than this process's."""


@asynccontextmanager
async def root_kept(
    url: Secret[str], role: str, masters: MasterKeys, reread: Reread, *, shared: bool
) -> AsyncIterator[RootKey]:
    """The root key, agreed on with whoever else there is, and kept in Redis for as long as the block lasts.

    ``shared``: others may use this Redis. Raises :class:`~sockethub.errors.ConfigError` when no master key opens it,
    :class:`~sockethub.errors.QueueUnavailable`, and, later, :class:`OtherRootKey`.
    """
    root, wrapped = await _agree(url, masters, shared=shared)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_RootKeeper(url, role, wrapped, masters, reread).run)
        yield root
        tasks.cancel_scope.cancel()


async def _agree(url: Secret[str], masters: MasterKeys, *, shared: bool) -> tuple[RootKey, WrappedRoot]:
    """The root key, and how Redis holds it; the first to come makes it."""
    async with connected(url.reveal()) as client:
        try:
            found: Any = await client.hgetall(redis_keys.ROOT_KEY)
            if not found and shared:
                found = await _settled(client)
            if not found:
                seconds, microseconds = await client.time()
                made = WrappedRoot.of(RootKey.new(seconds * 1_000_000 + microseconds), masters)
                answer: Any = await client.eval(_MAKE, 1, redis_keys.ROOT_KEY, *_words(made))
                found = _pairs(answer)
        except redis.RedisError as error:
            raise QueueUnavailable(f"redis.url: the Redis at {place(url.reveal())} does not serve: {error}") from None
    wrapped = wrapped_root(found)
    root, master = opened(wrapped, masters)
    if master.id != masters.in_use.id:
        log.warning("the root key is not wrapped under the master key in use; run `sockethub rotate-keys`")
    return root, wrapped


def opened(wrapped: WrappedRoot, masters: MasterKeys) -> tuple[RootKey, MasterKey]:
    """The root key and the master key that opened it. Raises :class:`~sockethub.errors.ConfigError`."""
    try:
        return wrapped.open(masters)
    except CryptoError:
        raise ConfigError(
            f"keys: what this Redis holds is sealed under the master key {_either(wrapped.under)}, and this "
            f"declaration has {_either(master.id for master in masters)}: give all gateways and workers the same "
            "`keys.master`, `keys.file` or `keys.command`; while a key is replaced, the one before in `keys.previous`. "
            "Where that key is lost for good, what is sealed is, too: stop them all and run "
            "`sockethub rotate-keys --begin-anew` (docs/how-to/rotate-keys.md)"
        ) from None


class _RootKeeper:
    """Of one process, or one process and its supervisor. It holds no key: what it keeps in Redis is wrapped."""

    def __init__(self, url: Secret[str], role: str, wrapped: WrappedRoot, masters: MasterKeys, reread: Reread) -> None:
        self._url = url
        self._wrapped = wrapped
        self._reread = reread
        self._name = os.urandom(8).hex()
        self._holder = Holder.here(role, masters)
        self._reading = False

    async def run(self) -> None:
        """Until cancelled. Raises :class:`OtherRootKey`."""
        async with connected(self._url.reveal()) as client:
            try:
                async with anyio.create_task_group() as tasks:
                    while True:
                        try:
                            await self._look(client, tasks)
                        except redis.RedisError as error:
                            log.debug("the root key was not looked at", error=type(error).__name__)
                        await anyio.sleep(LOOK_SECONDS)
            finally:
                with anyio.CancelScope(shield=True), anyio.move_on_after(LEAVE_SECONDS):
                    await self._leave(client)

    async def _look(self, client: redis.asyncio.Redis, tasks: TaskGroup) -> None:
        pipeline = client.pipeline(transaction=False)
        known = self._wrapped
        pipeline.eval(_KEEP, 1, redis_keys.ROOT_KEY, known.id, str(known.version), *_words(known))
        pipeline.set(redis_keys.holder(self._name), self._holder.encode(), ex=HOLDER_SECONDS)
        pipeline.get(redis_keys.LOOK)
        found, _, look = await pipeline.execute()
        wrapped = wrapped_root(_pairs(found))
        if wrapped.id != known.id:
            raise OtherRootKey(
                "keys: Redis had lost its root key when this process started, which made another; those that kept "
                "running have written theirs again: start this one again"
            )
        self._wrapped = wrapped
        if look is not None and look.decode() != self._holder.looked and not self._reading:
            self._reading = True
            tasks.start_soon(self._read_again, look.decode())

    async def _read_again(self, asked: str) -> None:
        """What this process would have at its next start; it may be long in coming, if it comes from a command."""
        try:
            masters = await anyio.to_thread.run_sync(self._reread, abandon_on_cancel=True)
        except (ConfigError, OSError) as error:
            log.error("the declared keys cannot be read; a start would fail", error=str(error))
            holder = replace(self._holder, trouble=True)
        else:
            holder = Holder.here(self._holder.role, masters)
            log.info("the declared keys were read again", in_use=holder.in_use, previous=holder.previous)
        self._holder = replace(holder, looked=asked)
        self._reading = False

    async def _leave(self, client: redis.asyncio.Redis) -> None:
        try:
            await client.delete(redis_keys.holder(self._name))
        except redis.RedisError:
            return  # it expires


async def _settled(client: redis.asyncio.Redis) -> Any:
    """What a young Redis has, once those that run had the time to write again what it may have lost."""
    with anyio.move_on_after(SETTLE_SECONDS):
        while await _is_young(client):
            if found := await client.hgetall(redis_keys.ROOT_KEY):
                return found
            await anyio.sleep(LOOK_SECONDS / 5)
    return {}


async def _is_young(client: redis.asyncio.Redis) -> bool:
    uptimes = [(await server.info("server")).get("uptime_in_seconds") for server in await servers_of(client)]
    return any(uptime is not None and uptime < YOUNG_SECONDS for uptime in uptimes)


def wrapped_root(fields: Mapping[bytes, bytes]) -> WrappedRoot:
    """The hash as it stands in Redis. Raises :class:`~sockethub.errors.ConfigError`."""
    try:
        return WrappedRoot.from_hash(fields)
    except CryptoError:
        raise ConfigError(
            f"redis.url: `{redis_keys.ROOT_KEY}` in this Redis is not ours; give Sockethub a Redis, or a database of "
            "one, of its own"
        ) from None


def _words(wrapped: WrappedRoot) -> list[bytes]:
    return [word for pair in wrapped.to_hash().items() for word in pair]


def _pairs(words: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _either(ids: Iterable[str]) -> str:
    return " or ".join(sorted(ids)) or "none"
