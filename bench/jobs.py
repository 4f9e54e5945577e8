"""The queue alone: its asyncio worker, beside Dramatiq's stock broker and worker, and a bare stream as the floor.

All in one run, each on a Redis of its own, one queue, one job at a time. The worker runs in the process that enqueues:
the asyncio one on its loop, the stock one on a thread, as each of them is used.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import anyio
import dramatiq
import redis
import uvloop
from dramatiq.brokers.redis import RedisBroker

from sockethub.jobs import AsyncProducer, AsyncWorker, StreamBroker, linked
from tests.support.redis import run_redis

QUEUE: Final = "bench"
BODY: Final = "x" * 400
"""About what a sealed `send` is."""

IDLE_ROUNDS: Final = 5
IDLE_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 5.0
TICK: Final = 1_000

Done = Callable[[int], None]
Send = Callable[[int], Awaitable[None]]
Setting = Callable[[str, Done], AbstractAsyncContextManager[Send]]


@dataclass(frozen=True)
class Figures:
    """One column."""

    round_trip_ms: float
    after_idle_ms: float
    jobs_per_second: float
    idle_commands_per_second: float
    held_ms: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="jobs for the rate; a quarter for the round trips")
    count = parser.parse_args().count
    columns = {"AsyncWorker": asyncio_worker, "stock Dramatiq": stock, "bare stream": floor}
    figures = {}
    for name, setting in columns.items():
        with run_redis() as server:
            figures[name] = uvloop.run(measure(setting, server.url, count))
    print(f"{'':34}" + "".join(f"{name:>16}" for name in figures))
    for text, member in (
        ("round trip, one by one, p50, ms", "round_trip_ms"),
        ("round trip after 1 s idle, p50, ms", "after_idle_ms"),
        ("jobs/s", "jobs_per_second"),
        ("Redis commands/s when idle", "idle_commands_per_second"),
        ("1,000 at once hold the loop, ms", "held_ms"),
    ):
        print(f"{text:34}" + "".join(f"{getattr(each, member):16,.2f}" for each in figures.values()))


async def measure(setting: Setting, url: str, count: int) -> Figures:
    """All figures of one way to run jobs."""
    loop = asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[None]] = {}

    def done(number: int) -> None:
        future = waiting.pop(number)
        if not future.done():
            future.set_result(None)

    async with setting(url, done) as send:

        async def round_trip(number: int) -> float:
            begun = time.perf_counter()
            future = waiting[number] = loop.create_future()
            await send(number)
            await asyncio.wait_for(future, 60)
            return (time.perf_counter() - begun) * 1e3

        for number in range(50):
            await round_trip(number)
        each = [await round_trip(number) for number in range(count // 4)]
        late = []
        for number in range(IDLE_ROUNDS):
            await asyncio.sleep(IDLE_SECONDS)
            late.append(await round_trip(number))
        begun = time.perf_counter()
        await asyncio.gather(*(round_trip(number) for number in range(count)))
        rate = count / (time.perf_counter() - begun)
        quiet = await idle(url)
        held = await longest_hold(asyncio.gather(*(round_trip(number) for number in range(TICK))))
        return Figures(median(each), median(late), rate, quiet, held)


async def idle(url: str) -> float:
    """Redis commands a second while there is nothing to do, this question's own aside."""
    with redis.Redis.from_url(url) as client:
        client.ping()
        before: Any = client.info("stats")
        await asyncio.sleep(QUIET_SECONDS)
        after: Any = client.info("stats")
    commands: int = after["total_commands_processed"] - before["total_commands_processed"] - 1
    return commands / QUIET_SECONDS


async def longest_hold(work: Awaitable[Any]) -> float:
    """Milliseconds that nothing else on the loop could run, at worst, while ``work`` was done."""
    longest, last = 0.0, time.perf_counter()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    ticker = asyncio.create_task(tick())
    await work
    ticker.cancel()
    return longest * 1e3


@asynccontextmanager
async def asyncio_worker(url: str, done: Done) -> AsyncIterator[Send]:
    """What Sockethub runs."""

    async def act(number: int, body: str) -> None:
        done(number)

    broker = StreamBroker("", middleware=[])
    dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(act)
    async with (
        linked(url) as outgoing,
        linked(url) as link,
        linked(url, blocking=True) as blocking,
        anyio.create_task_group() as tasks,
    ):
        producer = AsyncProducer(outgoing)

        async def send(number: int) -> None:
            await producer.enqueue(dramatiq.Message(QUEUE, "act", (number, BODY), {}, {}), max_length=100_000)

        worker = AsyncWorker(broker, QUEUE, link=link, blocking=blocking, consumer="bench")
        tasks.start_soon(worker.run)
        yield send
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def stock(url: str, done: Done) -> AsyncIterator[Send]:
    """Dramatiq's own broker and worker, one thread; enqueueing blocks, so it is done on a thread as well."""
    loop = asyncio.get_running_loop()
    broker = RedisBroker(url=url)  # type: ignore[no-untyped-call]

    def act(number: int, body: str) -> None:
        loop.call_soon_threadsafe(done, number)

    actor = dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(act)
    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    lock = threading.Lock()

    def enqueue(number: int) -> None:
        with lock:
            actor.send(number, BODY)

    async def send(number: int) -> None:
        await asyncio.to_thread(enqueue, number)

    try:
        yield send
    finally:
        worker.stop()
        broker.close()


@asynccontextmanager
async def floor(url: str, done: Done) -> AsyncIterator[Send]:
    """XADD, XREADGROUP, XACK and XDEL, and nothing else: no message, no bound, no recovery."""
    async with (
        linked(url) as outgoing,
        linked(url) as link,
        linked(url, blocking=True) as blocking,
        anyio.create_task_group() as tasks,
    ):
        await link.call("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")

        async def work() -> None:
            read = ("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "BLOCK", 60_000, "STREAMS", "s", ">")
            while True:
                answer = await blocking.call(*read)
                for entry, fields in answer[0][1] if answer else ():
                    done(int(fields[1]))
                    await link.batch(("XDEL", "s", entry), ("XACK", "s", "g", entry))

        async def send(number: int) -> None:
            await outgoing.call("XADD", "s", "*", "n", number, "m", BODY)

        tasks.start_soon(work)
        yield send
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    main()
