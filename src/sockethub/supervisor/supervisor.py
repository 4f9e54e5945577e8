"""One per machine: fork servers, pools, logins; hears requests, renews leases, sweeps up after dead gateways."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import anyio
import redis
import redis.asyncio
import structlog
from anyio.abc import TaskGroup

from sockethub import redis_keys
from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, Secret, login_queue
from sockethub.jobs import RedisRun, commands, connected
from sockethub.jobs.names import GROUP
from sockethub.supervisor import sandbox
from sockethub.supervisor.backoff import Backoff
from sockethub.supervisor.keeper import Keeper, LoginKeeper, PoolKeeper
from sockethub.supervisor.leases import Leases
from sockethub.supervisor.notices import drop_dead_gateways, notify
from sockethub.supervisor.outage import Outage
from sockethub.supervisor.processes import ForkServer, ForkServerGone
from sockethub.supervisor.roster import Roster
from sockethub.supervisor.specs import Specs

REQUEST_BATCH: Final = 50
BLOCK_MS: Final = 30_000
SWEEP_SECONDS: Final = 5.0
RESTARTED_FORK_SERVER_SECONDS: Final = 1.0
"""Between attempts to start a fork server again; the other platforms go on meanwhile."""

TOO_MANY: Final = "this machine already runs {limit} logins, as many as it may; try again later"


NewKeeper = Callable[..., LoginKeeper]
"""A :class:`LoginKeeper` that lacks only what is the login's own."""


