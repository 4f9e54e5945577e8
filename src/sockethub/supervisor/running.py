"""The platforms that run on this machine: a fork server for each, and a pool where it is stateless."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.config.models import Declaration
from sockethub.config.platform import Platform
from sockethub.crypto import Secret
from sockethub.operations.metrics import WorkersMetrics
from sockethub.operations.recent import Recent
from sockethub.supervisor import sandbox
from sockethub.supervisor.backoff import Backoff
from sockethub.supervisor.keeper import PoolKeeper
from sockethub.supervisor.lookout import look_after
from sockethub.supervisor.processes import ForkServer, ForkServerGone, Worker
from sockethub.supervisor.redis_users import RedisUsers
from sockethub.supervisor.specs import Specs


class RunningPlatforms:
    """Starts, keeps and ends them."""

    def __init__(
        self, declaration: Declaration, specs: Specs, redis_url: Secret[str], metrics: WorkersMetrics, recent: Recent
    ) -> None:
        self._declaration = declaration
        self._specs = specs
        self._redis_url = redis_url
        self._metrics = metrics
        self._recent = recent
        self.servers: dict[str, ForkServer] = {}
        self.pools: list[PoolKeeper] = []
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._tasks: TaskGroup | None = None
        self._users: RedisUsers | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def warm(self) -> bool:
        """Whether all of them can fork."""
        return all(server.warm for server in self.servers.values())

    def backoff(self) -> Backoff:
        """The pauses of a worker that keeps dying, as they are declared now."""
        workers = self._declaration.workers
        return Backoff(workers.restart_delay_seconds, workers.restart_delay_max_seconds)

    async def start(self, users: RedisUsers, tasks: TaskGroup) -> None:
        """Start all that are declared, to run in ``tasks``; returns when they are warm."""
        self._users, self._tasks = users, tasks
        tasks.start_soon(look_after, self._workers)
        await self.add(self._declaration)

    async def add(self, declaration: Declaration) -> None:
        """Start those of ``declaration`` that do not run yet; returns when they are warm.

        Raises :class:`ForkServerGone` where one does not start, and starts none of them then.
        """
        assert self._tasks is not None
        added = {name: self._server(name, declaration) for name in declaration.platforms if name not in self.servers}
        failed: list[str] = []
        async with anyio.create_task_group() as starting:
            for server in added.values():
                starting.start_soon(self._started, server, failed)
        if failed:
            for server in added.values():
                server.close()
            raise ForkServerGone(f"these platforms do not start, see above: {', '.join(failed)}")
        self.servers |= added
        for name, server in added.items():
            self._scopes[name] = anyio.CancelScope()
            self._tasks.start_soon(self._run, name, server, declaration.platforms[name])

    async def _started(self, server: ForkServer, failed: list[str]) -> None:
        try:
            await server.start()
        except (ForkServerGone, OSError) as error:  # a TimeoutError is one
            self._log.error("fork server does not start", platform=server.platform, error=str(error))
            failed.append(server.platform)

    async def redeclare(self, declaration: Declaration) -> None:
        """End what is gone, and have pools do as they are told now; what is new was added, and logins ended, before."""
        before, self._declaration = self._declaration.platforms, declaration
        seconds = declaration.workers.stop_seconds
        async with anyio.create_task_group() as changing:
            for name in [name for name in self.servers if name not in declaration.platforms]:
                changing.start_soon(self._remove, name, seconds)
            for keeper in self.pools:
                now = declaration.platforms.get(keeper.platform)
                if now is not None and before.get(keeper.platform) not in (None, now):
                    changing.start_soon(keeper.replace, seconds)

    def close(self) -> None:
        """End every process that is left."""
        for server in self.servers.values():
            server.close()

    def _workers(self) -> Iterator[Worker]:
        return chain.from_iterable(server.workers for server in self.servers.values())

    def _server(self, name: str, declaration: Declaration) -> ForkServer:
        declared = declaration.platforms[name]
        return ForkServer(
            name,
            declared.driver,
            declared.worker.memory_mb,
            declaration.log,
            sandbox.declared(declaration.workers.sandbox, declared, self._redis_url),
        )

    async def _run(self, name: str, server: ForkServer, declared: Platform) -> None:
        with self._scopes[name]:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep, server)
                if declared.mode == "stateless":
                    assert self._users is not None
                    for _ in range(declared.worker.pool_size):
                        keeper = PoolKeeper(
                            server,
                            self._specs,
                            self._users,
                            name,
                            name,
                            name,
                            self.backoff(),
                            self._metrics,
                            self._recent,
                        )
                        self.pools.append(keeper)
                        tasks.start_soon(keeper.run)

    async def _remove(self, name: str, seconds: float) -> None:
        async with anyio.create_task_group() as leaving:
            for keeper in [keeper for keeper in self.pools if keeper.platform == name]:
                self.pools.remove(keeper)
                leaving.start_soon(keeper.stop, seconds)
        self._scopes.pop(name).cancel()
        self.servers.pop(name).close()

    async def _keep(self, server: ForkServer) -> None:
        backoff = self.backoff()
        while True:
            started = anyio.current_time()
            await server.serve()
            self._metrics.fork_servers.labels(server.platform).inc()
            self._log.error("fork server ended; its workers with it", platform=server.platform)
            await self._start_again(server, backoff, lived=anyio.current_time() - started)

    async def _start_again(self, server: ForkServer, backoff: Backoff, lived: float) -> None:
        while True:
            await anyio.sleep(backoff.died(lived))
            try:
                await server.start()
                return
            except (ForkServerGone, OSError) as error:
                self._log.error("fork server does not start", platform=server.platform, error=str(error))
                lived = 0.0
