"""The real thing in pieces, each a process, with a network between them that a test has in its hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import anyio
import redis

from sockethub import redis_keys
from sockethub.jobs.commands import ENQUEUE
from sockethub.jobs.link import digest
from tests.faults.services import Service
from tests.support.clock import Clock
from tests.support.deployment import descendants, fork_servers, login_workers
from tests.support.halves import Half, declare, half
from tests.support.processes import PATIENCE
from tests.support.redis import PASSWORD, MortalRedis, run_mortal_redis
from tests.support.tcpproxy import TcpProxy, proxy_to

LEASE_SECONDS = 2.0
RESTART_SECONDS = 1.0
"""Until what is killed again and again is started again: it would be for longer each time, as suits what is broken."""
LEAVING_SECONDS = 20.0 * PATIENCE
"""Within which a login that was told to disconnect is gone; on a machine that does other things too."""
ENQUEUED = digest(ENQUEUE).encode()
"""What puts a command on a queue, as it goes over the wire."""

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class Stack:
    """What runs: Redis, a gateway, workers; ``chance`` decides how long a fault lasts.

    Between them: ``front``, by which the client that is hit reaches the gateway, and ``side`` for the bystander;
    ``service`` from the login that is hit to its server; ``gateway_redis`` and ``workers_redis``.
    """

    front: TcpProxy
    side: TcpProxy
    service: TcpProxy
    gateway_redis: TcpProxy
    workers_redis: TcpProxy
    gateway: Half
    workers: Half
    worker: int
    """The process of the login that is hit."""
    queue: bytes
    """The Redis key of its queue."""

    def __init__(
        self, folder: Path, server: MortalRedis, chance: Random, platform: str, longest: float, clocks: Clocks | None
    ) -> None:
        self.redis = server
        self.chance = chance
        self.clocks = clocks
        self._folder = folder
        self._platform = platform
        self._longest = longest
        self._parts: list[tuple[Half, ExitStack]] = []
        self._limiter = anyio.CapacityLimiter(2)

    async def start(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._start_workers)
            await self.move_in(await self.another("gateway"))

    async def _start_workers(self) -> None:
        self.workers = await self.another("workers")

    async def another(self, command: str) -> Half:
        """Start one more process of a kind; it runs until the end of the run, if nothing ends it before."""
        redis = self.gateway_redis if command == "gateway" else self.workers_redis
        clock = self.clocks and (self.clocks.gateway if command == "gateway" else self.clocks.workers)
        url = f"redis://:{PASSWORD}@{redis.host}:{redis.port}/0"
        part = ExitStack()
        start = half(command, self._folder, url, clock and clock.environment)
        new = await anyio.to_thread.run_sync(lambda: part.enter_context(start), limiter=self._limiter)
        self._parts.append((new, part))
        return new

    async def tidy(self) -> None:
        """End what a fault has had replaced: there is one of each kind again. And it is the same time everywhere."""
        if self.clocks is not None:
            for clock in (self.clocks.gateway, self.clocks.workers, self.clocks.redis):
                clock.shift(0)
        current = (self.gateway, self.workers)
        await self._end([part for part in self._parts if part[0] not in current])

    async def empty(self) -> None:
        """Return once no login runs any more."""
        with redis.Redis.from_url(self.redis.url) as client, anyio.fail_after(LEAVING_SECONDS):
            while client.hlen(redis_keys.SUPERVISOR_LOGINS) or self.login_workers():  # noqa: ASYNC110 - nobody tells
                await anyio.sleep(0.01)

    async def move_in(self, gateway: Half) -> None:
        """Let clients who connect from now on reach this gateway."""
        self.gateway = gateway
        address = urlsplit(gateway.websocket)
        assert address.hostname is not None
        assert address.port is not None
        self.front.to = self.side.to = (address.hostname, address.port)

    def aim(self) -> None:
        """Take the one login that there is as the one that is hit."""
        (self.worker,) = self.login_workers()
        with redis.Redis.from_url(self.redis.url) as client:
            queues = {name.decode() for name in client.scan_iter(redis_keys.queue("*"))}
            (login,) = client.hkeys(redis_keys.SUPERVISOR_LOGINS)
        (queue,) = (name for name in queues if login.decode() in name) if len(queues) > 1 else queues
        self.queue = queue.encode()

    def queued(self, outward: bool, data: bytes) -> bool:
        return outward and self.queue in data and ENQUEUED in data

    def fetched(self, outward: bool, data: bytes) -> bool:
        return not outward and self.queue in data

    def settles(self, outward: bool, data: bytes) -> bool:
        return outward and self.queue in data and b"XACK" in data

    def login_workers(self) -> set[int]:
        return login_workers(descendants(self.workers.process.pid), self._platform)

    async def fork_server(self) -> int:
        """The process that the login workers of the platform are children of."""
        return next(iter(await _some(lambda: fork_servers(descendants(self.workers.process.pid), self._platform))))

    async def some_login_workers(self) -> set[int]:
        return await _some(self.login_workers)

    def moment(self, least: float, most: float) -> float:
        """Seconds that a fault lasts."""
        return min(self._longest, self.chance.uniform(least, most))

    def url(self, proxy: TcpProxy) -> str:
        """Where a client connects."""
        return f"ws://{proxy.host}:{proxy.port}{urlsplit(self.gateway.websocket).path}"

    async def stop(self) -> None:
        await self._end(self._parts)

    async def _end(self, parts: Sequence[tuple[Half, ExitStack]]) -> None:
        async with anyio.create_task_group() as tasks:
            for each in list(parts):
                self._parts.remove(each)
                tasks.start_soon(anyio.to_thread.run_sync, each[1].close)


async def _some(find: Callable[[], set[int]]) -> set[int]:
    """What there is, once there is any: it may be replaced at this moment."""
    with anyio.fail_after(20 * PATIENCE):
        while not (found := find()):  # noqa: ASYNC110 - the kernel tells nobody
            await anyio.sleep(0.02)
    return found


async def gone(pid: int, within: float = 20.0) -> None:
    """Return once a process has ended."""
    with anyio.fail_after(within * PATIENCE):
        while os.path.exists(f"/proc/{pid}"):  # noqa: ASYNC110 - the kernel tells its parent alone
            await anyio.sleep(0.01)


@dataclass(frozen=True)
class Clocks:
    """The time of day of each machine."""

    gateway: Clock
    workers: Clock
    redis: Clock

    @classmethod
    def below(cls, folder: Path) -> Clocks:
        return cls(*(Clock(folder / f"clock-of-{name}") for name in ("gateway", "workers", "redis")))


@asynccontextmanager
async def running(
    folder: Path, chance: Random, service: Service, *, longest: float = float("inf"), clocks: bool = False
) -> AsyncIterator[Stack]:
    """All of it, on a Redis that writes everything down; faults last ``longest`` s. With ``clocks`` each machine has
    one that can be set, and a worker may read when it was (it is not fenced in)."""
    own = Clocks.below(folder) if clocks else None
    with run_mortal_redis(*DURABLE, clock=own and own.redis) as server:
        declare(
            folder,
            server.url,
            {
                "gateway": {"rate": {"events": 10_000}},  # not what is tested here
                "workers": {"lease_seconds": LEASE_SECONDS, "restart_delay_max_seconds": RESTART_SECONDS}
                | ({"sandbox": "off"} if clocks else {}),
                "platforms": {service.platform: {"options": service.options}},
            },
            only=service.platform,
        )
        stack = Stack(folder, server, chance, service.platform, longest, own)
        async with AsyncExitStack() as network:
            stack.gateway_redis = await network.enter_async_context(proxy_to(str(server.socket)))
            stack.workers_redis = await network.enter_async_context(proxy_to(str(server.socket)))
            stack.service = await network.enter_async_context(proxy_to((service.host, service.port)))
            stack.front = await network.enter_async_context(proxy_to(("", 0)))
            stack.side = await network.enter_async_context(proxy_to(("", 0)))
            try:
                await stack.start()
                yield stack
            finally:
                # The halves still talk by way of the proxies while they leave.
                with anyio.CancelScope(shield=True):
                    await stack.stop()
