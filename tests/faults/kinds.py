"""The faults: what is hit, how, and what may come of it. Each returns when what it did is over, or could be mended."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import anyio
import pytest
import redis

from sockethub.sessions.store import BEAT_SECONDS
from tests.faults.houses import Sort
from tests.faults.stack import LEASE_SECONDS, Clocks, Stack, gone
from tests.support.clock import Clock
from tests.support.deployment import descendants
from tests.support.processes import PATIENCE
from tests.support.tcpproxy import TcpProxy

Hit = Callable[[Stack], Awaitable[None]]
Passing = Callable[[bool, bytes], bool]
"""Whether it goes to the server, and what it is."""

PRIVMSG = b"PRIVMSG #"
WATCH_SECONDS = 10.0 * PATIENCE


@dataclass(frozen=True)
class Kind:
    """``spares_others``: a second login, by a second client, notices nothing. ``hears_all``: the login is in its room
    all the time, so that its client has to hear everything, if it could resume its session."""

    hit: Hit
    spares_others: bool = False
    hears_all: bool = False
    house: Sort = "standing"


async def nothing(stack: Stack) -> None:
    """The control."""


# Processes


async def kill_worker(stack: Stack) -> None:
    """The login's own process."""
    os.kill(stack.worker, signal.SIGKILL)
    await gone(stack.worker)


async def kill_login_workers(stack: Stack) -> None:
    """Whichever there are."""
    for pid in await stack.some_login_workers():
        os.kill(pid, signal.SIGKILL)


async def stop_worker(stack: Stack) -> None:
    """It hangs, until its supervisor makes an end of it."""
    os.kill(stack.worker, signal.SIGSTOP)
    await gone(stack.worker)


async def kill_fork_server(stack: Stack) -> None:
    """With it go all workers of its platform."""
    server = await stack.fork_server()
    os.kill(server, signal.SIGKILL)
    await gone(server)


async def stop_supervisor(stack: Stack) -> None:
    """For longer than a lease: its workers hold theirs themselves."""
    async with _stopped(stack.workers.process.pid):
        await anyio.sleep(stack.moment(0.2, 2 * LEASE_SECONDS))


async def stop_machine(stack: Stack) -> None:
    """A whole machine of workers freezes, and wakes up when another has taken its logins over."""
    pids = [stack.workers.process.pid, *descendants(stack.workers.process.pid)]
    other = await stack.another("workers")
    async with _stopped(*pids):
        await anyio.sleep(stack.moment(1.5 * LEASE_SECONDS, 2.5 * LEASE_SECONDS))
    stack.workers = other


async def kill_machine(stack: Stack) -> None:
    """The whole machine that runs workers; another takes its place."""
    stack.workers.process.kill()
    await anyio.to_thread.run_sync(stack.workers.process.wait)
    stack.workers = await stack.another("workers")


async def restart_workers(stack: Stack) -> None:
    """As in an upgrade."""
    stack.workers.process.terminate()
    await anyio.to_thread.run_sync(stack.workers.process.wait)
    stack.workers = await stack.another("workers")


async def kill_gateway(stack: Stack) -> None:
    """Another is started in its place."""
    stack.gateway.process.kill()
    await anyio.to_thread.run_sync(stack.gateway.process.wait)
    await stack.move_in(await stack.another("gateway"))


async def restart_gateway(stack: Stack) -> None:
    """As in an upgrade: the new one takes clients before the old one lets go of its own."""
    old = stack.gateway
    await stack.move_in(await stack.another("gateway"))
    old.process.terminate()
    assert await anyio.to_thread.run_sync(old.process.wait) == 0, old.log


async def stop_gateway(stack: Stack) -> None:
    async with _stopped(stack.gateway.process.pid):
        await anyio.sleep(stack.moment(0.2, 4.0))


async def exhaust_gateway(stack: Stack) -> None:
    """It can open no further file, so nobody new gets in; for as long as it takes to give a sign of life."""
    async with AsyncExitStack() as strangers, _no_more_files(stack.gateway.process.pid):
        for _ in range(5):
            await strangers.enter_async_context(await anyio.connect_tcp(*_address(stack.side)))
        await anyio.sleep(BEAT_SECONDS + stack.moment(0.1, 1.0))


async def exhaust_supervisor(stack: Stack) -> None:
    """A worker has died, and the supervisor can open no file to replace it."""
    async with _no_more_files(stack.workers.process.pid):
        await kill_worker(stack)
        await anyio.sleep(stack.moment(0.1, 2.0))


# A worker, at each step of one command: what passes between it and others tells where it is


async def kill_before_fetch(stack: Stack) -> None:
    """The gateway puts a command into a queue that nobody reads any more."""
    await _kill_worker_when(stack, stack.gateway_redis, stack.queued)


