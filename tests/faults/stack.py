"""The real thing in pieces, each a process that can be hit: Redis, a gateway, workers, an IRC server."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import anyio
import redis

from tests.support.deployment import descendants, login_workers
from tests.support.halves import Half, declare, half
from tests.support.redis import MortalRedis, run_mortal_redis

LEASE_SECONDS = 2.0

BUSY = """
local began = redis.call('TIME')[1] + 0
while redis.call('TIME')[1] - began < {seconds} do end
"""


class Stack:
    """What runs, and how it is hit. ``chance`` decides how long a fault lasts."""

    def __init__(self, folder: Path, server: MortalRedis, chance: Random) -> None:
        self.redis = server
        self.chance = chance
        self._folder = folder
        self._parts = ExitStack()
        self.gateway: Half
        self.workers: Half

    def start(self) -> None:
        self.workers = self._parts.enter_context(half("workers", self._folder))
        self.gateway = self._parts.enter_context(half("gateway", self._folder))

    def stop(self) -> None:
        self._parts.close()

    async def kill_worker(self) -> None:
        """The login's own process."""
        for pid in login_workers(descendants(self.workers.process.pid), "irc"):
            os.kill(pid, signal.SIGKILL)

    async def kill_fork_server(self) -> None:
        """With it go all workers of its platform."""
        for pid, command in descendants(self.workers.process.pid).items():
            if "zygote" in command:
                os.kill(pid, signal.SIGKILL)

    async def kill_workers(self) -> None:
        """The whole machine that runs workers; another takes its place."""
        self.workers.process.kill()
        await anyio.to_thread.run_sync(self._restart_workers)

    async def restart_workers(self) -> None:
        """As in an upgrade."""
        self.workers.process.terminate()
        await anyio.to_thread.run_sync(self._restart_workers)

    async def freeze_redis(self) -> None:
        """It does not answer for a while, as behind a network that is cut."""
        pid = self.redis.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await anyio.sleep(self.chance.uniform(0.2, 4.0))
        finally:
            os.kill(pid, signal.SIGCONT)

    async def kill_redis(self) -> None:
        self.redis.kill()
        await anyio.sleep(self.chance.uniform(0.0, 1.0))
        await anyio.to_thread.run_sync(self.redis.start)

    async def fill_redis(self) -> None:
        """It has no room for anything more."""
        with redis.Redis.from_url(self.redis.url) as client:
            client.config_set("maxmemory", 1)
            await anyio.sleep(self.chance.uniform(0.2, 2.0))
            client.config_set("maxmemory", 0)

    async def demote_redis(self) -> None:
        """Its writes are refused, as those of a replica."""
        with redis.Redis.from_url(self.redis.url) as client:
            client.replicaof("127.0.0.1", 1)
            await anyio.sleep(self.chance.uniform(0.2, 2.0))
            client.replicaof("no", "one")

    async def busy_redis(self) -> None:
        """A script keeps it from doing anything else."""
        with redis.Redis.from_url(self.redis.url) as client:
            seconds = self.chance.uniform(0.2, 2.0)
            client.config_set("busy-reply-threshold", 50)
            work = BUSY.format(seconds=round(seconds + 1))
            await anyio.to_thread.run_sync(lambda: client.eval(work, 0))

    def _restart_workers(self) -> None:
        self.workers.process.wait()
        self.workers = self._parts.enter_context(half("workers", self._folder))


@asynccontextmanager
async def running(folder: Path, chance: Random) -> AsyncIterator[Stack]:
    """All of it, on a Redis that writes everything down."""
    with run_mortal_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        declare(
            folder,
            server.url,
            {"workers": {"lease_seconds": LEASE_SECONDS}, "platforms": {"irc": {"options": {"flood_rate": 0}}}},
        )
        stack = Stack(folder, server, chance)
        try:
            await anyio.to_thread.run_sync(stack.start)
            yield stack
        finally:
            stack.stop()


Fault = Callable[[Stack], object]
