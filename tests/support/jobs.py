"""A queue under test: a worker for as long as a block lasts, messages, waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import dramatiq

from sockethub.jobs import AsyncProducer, AsyncWorker, StreamBroker, connect, linked
from sockethub.jobs.names import Naming

QUEUE = "q"
STREAM = Naming().stream(QUEUE)
DEAD = Naming().dead(QUEUE)
WITHIN_SECONDS = 10.0

Actor = Callable[..., Awaitable[None]]


def message(number: int) -> dramatiq.Message[Any]:
    return dramatiq.Message(QUEUE, "act", (number,), {}, {})


@asynccontextmanager
async def working(url: str, actor: Actor, *, consumer: str = "one", **options: Any) -> AsyncIterator[AsyncWorker]:
    """A worker that runs ``actor`` on every message until the block ends."""
    broker = StreamBroker("", middleware=[])
    dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(actor)
    async with linked(url) as link, linked(url, blocking=True) as blocking, anyio.create_task_group() as tasks:
        worker = AsyncWorker(broker, QUEUE, link=link, blocking=blocking, consumer=consumer, **options)
        tasks.start_soon(worker.run)
        yield worker
        tasks.cancel_scope.cancel()


async def enqueue(url: str, *numbers: int, max_length: int = 1_000) -> None:
    async with linked(url) as link:
        producer = AsyncProducer(link)
        for number in numbers:
            await producer.enqueue(message(number), max_length=max_length)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(WITHIN_SECONDS):
        while not condition():  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.005)


async def empty(url: str) -> None:
    async with connect(url) as client:
        with anyio.fail_after(WITHIN_SECONDS):
            while await client.xlen(STREAM):  # noqa: ASYNC110 - Redis tells nobody
                await anyio.sleep(0.005)