async def kill_fetched(stack: Stack) -> None:
    """Redis has given it a command, which it never gets."""
    await _kill_worker_when(stack, stack.workers_redis, stack.fetched)


async def kill_before_write(stack: Stack) -> None:
    """It has noted that it begins to write; nothing arrives."""
    await _kill_worker_when(stack, stack.service, _writes, lambda data: data[: data.index(PRIVMSG)])


async def kill_mid_write(stack: Stack) -> None:
    """Half a line arrives."""
    await _kill_worker_when(stack, stack.service, _writes, lambda data: data[: data.index(PRIVMSG) + 20])


async def kill_written(stack: Stack) -> None:
    """The server has it; nobody is told."""
    await _kill_worker_when(stack, stack.service, _writes)


async def kill_before_settle(stack: Stack) -> None:
    """The server has confirmed; that it is done does not arrive at Redis."""
    await _kill_worker_when(stack, stack.workers_redis, stack.settles, lambda data: b"")


async def kill_settled(stack: Stack) -> None:
    """All is done and told."""
    await _kill_worker_when(stack, stack.workers_redis, stack.settles)


# Networks


async def cut_client(stack: Stack) -> None:
    stack.front.cut()


async def silence_client(stack: Stack) -> None:
    """Nothing gets through, and nobody is told."""
    await _silent(stack, stack.front)


async def cut_service(stack: Stack) -> None:
    stack.service.cut()


async def silence_service(stack: Stack) -> None:
    await _silent(stack, stack.service)


async def lose_service(stack: Stack) -> None:
    """Gone, and not there for a while."""
    await _away(stack, stack.service)


async def part_gateway(stack: Stack) -> None:
    """A gateway that cannot reach Redis."""
    await _away(stack, stack.gateway_redis)


async def part_workers(stack: Stack) -> None:
    await _away(stack, stack.workers_redis)


async def silence_redis(stack: Stack) -> None:
    """A network that swallows what is for Redis."""
    stack.workers_redis.hold()
    await _silent(stack, stack.gateway_redis)
    stack.workers_redis.release()


async def slow_redis(stack: Stack) -> None:
    """Half a second each way."""
    ways = (stack.gateway_redis, stack.workers_redis)
    for way in ways:
        way.delay = 0.5
    await anyio.sleep(stack.moment(1.0, 4.0))
    for way in ways:
        way.delay = 0.0


# Redis


async def stop_redis(stack: Stack) -> None:
    async with _stopped(stack.redis.pid):
        await anyio.sleep(stack.moment(0.2, 4.0))


async def kill_redis(stack: Stack) -> None:
    stack.redis.kill()
    await anyio.sleep(stack.moment(0.0, 1.0))
    await anyio.to_thread.run_sync(stack.redis.start)


async def fill_redis(stack: Stack) -> None:
    """It has no room for anything more."""
    with redis.Redis.from_url(stack.redis.url) as client:
        client.config_set("maxmemory", 1)
        await anyio.sleep(stack.moment(0.2, 2.0))
        client.config_set("maxmemory", 0)


async def fill_disk(stack: Stack) -> None:
    """Its file cannot grow any more, as on a full disk."""
    with redis.Redis.from_url(stack.redis.url) as client:
        client.config_set("appendfsync", "everysec")  # with `always` it ends at the first write that fails
        async with _file_that_cannot_grow(stack.redis.pid, stack.redis.size):
            await anyio.sleep(stack.moment(1.0, 3.0))
        client.config_set("appendfsync", "always")


async def demote_redis(stack: Stack) -> None:
    """Its writes are refused, as those of a replica."""
    with redis.Redis.from_url(stack.redis.url) as client:
        client.replicaof("127.0.0.1", 1)
        await anyio.sleep(stack.moment(0.2, 2.0))
        client.replicaof("no", "one")


async def busy_redis(stack: Stack) -> None:
    """A script keeps it from doing anything else, until somebody kills the script."""
    with redis.Redis.from_url(stack.redis.url) as client, redis.Redis.from_url(stack.redis.url) as killer:
        client.config_set("busy-reply-threshold", 50)

        def forever() -> None:
            with pytest.raises(redis.ResponseError, match=r"(?i)killed"):
                client.eval("while true do end", 0)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, forever)
            await anyio.sleep(stack.moment(0.2, 2.0))
            killer.script_kill()


# Clocks: those that people and time servers set


def set_clock(whose: Callable[[Clocks], Clock]) -> Hit:
    """An hour forwards or backwards, as in a summer time that somebody has set by hand."""

    async def hit(stack: Stack) -> None:
        assert stack.clocks is not None
        whose(stack.clocks).shift(stack.chance.choice((-3600, 3600)))
        await anyio.sleep(stack.moment(0.5, LEASE_SECONDS))

    return hit


