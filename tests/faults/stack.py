"""The real thing in pieces, each a process, with a network between them that a test has in its hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import anyio
import redis

from sockethub import redis_keys
from tests.faults.services import Service
from tests.support.deployment import descendants, fork_servers, login_workers
from tests.support.halves import Half, declare, half
from tests.support.redis import MortalRedis, run_mortal_redis
from tests.support.tcpproxy import TcpProxy, proxy_to

LEASE_SECONDS = 2.0
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

    def __init__(self, folder: Path, server: MortalRedis, chance: Random, platform: str, longest: float) -> None:
        self.redis = server
        self.chance = chance
        self._folder = folder
        self._platform = platform
        self._longest = longest
        self._parts = ExitStack()
        self._limiter = anyio.CapacityLimiter(1)

    async def start(self) -> None:
        self.workers = await self.another("workers")
        await self.move_in(await self.another("gateway"))

    async def another(self, command: str) -> Half:
        """Start one more process of a kind; it runs until the end of the run, if nothing ends it before."""
        redis = self.gateway_redis if command == "gateway" else self.workers_redis
        url = f"redis://{redis.host}:{redis.port}/0"
        enter = self._parts.enter_context
        return await anyio.to_thread.run_sync(lambda: enter(half(command, self._folder, url)), limiter=self._limiter)

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
        return outward and self.queue in data and b"XADD" in data

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

    def stop(self) -> None:
        self._parts.close()


async def _some(find: Callable[[], set[int]]) -> set[int]:
    """What there is, once there is any: it may be replaced at this moment."""
    with anyio.fail_after(20):
        while not (found := find()):  # noqa: ASYNC110 - the kernel tells nobody
            await anyio.sleep(0.02)
    return found


async def gone(pid: int, within: float = 20.0) -> None:
    """Return once a process has ended."""
    with anyio.fail_after(within):
        while os.path.exists(f"/proc/{pid}"):  # noqa: ASYNC110 - the kernel tells its parent alone
            await anyio.sleep(0.01)


@asynccontextmanager
async def running(
    folder: Path, chance: Random, service: Service, options: dict[str, Any], *, longest: float = float("inf")
) -> AsyncIterator[Stack]:
    """All of it, on a Redis that writes everything down; ``options`` are the platform's; faults last ``longest`` s."""
    with run_mortal_redis(*DURABLE) as server:
        declare(
            folder,
            server.url,
            {
                "gateway": {"rate": {"events": 10_000}},  # not what is tested here
                "workers": {"lease_seconds": LEASE_SECONDS},
                "platforms": {service.platform: {"options": options}},
            },
        )
        stack = Stack(folder, server, chance, service.platform, longest)
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
                    await anyio.to_thread.run_sync(stack.stop)