class Supervisor:
    """Runs the declared platforms."""

    def __init__(self, declaration: Declaration, keys: KeyRing, redis_url: Secret[str]) -> None:
        self._declaration = declaration
        self._url = redis_url.reveal()
        self._id = os.urandom(8).hex()
        self._specs = Specs(declaration, keys, redis_url)
        self._servers = {
            name: ForkServer(
                name,
                platform.driver,
                platform.worker.memory_mb,
                declaration.log,
                sandbox.declared(declaration.workers.sandbox, platform, redis_url),
            )
            for name, platform in declaration.platforms.items()
        }
        self._logins: dict[str, LoginKeeper] = {}
        self._pools: list[Keeper] = []
        self._outage = Outage()
        self._log = structlog.get_logger(__name__)

    async def run(self, ready: anyio.Event, stop: anyio.Event) -> None:
        """Work until ``stop``; then have everyone leave politely."""
        async with connected(self._url) as client, connected(self._url, blocking=True) as blocking:
            leases, roster = Leases(client, self._id, self._declaration.workers.lease_seconds), Roster(client)
            logins = partial(LoginKeeper, specs=self._specs, client=client, leases=leases, roster=roster)
            try:
                async with anyio.create_task_group() as tasks:
                    await self._start(tasks)
                    tasks.start_soon(self._requests, blocking, client, logins, tasks)
                    tasks.start_soon(self._renew, leases, roster, RedisRun(client))
                    tasks.start_soon(self._sweep, client, leases, roster, logins, tasks)
                    ready.set()
                    await stop.wait()
                    await self._stop()
                    tasks.cancel_scope.cancel()
            finally:
                for server in self._servers.values():
                    server.close()

    async def _start(self, tasks: TaskGroup) -> None:
        async with anyio.create_task_group() as starting:
            for server in self._servers.values():
                starting.start_soon(server.start)
        for server in self._servers.values():
            tasks.start_soon(self._keep_server, server)
        for name, platform in self._declaration.platforms.items():
            if platform.mode == "stateless":
                for _ in range(platform.worker.pool_size):
                    keeper = PoolKeeper(self._servers[name], self._specs, name, name, name, self._backoff())
                    self._pools.append(keeper)
                    tasks.start_soon(keeper.run)

    async def _keep_server(self, server: ForkServer) -> None:
        while True:
            await server.serve()
            self._log.error("fork server ended; its workers with it", platform=server.platform)
            while not await self._restarted(server):
                pass

    async def _restarted(self, server: ForkServer) -> bool:
        await anyio.sleep(RESTARTED_FORK_SERVER_SECONDS)
        try:
            await server.start()
        except (ForkServerGone, OSError) as error:
            self._log.error("fork server does not start", platform=server.platform, error=str(error))
            return False
        return True

    async def _requests(
        self, blocking: redis.asyncio.Redis, client: redis.asyncio.Redis, logins: NewKeeper, tasks: TaskGroup
    ) -> None:
        stream = redis_keys.SUPERVISOR_REQUESTS
        while True:
            try:
                await _create_group(client, stream)
                found: Any = await blocking.xreadgroup(
                    GROUP, self._id, {stream: ">"}, count=REQUEST_BATCH, block=BLOCK_MS
                )
                for entry, fields in found[0][1] if found else ():
                    await self._request({k.decode(): v.decode() for k, v in fields.items()}, client, logins, tasks)
                    await commands.filled(client.pipeline(transaction=True), commands.finish(stream, entry)).execute()
            except redis.RedisError as error:
                self._log.warning("Redis is away", error=type(error).__name__)
                self._outage.began()
                await self._outage.until_calm()

    async def _request(
        self, fields: dict[str, str], client: redis.asyncio.Redis, logins: NewKeeper, tasks: TaskGroup
    ) -> None:
        login, platform, gateway = fields["login"], fields["platform"], fields["gateway"]
        running = self._logins.get(login)
        if running is not None and not running.leaving:
            await notify(client, login, "running", also=gateway)
            return
        if running is not None:
            await running.gone.wait()
        if platform not in self._servers:
            await notify(client, login, "failed", f"platform {platform} is not declared on this machine", also=gateway)
            return
        if self._full:
            text = TOO_MANY.format(limit=self._declaration.workers.max_logins)
            await notify(client, login, "failed", text, also=gateway)
            return
        self._run(logins, tasks, login, platform, requested_by=gateway)

    @property
    def _full(self) -> bool:
        return len(self._logins) >= self._declaration.workers.max_logins

    def _run(
        self,
        logins: NewKeeper,
        tasks: TaskGroup,
        login: str,
        platform: str,
        *,
        requested_by: str = "",
        orphaned: bool = False,
    ) -> None:
        keeper = logins(
            self._servers[platform],
            backoff=self._backoff(),
            platform=platform,
            login=login,
            queue=login_queue(platform, login),
            requested_by=requested_by,
            orphaned=orphaned,
        )
        self._logins[login] = keeper
        tasks.start_soon(self._own, keeper)

    async def _own(self, keeper: LoginKeeper) -> None:
        try:
            await keeper.run()
        except redis.RedisError as error:
            self._log.warning("login given up: Redis is away", login=keeper.login, error=type(error).__name__)
            await keeper.stop(self._declaration.workers.stop_seconds)
        finally:
            self._logins.pop(keeper.login, None)
            keeper.gone.set()

    async def _renew(self, leases: Leases, roster: Roster, run: RedisRun) -> None:
        while True:
            try:
                lost = await leases.renew()
                await run.follow(partial(self._restore, roster))
            except redis.RedisError as error:
                self._log.warning("leases not renewed", error=type(error).__name__)
                self._outage.began()
                await self._outage.pause(0)
                continue
            self._outage.over()
            for login in lost:
                if login in self._logins:
                    self._log.error("lease lost", login=login)
                    self._logins[login].lease_lost()
            for keeper in list(self._logins.values()):
                keeper.lease_held()
            await self._outage.pause(self._declaration.workers.lease_seconds / 3)

    async def _restore(self, roster: Roster) -> None:
        """Redis has begun anew: what was written of the logins that run here may be lost."""
        running = [keeper for keeper in self._logins.values() if not keeper.leaving]
        await roster.enter_all({keeper.login: keeper.platform for keeper in running})
        for keeper in running:
            keeper.rewrite()
        self._log.warning("Redis has begun anew; the records of all logins are written again", logins=len(running))

    async def _sweep(
        self,
        client: redis.asyncio.Redis,
        leases: Leases,
        roster: Roster,
        logins: NewKeeper,
        tasks: TaskGroup,
    ) -> None:
        pause = min(SWEEP_SECONDS, self._declaration.workers.lease_seconds)
        while True:
            await anyio.sleep(pause * random.uniform(0.5, 1.0))
            try:
                orphans = await roster.orphans()
                listeners = await drop_dead_gateways(client, sorted({*self._logins, *orphans}))
                for login, platform in orphans.items():
                    if not listeners[login].alive:
                        await self._clear(login, leases, roster)
                    elif self._may_take(login, platform):
                        self._log.warning("taking over a login", login=login, platform=platform)
                        self._run(logins, tasks, login, platform, orphaned=True)
            except redis.RedisError as error:
                self._log.warning("not swept", error=type(error).__name__)
                self._outage.began()
                continue
            for login, keeper in list(self._logins.items()):
                if login in listeners:
                    await keeper.forget(listeners[login].gone)

    def _may_take(self, login: str, platform: str) -> bool:
        return self._outage.calm and login not in self._logins and platform in self._servers and not self._full

    async def _clear(self, login: str, leases: Leases, roster: Roster) -> None:
        """Nobody runs it and nobody listens; unless somebody asked for it this moment."""
        if login not in self._logins and await leases.acquire(login) is not None:
            await roster.strike(login)
            await leases.release(login)

    async def _stop(self) -> None:
        seconds = self._declaration.workers.stop_seconds
        async with anyio.create_task_group() as leaving:
            for keeper in (*self._logins.values(), *self._pools):
                leaving.start_soon(keeper.stop, seconds)

    def _backoff(self) -> Backoff:
        workers = self._declaration.workers
        return Backoff(workers.restart_delay_seconds, workers.restart_delay_max_seconds)


async def _create_group(client: redis.asyncio.Redis, stream: str) -> None:
    try:
        await client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