ON_ANY_SERVICE = {
    "nothing": Kind(nothing, spares_others=True, hears_all=True),
    "kill -9 worker": Kind(kill_worker, spares_others=True),
    "kill -9 worker: queued": Kind(kill_before_fetch, spares_others=True),
    "kill -9 worker: fetched": Kind(kill_fetched, spares_others=True),
    "kill -9 worker: not settled": Kind(kill_before_settle, spares_others=True),
    "kill -9 worker: settled": Kind(kill_settled, spares_others=True),
    "stop worker": Kind(stop_worker, spares_others=True),
    "kill -9 fork server": Kind(kill_fork_server, house="own"),  # the next time, it waits before it starts another
    "stop supervisor": Kind(stop_supervisor, spares_others=True, hears_all=True),
    "no files left for a new worker": Kind(exhaust_supervisor, spares_others=True),
    "stop workers' machine": Kind(stop_machine),
    "kill -9 workers' machine": Kind(kill_machine),
    "restart workers": Kind(restart_workers),
    "kill -9 gateway": Kind(kill_gateway, hears_all=True),
    "restart gateway": Kind(restart_gateway, hears_all=True),
    "stop gateway": Kind(stop_gateway, hears_all=True),
    "no files left for clients": Kind(exhaust_gateway, spares_others=True, hears_all=True),
    "cut client": Kind(cut_client, spares_others=True, hears_all=True),
    "silent client": Kind(silence_client, spares_others=True, hears_all=True),
    "cut service": Kind(cut_service, spares_others=True),
    "silent service": Kind(silence_service, spares_others=True, hears_all=True),
    "service away": Kind(lose_service, spares_others=True),
    "gateway cut from Redis": Kind(part_gateway, hears_all=True),
    "workers cut from Redis": Kind(part_workers, hears_all=True),
    "silent Redis": Kind(silence_redis, hears_all=True),
    "slow Redis": Kind(slow_redis, hears_all=True),
    "stop Redis": Kind(stop_redis, hears_all=True),
    "kill -9 Redis": Kind(kill_redis, hears_all=True),
    "Redis out of memory": Kind(fill_redis, hears_all=True),
    "Redis's disk full": Kind(fill_disk, hears_all=True),
    "Redis read-only": Kind(demote_redis, hears_all=True),
    "Redis busy": Kind(busy_redis, hears_all=True),
    "gateway's clock is set": Kind(
        set_clock(lambda all_: all_.gateway), spares_others=True, hears_all=True, house="clocks"
    ),
    "workers' clock is set": Kind(
        set_clock(lambda all_: all_.workers), spares_others=True, hears_all=True, house="clocks"
    ),
    "Redis's clock is set": Kind(
        set_clock(lambda all_: all_.redis), spares_others=True, hears_all=True, house="clocks"
    ),
}
WHERE_THE_WIRE_CAN_BE_READ = {
    "kill -9 worker: not written": Kind(kill_before_write, spares_others=True),
    "kill -9 worker: half written": Kind(kill_mid_write, spares_others=True),
    "kill -9 worker: written": Kind(kill_written, spares_others=True),
}
KINDS = ON_ANY_SERVICE | WHERE_THE_WIRE_CAN_BE_READ


def _writes(outward: bool, data: bytes) -> bool:
    return outward and PRIVMSG in data


async def _kill_worker_when(
    stack: Stack, way: TcpProxy, wanted: Passing, then: Callable[[bytes], bytes] = lambda data: data
) -> None:
    """Kill it before what is ``wanted`` passes; ``then`` says what does pass."""
    hit = anyio.Event()

    async def watch(outward: bool, data: bytes) -> bytes:
        if hit.is_set() or not wanted(outward, data):
            return data
        hit.set()
        passes = then(data)
        await kill_worker(stack)
        return passes

    way.watch = watch
    with anyio.fail_after(WATCH_SECONDS):
        await hit.wait()
        await gone(stack.worker)
    way.watch = None


def _address(proxy: TcpProxy) -> tuple[str, int]:
    assert isinstance(proxy.to, tuple)
    return proxy.to


async def _silent(stack: Stack, way: TcpProxy) -> None:
    way.hold()
    await anyio.sleep(stack.moment(0.2, 4.0))
    way.release()


async def _away(stack: Stack, way: TcpProxy) -> None:
    way.refuse(True)
    way.cut()
    await anyio.sleep(stack.moment(0.2, 4.0))
    way.refuse(False)


@asynccontextmanager
async def _stopped(*pids: int) -> AsyncIterator[None]:
    """One of many may end by itself meanwhile."""
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: tuple[int, ...], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@asynccontextmanager
async def _file_that_cannot_grow(pid: int, size: int) -> AsyncIterator[None]:
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@asynccontextmanager
async def _no_more_files(pid: int) -> AsyncIterator[None]:
    """Every number a new file could have is beyond the limit."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
