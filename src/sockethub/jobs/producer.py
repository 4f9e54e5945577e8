"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import dramatiq
import redis
import redis.asyncio

from sockethub.errors import QueueFull, QueueUnavailable
from sockethub.jobs import commands
from sockethub.jobs.names import Naming

BATCH: Final = 500
"""Messages in one pipeline; more wait for the next, so that one write stays short."""

DEADLINE_SECONDS: Final = 2.0
"""How long an enqueue may take before the client is told that the queue cannot be reached."""


class AsyncProducer:
    """Puts Dramatiq messages on their streams. One task owns the writing; many may enqueue at once."""

    def __init__(self, client: redis.asyncio.Redis, *, naming: Naming | None = None) -> None:
        self._client = client
        self._naming = naming or Naming()
        self._waiting: list[tuple[asyncio.Future[None], str, bytes, int]] = []
        self._writer: asyncio.Task[None] | None = None

    async def enqueue(self, message: dramatiq.Message[Any], *, max_length: int) -> None:
        """Put ``message`` on its queue.

        Raises :class:`~sockethub.errors.QueueFull` at ``max_length`` waiting messages, and
        :class:`~sockethub.errors.QueueUnavailable` when Redis does not take it in time. Never tried twice.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, message.queue_name, message.encode(), max_length))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await future
        except TimeoutError:
            raise QueueUnavailable("the queue does not answer; try again") from None

    async def aclose(self) -> None:
        """Wait for what is being written."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                answers = await self._send(batch)
            except redis.RedisError as error:
                for future, *_ in batch:
                    _fail(future, QueueUnavailable(f"the queue cannot be reached ({type(error).__name__}); try again"))
                continue
            for (future, queue, _, limit), answer in zip(batch, answers, strict=True):
                _settle(future, queue, limit, answer)

    async def _send(self, batch: list[tuple[asyncio.Future[None], str, bytes, int]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for _, queue, message, limit in batch:
            keys, arguments = commands.enqueue_arguments(self._naming, queue, message, limit)
            pipeline.eval(commands.ENQUEUE, len(keys), *keys, *arguments)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers


def _settle(future: asyncio.Future[None], queue: str, limit: int, answer: Any) -> None:
    if isinstance(answer, redis.RedisError):
        _fail(future, QueueUnavailable(f"the queue refuses to write ({answer})"))
    elif answer is None:
        _fail(future, QueueFull(f"{limit} commands are already waiting; try again when some are done"))
    elif not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
