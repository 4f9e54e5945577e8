"""A Dramatiq consumer on the running asyncio loop: no thread, no polling, one queue.

Actors, messages and middleware are Dramatiq's. Asynchronous actors run natively on the loop that holds the worker's
connections. The actor finds its :class:`Delivery` by :func:`current_delivery` and settles it together with the
reply, in one transaction: a job is never finished without an answer, nor answered without being finished. (In a
cluster the second may be, for a moment: :mod:`~sockethub.jobs.delivery`.)
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import anyio
import dramatiq
import redis
from dramatiq.errors import ActorNotFound, DecodeError
from dramatiq.middleware import SkipMessage

from sockethub.jobs import commands
from sockethub.jobs.claims import Begun, Claims, Found
from sockethub.jobs.connection import BLOCK_MS
from sockethub.jobs.delivery import Delivery, Ending, enter, leave
from sockethub.jobs.hands import Hands
from sockethub.jobs.link import RedisLink, WritesRefused
from sockethub.jobs.names import FIELD, GROUP, Naming
from sockethub.jobs.pauses import Pauses

ABANDONED_SECONDS: Final = 120.0
RIVALRY_BLOCK_MS: Final = 250
"""How long a read waits while another worker may be given what is meant for this one."""
FULL_BLOCK_MS: Final = 1_000
"""How long a read waits while Redis is too full for delayed messages to be put on the stream."""
IN_ORDER: Final = 2
"""Messages under way in a worker that does one after the other: that which is done, and the one before, whose end Redis
has not answered yet."""
AT_HAND: Final = 8
"""Messages that such a worker has at most: the next ones come from Redis while it waits for the service, and several at
once cost hardly more than one. Whoever ends gives them back."""


Permit = Callable[[], Awaitable[None]]


async def always() -> None:
    """Nobody else may work here."""


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
        rivalry_seconds: float = 0.0,
        permit: Permit = always,
        naming: Naming | None = None,
    ) -> None:
        """``consumer`` is a name that no other worker has, or has had.

        ``claim_from`` names dead consumers whose messages to take over; None takes over all that is pending: for a
        queue that has one worker at a time. In a pool (``claim_from`` is not None), messages that no consumer has
        settled for ``abandoned_seconds`` are taken over too: it has to be longer than any message may take.

        ``permit`` is awaited before messages are taken and before each is begun; where the worker may not go on, it
        does not return. A queue's only worker may have a predecessor that is not known to be dead: what that one is
        given within ``rivalry_seconds`` from the start is taken from it.
        """
        naming = naming or Naming()
        self._broker = broker
        self._blocking = blocking
        self._link = link
        self._queue = queue
        self._naming = naming
        self._stream = naming.stream(queue)
        self._dead = naming.dead(queue)
        self._consumer = consumer
        self._in_order = concurrency == 1 and claim_from is None
        self._turn = asyncio.Lock()
        """Who has it is begun, where that is one after the other."""
        self._ending = Ending(broker, link, queue, consumer, naming, in_order=self._in_order)
        self._permit = permit
        self._rivalry_seconds = rivalry_seconds
        self._rivals_until = 0.0
        self._hands = (
            Hands(IN_ORDER, self._process, AT_HAND - IN_ORDER) if self._in_order else Hands(concurrency, self._process)
        )
        self._ask_at = AT_HAND - 1 if self._in_order else 1
        """Place for so many is asked for: in order, once nothing is at hand but what is done."""
        self._held: set[bytes] = set()
        self._begun = Begun()
        self._claims = Claims(
            link,
            self._stream,
            consumer,
            claim_from,
            held=self._held,
            abandoned_ms=int(abandoned_seconds * 1000),
            in_order=self._in_order,
        )
        self._actors = actors_of(broker, queue)
        self._look_for_due = True
        self._stopping = False
        self._reading: anyio.CancelScope | None = None

    async def run(self) -> None:
        """Work until cancelled, or until :meth:`stop` and the end of what is under way.

        While Redis is away it tries again, with jitter.
        """
        async with anyio.create_task_group() as under_way:
            self._hands.start(under_way)
            async with anyio.create_task_group() as aside:
                if self._claims.pool:
                    aside.start_soon(self._claim_abandoned)
                await self._work()
                aside.cancel_scope.cancel()
            self._hands.finish()
            await self._give_back()

    def stop(self) -> None:
        """Begin no further message. What was taken and not begun is left as if it had not been."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()

    async def _work(self) -> None:
        pauses = Pauses()
        self._rivals_until = anyio.current_time() + self._rivalry_seconds
        while not self._stopping:
            await self._permit()
            self._look_for_due = True  # whoever knew of a delayed message may be gone
            try:
                async for found in self._claims.at_start():
                    await self._take(found)
                pauses.reset()
                await self._consume()
            except (redis.ConnectionError, redis.TimeoutError, WritesRefused) as error:
                self._ending.warn(error)
                await pauses.wait()
            except redis.ResponseError as error:
                if not str(error).startswith(commands.STREAM_GONE):  # an emptied Redis: begin anew
                    raise
                await pauses.wait()

    async def _consume(self) -> None:
        while not self._stopping:
            await self._hands.available(self._ask_at)
            await self._permit()
            read = await self._read()
            if self._has_rivals:
                async for found in self._claims.of_rivals():  # it came before what was read
                    await self._take(found)
            for found in read:
                await self._take(found)
            await asyncio.sleep(0)  # they begin before more is asked for: by then more may have come, in one answer

    @property
    def _has_rivals(self) -> bool:
        if self._rivals_until and anyio.current_time() >= self._rivals_until:
            self._rivals_until = 0.0
        return self._rivals_until > 0.0

    async def _read(self) -> list[Found]:
        block = await self._move_due() if self._look_for_due else BLOCK_MS
        if self._has_rivals:
            block = min(block, RIVALRY_BLOCK_MS)
        count = max(1, self._hands.free)
        answer = None
        with anyio.CancelScope() as self._reading:
            if not self._stopping:
                answer = await self._blocking.call(
                    *("XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", count),
                    *("BLOCK", block, "STREAMS", self._stream, ">"),
                )
        if answer is None:
            # In a pool once a minute, in case whoever was told of a delayed message has died: else nobody was but us.
            self._look_for_due |= self._claims.pool
            return []
        return [Found(entry, commands.pairs(fields), 1) for entry, fields in answer[0][1]]

    async def _move_due(self) -> int:
        """Put on the stream what is due; for how many milliseconds to wait there at most."""
        try:
            due_in = await self._link.call(*commands.move_due(self._naming, self._queue))
        except WritesRefused:  # what is on the stream is done nevertheless: that makes room
            return FULL_BLOCK_MS
        self._look_for_due = due_in is not None
        return BLOCK_MS if due_in is None else max(1, min(BLOCK_MS, int(due_in)))

    async def _claim_abandoned(self) -> None:
        """Nobody may have been told of a consumer's death: what it had is taken over once it was idle for long."""
        while True:
            await anyio.sleep(self._claims.abandoned_ms / 1000)
            try:
                async for found in self._claims.abandoned():
                    await self._take(found)
            except redis.RedisError as error:
                self._ending.warn(error)

    async def _take(self, found: Found) -> None:
        encoded = (found.fields or {}).get(FIELD.encode())
        if encoded is None:  # no message, but news of a delayed one
            self._look_for_due = True
            await self._ending.finish(found.entry)
            return
        try:
            message: dramatiq.Message[Any] = dramatiq.Message.decode(encoded)
        except DecodeError:
            self._broker.logger.error("An entry of %s is not a message; it is set aside", self._queue)
            await self._ending.finish(found.entry, *commands.dead_letter(self._dead, encoded))
            return
        delivery = Delivery(self._ending, found, message)
        self._held.add(delivery.entry)
        await self._hands.available()
        self._hands.give(delivery)

    async def _process(self, delivery: Delivery) -> None:
        if not self._in_order:
            await self._do(delivery)
            return
        await self._turn.acquire()
        delivery.in_turn(self._turn.release)
        try:
            await self._do(delivery)
        finally:
            delivery.pass_on()

    async def _do(self, delivery: Delivery) -> None:
        await self._permit()
        if self._stopping:
            return
        if self._begun.again(delivery.entry):
            delivery.attempts, delivery.journalled = max(delivery.attempts, 2), True
        token = enter(delivery)
        try:
            await self._perform(delivery)
        finally:
            leave(token)
        if not delivery.settled:
            await (delivery.bury() if delivery.failed else delivery.settle())
        self._held.discard(delivery.entry)

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

    async def _give_back(self) -> None:
        """What was not begun: whoever gets it next shall not think that it had been."""
        try:
            await self._claims.give_back(self._begun)
        except redis.RedisError as error:
            self._ending.warn(error)


def actors_of(broker: dramatiq.Broker, queue: str) -> dict[str, Callable[..., Awaitable[Any]]]:
    """The coroutine functions of ``broker``'s asynchronous actors, which Dramatiq wraps for its threads.

    Raises :class:`TypeError` when an actor of ``queue`` is not asynchronous: it would block the loop.
    """
    found: dict[str, Callable[..., Awaitable[Any]]] = {}
    for name, actor in broker.actors.items():
        function = getattr(actor.fn, "__wrapped__", None)
        if inspect.iscoroutinefunction(function):
            found[name] = function
        elif actor.queue_name == queue:
            raise TypeError(f"the actor {name} is not asynchronous")
    return found
