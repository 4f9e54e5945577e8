"""A Dramatiq consumer on the running asyncio loop: no thread, no polling, one queue.

Actors, messages and middleware are Dramatiq's. Asynchronous actors run natively on the loop that holds the worker's
connections. The actor finds its :class:`Delivery` by :func:`current_delivery` and settles it together with the
reply, in one transaction: a job is never finished without an answer, nor answered without being finished.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final

import anyio
import dramatiq
import redis
from dramatiq.broker import MessageProxy
from dramatiq.errors import ActorNotFound, DecodeError
from dramatiq.middleware import SkipMessage

from sockethub.jobs import commands
from sockethub.jobs.commands import Command, Word
from sockethub.jobs.link import RedisLink, WritesRefused
from sockethub.jobs.names import FIELD, GROUP, Naming

BLOCK_MS: Final = 60_000
"""How long one read waits at the server; a new job ends it at once."""

ABANDONED_SECONDS: Final = 120.0
STREAM_GONE: Final = ("NOGROUP", "UNBLOCKED")
"""What Redis says when the stream was deleted before, or during, a read."""

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0


class Delivery(MessageProxy):
    """A message under way.

    ``attempts`` counts deliveries with this one; above 1, an earlier worker died while it had the message.
    """

    def __init__(self, worker: AsyncWorker, entry: bytes, message: dramatiq.Message[Any], attempts: int) -> None:
        super().__init__(message)
        self.entry = entry
        self.attempts = attempts
        self.settled = False
        self._worker = worker

    async def settle(self, *also: Command) -> None:
        """Take the message off its queue; ``also`` are done in the same transaction (``("XADD", …)``).

        Tried again until Redis takes it: ``also`` must be such that doing it twice does no harm.
        """
        await self._worker.settle(self, also)

    async def bury(self, *also: Command) -> None:
        """Move the message to the dead letters, with ``also`` in the same transaction."""
        await self._worker.bury(self, also)


_current: ContextVar[Delivery] = ContextVar("delivery")


def current_delivery() -> Delivery:
    """The delivery that the running actor works on."""
    return _current.get()


class AsyncWorker:
    """Runs the actors of ``broker`` on the messages of ``queue``, ``concurrency`` at once, in order when that is 1."""

    def __init__(
        self,
        broker: dramatiq.Broker,
        queue: str,
        *,
        blocking: RedisLink,
        link: RedisLink,
        consumer: str,
        concurrency: int = 1,
        claim_from: Iterable[str] | None = None,
        abandoned_seconds: float = ABANDONED_SECONDS,
        naming: Naming | None = None,
    ) -> None:
        """``claim_from`` names dead consumers whose messages to take over; None takes over all that is pending.

        In a pool (``claim_from`` is not None), messages that no consumer has settled for ``abandoned_seconds`` are
        taken over too: it has to be longer than any message may take.
        """
        naming = naming or Naming()
        self._broker = broker
        self._blocking = blocking
        self._link = link
        self._queue = queue
        self._stream = naming.stream(queue)
        self._dead = naming.dead(queue)
        self._consumer = consumer
        self._slots = anyio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._claim_from = None if claim_from is None else list(claim_from)
        self._abandoned_ms = int(abandoned_seconds * 1000)
        self._actors = {name: native(actor) for name, actor in broker.actors.items()}

    async def run(self) -> None:
        """Work until cancelled. While Redis is away it tries again, with jitter."""
        pause = FIRST_PAUSE_SECONDS
        async with anyio.create_task_group() as tasks:
            if self._claim_from is not None:
                tasks.start_soon(self._claim_abandoned, tasks)
            while True:
                try:
                    await self._prepare(tasks)
                    pause = FIRST_PAUSE_SECONDS
                    await self._consume(tasks)
                except (redis.ConnectionError, redis.TimeoutError, WritesRefused) as error:
                    self._broker.logger.warning("Redis does not serve %s: %s", self._queue, error)
                except redis.ResponseError as error:
                    if not str(error).startswith(STREAM_GONE):  # an emptied Redis: begin anew
                        raise
                await anyio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def settle(self, delivery: Delivery, also: Iterable[Command]) -> None:
        self._broker.emit_before("ack", delivery)
        await self._insist(*also, *commands.finish(self._stream, delivery.entry))
        delivery.settled = True
        self._broker.emit_after("ack", delivery)

    async def bury(self, delivery: Delivery, also: Iterable[Command]) -> None:
        self._broker.emit_before("nack", delivery)
        encoded = delivery._message.encode()
        await self._insist(*also, *commands.bury(self._stream, self._dead, delivery.entry, encoded))
        delivery.settled = True
        self._broker.emit_after("nack", delivery)

    async def _insist(self, *together: Command) -> None:
        """What was done is done: its end is written down as soon as Redis is there again."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._link.transact(*together)
                return
            except (redis.ConnectionError, redis.TimeoutError, WritesRefused) as error:
                self._broker.logger.warning("Redis does not serve %s: %s", self._queue, error)
                await anyio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _prepare(self, tasks: anyio.abc.TaskGroup) -> None:
        try:
            await self._link.call("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except redis.ResponseError as error:
            if not commands.is_busy_group(error):
                raise
        if self._claim_from is None:
            await self._claim(tasks)
            return
        for consumer in self._claim_from:
            await self._claim(tasks, consumer=consumer)
            await self._link.call("XGROUP", "DELCONSUMER", self._stream, GROUP, consumer)
        await self._claim(tasks, idle_ms=self._abandoned_ms)

    async def _claim_abandoned(self, tasks: anyio.abc.TaskGroup) -> None:
        """Nobody may have been told of a consumer's death: what it had is taken over once it was idle for long."""
        while True:
            await anyio.sleep(self._abandoned_ms / 1000)
            try:
                await self._claim(tasks, idle_ms=self._abandoned_ms)
            except redis.RedisError as error:
                self._broker.logger.warning("Redis is away: %s", type(error).__name__)

    async def _claim(
        self, tasks: anyio.abc.TaskGroup, *, consumer: str | None = None, idle_ms: int | None = None
    ) -> None:
        idle: Command = ("IDLE", idle_ms) if idle_ms else ()
        whose: Command = (consumer,) if consumer else ()
        start: Word = "-"
        while True:
            pending = await self._link.call(
                "XPENDING", self._stream, GROUP, *idle, start, "+", commands.CLAIM_BATCH, *whose
            )
            if not pending:
                return
            attempts = {entry: delivered + 1 for entry, _, _, delivered in pending}
            claimed = await self._link.call("XCLAIM", self._stream, GROUP, self._consumer, idle_ms or 0, *attempts)
            for found in claimed:
                if found is not None:  # deleted meanwhile
                    await self._take(tasks, found[0], commands.pairs(found[1]), attempts[found[0]])
            start = f"({pending[-1][0].decode()}"

    async def _consume(self, tasks: anyio.abc.TaskGroup) -> None:
        streams: Command = ("STREAMS", self._stream, ">")
        while True:
            async with self._slots:
                pass  # wait for a free slot before taking anything off the queue
            free = max(1, self._slots.value)
            found = await self._blocking.call(
                "XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", free, "BLOCK", BLOCK_MS, *streams
            )
            for entry, fields in found[0][1] if found else ():
                await self._take(tasks, entry, commands.pairs(fields), 1)

    async def _take(
        self, tasks: anyio.abc.TaskGroup, entry: bytes, fields: dict[bytes, bytes] | None, attempts: int
    ) -> None:
        try:
            message = dramatiq.Message.decode((fields or {})[FIELD.encode()])
        except (DecodeError, KeyError):
            self._broker.logger.error("An entry of %s is not a message; it is dropped", self._queue)
            await self._insist(*commands.finish(self._stream, entry))
            return
        delivery = Delivery(self, entry, message, attempts)
        if self._concurrency == 1:
            await self._process(delivery)
        else:
            await self._slots.acquire()
            tasks.start_soon(self._process_in_slot, delivery)

    async def _process_in_slot(self, delivery: Delivery) -> None:
        try:
            await self._process(delivery)
        finally:
            self._slots.release()

    async def _process(self, delivery: Delivery) -> None:
        token = _current.set(delivery)
        try:
            await self._perform(delivery)
        finally:
            _current.reset(token)
        if not delivery.settled:
            await (self.bury(delivery, ()) if delivery.failed else self.settle(delivery, ()))

    async def _perform(self, delivery: Delivery) -> None:
        result = None
        try:
            self._broker.emit_before("process_message", delivery)
            if not delivery.failed:
                actor = self._actors.get(delivery.actor_name)
                if actor is None:
                    raise ActorNotFound(delivery.actor_name)  # type: ignore[no-untyped-call]
                result = await actor(*delivery.args, **delivery.kwargs)
            self._broker.emit_after("process_message", delivery, result=result)
        except SkipMessage:
            self._broker.emit_after("skip_message", delivery)
        except Exception as error:  # Dramatiq's contract: an actor's exception fails its message and no other
            delivery.fail()
            self._broker.logger.exception("Message %s failed", delivery.message_id)
            self._broker.emit_after("process_message", delivery, exception=error)


def native(actor: dramatiq.Actor[Any, Any]) -> Callable[..., Awaitable[Any]]:
    """The coroutine function of an asynchronous actor, which Dramatiq wraps for its threads."""
    function: Callable[..., Awaitable[Any]] = getattr(actor.fn, "__wrapped__", actor.fn)
    return function
