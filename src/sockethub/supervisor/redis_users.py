"""A user of Redis for each worker, which reaches that worker's own keys (:mod:`sockethub.redis_rights`) and no others.

Made before the worker starts, with a random password of which Redis is told the digest; removed when the worker has
ended, which closes what it had open. Redis keeps users in its memory alone: one that has begun anew, or a replica that
was promoted, is told of them again. In a cluster each master is told. Those of supervisors that are gone for long are
removed by others.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal

import anyio
import redis
import redis.asyncio
import structlog

from sockethub import redis_keys
from sockethub.crypto import Secret
from sockethub.errors import ConfigError
from sockethub.jobs import commands, linked
from sockethub.jobs.clusterclient import servers_of
from sockethub.jobs.link import digest
from sockethub.jobs.topology import topology_of
from sockethub.leases import FENCE_SECONDS
from sockethub.redis_rights import Rights
from sockethub.redis_url import as_nobody, as_user, cluster_of, database_of, node_url
from sockethub.worker.scripts import SCRIPTS

__all__ = ["Access", "RedisUsers"]

Mode = Literal["required", "preferred", "off"]

PREFIX: Final = "sockethub-worker-"
"""Of users' names; then comes the supervisor's id, and a number."""

PASSWORD_BYTES: Final = 32
REMOVE_SECONDS: Final = 2.0
"""For removing a user; where it takes longer, it is done when users are looked over."""

OPEN: Final = "it lets in whoever gives no password; set one for its user `default`"
FORBIDDEN: Final = "the user of `redis.url` may not make users: {}"


@dataclass(frozen=True, slots=True)
class Access:
    """A worker's way to Redis; ``confined`` to what is its own, or everybody's."""

    url: Secret[str]
    confined: bool


class RedisUsers:
    """The users of one supervisor's workers."""

    def __init__(self, client: redis.asyncio.Redis, supervisor: str, url: Secret[str], mode: Mode) -> None:
        self._client = client
        self._supervisor = supervisor
        self._own = f"{PREFIX}{supervisor}-"
        self._url = url
        self._mode = mode
        self._database = database_of(url.reveal())
        self._cluster = cluster_of(url.reveal()) is not None
        self._active = False
        self._selectors = True
        self._users: dict[str, tuple[str, ...]] = {}
        """Those that ought to be there, with their rules."""
        self._log = structlog.get_logger(__name__)

    async def begin(self) -> None:
        """Find out whether workers can have users of their own.

        Raises :class:`~sockethub.errors.ConfigError` where they must and cannot, and :class:`redis.RedisError`.
        """
        if self._mode == "off":
            return
        obstacle = await self._obstacle()
        if obstacle is not None and self._mode == "required":
            raise ConfigError(
                f"redis.acl: is `required`, but workers cannot have users of their own in this Redis: {obstacle}. Or "
                "set it to `preferred`"
            )
        if obstacle is not None:
            self._log.warning("all workers are one user of Redis", reason=obstacle)
            return
        if not self._selectors:
            self._log.warning("workers may read and remove what waits for gateways", reason="Redis is older than 7")
        self._active = True
        await self.mend()

    @asynccontextmanager
    async def user(self, rights: Rights) -> AsyncIterator[Access]:
        """A worker's access, for as long as the block lasts. Raises :class:`redis.RedisError`."""
        if not self._active:
            yield Access(self._url, confined=False)
            return
        name, password = f"{self._own}{os.urandom(8).hex()}", secrets.token_hex(PASSWORD_BYTES)
        rules = self._users[name] = self._rules(rights, password)
        try:
            await self._do("ACL", "SETUSER", name, *rules)
            yield Access(as_user(self._url, name, password), confined=True)
        finally:
            del self._users[name]
            with anyio.CancelScope(shield=True), anyio.move_on_after(REMOVE_SECONDS):
                await self._remove([name])

    async def mend(self) -> None:
        """Have Redis know the users there are, and the workers' scripts, and no users that are gone.

        Raises :class:`redis.RedisError`.
        """
        if not self._active:
            return
        await self._client.set(redis_keys.supervisor_known(self._supervisor), 1, ex=FENCE_SECONDS)
        there: set[str] = set()
        for server in await servers_of(self._client):
            there |= await self._mend(server)
        await self._remove(await self._stale(there - self._users.keys()))

    async def _mend(self, server: redis.asyncio.Redis) -> set[str]:
        """One server, which tells others of neither; the workers' users that were there."""
        pipeline = server.pipeline(transaction=False)
        pipeline.execute_command("SCRIPT", "EXISTS", *map(digest, SCRIPTS))
        pipeline.execute_command("ACL", "USERS")
        loaded, found = await pipeline.execute()
        there = {name.decode() for name in found if name.startswith(PREFIX.encode())}
        pipeline = server.pipeline(transaction=False)
        for script, is_loaded in zip(SCRIPTS, loaded, strict=True):
            if not is_loaded:
                pipeline.execute_command("SCRIPT", "LOAD", script)
        for name, rules in self._users.items():
            if name not in there:
                pipeline.execute_command("ACL", "SETUSER", name, *rules)
        if len(pipeline):
            await pipeline.execute()
        return there

    async def _obstacle(self) -> str | None:
        """What keeps workers from having users of their own."""
        for server in await servers_of(self._client):
            obstacle = await self._obstacle_at(server)
            if obstacle is not None:
                return obstacle
        return OPEN if await _lets_in_anybody(self._url) else None

    async def _obstacle_at(self, server: redis.asyncio.Redis) -> str | None:
        probe = f"{self._own}probe"
        pipeline = server.pipeline(transaction=False)
        for selectors in (True, False):
            rights = Rights(("ping",), (), appended=("nothing",))
            pipeline.execute_command("ACL", "SETUSER", probe, "reset", *rights.rules(selectors=selectors))
        pipeline.execute_command("ACL", "USERS")
        pipeline.execute_command("ACL", "DELUSER", probe)
        pipeline.execute_command("SCRIPT", "EXISTS", digest(SCRIPTS[0]))
        with_selectors, *others = await pipeline.execute(raise_on_error=False)
        for answer in others:
            if isinstance(answer, redis.ResponseError):
                return FORBIDDEN.format(answer)
            if isinstance(answer, redis.RedisError):
                raise answer
        self._selectors = self._selectors and not isinstance(with_selectors, Exception)
        return None

    def _rules(self, rights: Rights, password: str) -> tuple[str, ...]:
        hashed = hashlib.sha256(password.encode()).hexdigest()
        rules = rights.rules(selectors=self._selectors, database=self._database, cluster=self._cluster)
        return "reset", "on", f"#{hashed}", *rules

    async def _stale(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that are this supervisor's, or of one that was not there for a day."""
        owners = {name: name.removeprefix(PREFIX).partition("-")[0] for name in names}
        others = sorted(set(owners.values()) - {self._supervisor})
        pipeline = self._client.pipeline(transaction=False)
        for other in others:
            pipeline.exists(redis_keys.supervisor_known(other))
        alive = await pipeline.execute() if others else []
        there = {other for other, is_there in zip(others, alive, strict=True) if is_there}
        return [name for name, owner in owners.items() if owner not in there]

    async def _remove(self, names: list[str]) -> None:
        if not names:
            return
        try:
            await self._do("ACL", "DELUSER", *names)
        except redis.RedisError as error:
            self._log.warning("users of Redis not removed", users=len(names), error=type(error).__name__)

    async def _do(self, *command: str) -> None:
        for server in await servers_of(self._client):
            await commands.filled(server.pipeline(transaction=False), [command]).execute()


async def _lets_in_anybody(url: Secret[str]) -> bool:
    nobody = as_nobody(url).reveal()
    is_cluster = cluster_of(nobody) is not None
    masters = topology_of(url.reveal()).masters if is_cluster else ()
    for server in [node_url(nobody, address) for address in masters] if is_cluster else [nobody]:
        async with linked(server) as link:
            with suppress(redis.ResponseError):
                await link.call("PING")
                return True
    return False
