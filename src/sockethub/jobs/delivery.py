"""A message under way in the asyncio worker, and how it ends: off its queue, in one transaction with what it led to.

In a cluster, where the reply is another server's: behind what it led to.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar, Token
from typing import Any, Final, Literal

import dramatiq
import redis
from dramatiq.broker import MessageProxy

from sockethub.jobs import commands
from sockethub.jobs.claims import Found
from sockethub.jobs.commands import Command
from sockethub.jobs.link import RedisLink, WritesRefused
from sockethub.jobs.names import Naming
from sockethub.jobs.pauses import Pauses

Standing = Literal["ours", "gone", "taken"]
"""Whose a message under way is: still this worker's; nobody's, for Redis has lost it; or another worker's."""

_STANDINGS: Final[dict[int, Standing]] = {1: "ours", 0: "gone", -1: "taken"}


class Delivery(MessageProxy):
    """A message under way.

    ``attempts`` counts how often it was begun, this time included; above 1, an earlier worker died meanwhile, or
    Redis has forgotten what was settled (a machine that crashed loses what it had not written to its disk).
    ``journalled`` tells that its effect may have begun: then, or now.
    """

    def __init__(self, ending: Ending, found: Found, message: dramatiq.Message[Any]) -> None:
        super().__init__(message)
        self.entry = found.entry
        self.attempts = found.attempts
        self.journalled = found.journalled
        self.settled = False
        self._ending = ending
        self._release: Callable[[], None] | None = None

    def in_turn(self, release: Callable[[], None]) -> None:
        """It is its turn; ``release`` has the next one begin."""
        self._release = release

    def pass_on(self) -> None:
        """Have the next message begin, where that waits for this one. Idempotent."""
        release, self._release = self._release, None
        if release is not None:
            release()

    async def journal(self) -> Standing:
        """Write down, where it outlives this worker, that the effect begins: await it before the first byte goes out.

        Only where the message is still ``ours`` may it begin. Tried until Redis answers.
        """
        standing = await self._ending.journal(self.entry)
        self.journalled = standing == "ours"
        return standing

    async def settle(self, *also: Command, ahead: bool = False) -> None:
        """Take the message off its queue; ``also`` are done in the same transaction (``("XADD", …)``), or before it.

        Tried again until Redis takes it: ``also`` must be such that doing it twice does no harm. With ``ahead`` the
        next message begins once this has been written to Redis, and does not wait for the answer: where this worker
        dies before Redis has taken it, that message may have begun though this one is still pending. Its effect has to
        be journalled then, or such that it may be had twice.
        """
        if ahead:
            # Behind this tick's step, which writes down what is to be written, and before that is written.
            asyncio.get_running_loop().call_soon(self.pass_on)
        await self._ending.settle(self, also)

    async def bury(self, *also: Command) -> None:
        """Move the message to the dead letters, with ``also`` as :meth:`settle` does."""
        await self._ending.bury(self, also)


_current: ContextVar[Delivery] = ContextVar("delivery")


def current_delivery() -> Delivery:
    """The delivery that the running actor works on."""
    return _current.get()


def enter(delivery: Delivery) -> Token[Delivery]:
    """Make it the current one, until :func:`leave`."""
    return _current.set(delivery)


def leave(token: Token[Delivery]) -> None:
    _current.reset(token)


class Ending:
    """Ends the messages of one queue; ``in_order``: the one after the other."""

    def __init__(
        self,
        broker: dramatiq.Broker,
        link: RedisLink,
        queue: str,
        consumer: str,
        naming: Naming,
        *,
        in_order: bool = False,
    ) -> None:
        self._broker = broker
        self._link = link
        self._queue = queue
        self._consumer = consumer
        self._stream = naming.stream(queue)
        self._dead = naming.dead(queue)
        self._line: AbstractAsyncContextManager[None] = asyncio.Lock() if in_order else nullcontext()

    async def settle(self, delivery: Delivery, also: tuple[Command, ...]) -> None:
        self._broker.emit_before("ack", delivery)
        await self._once(delivery, also)
        self._broker.emit_after("ack", delivery)

    async def bury(self, delivery: Delivery, also: tuple[Command, ...]) -> None:
        self._broker.emit_before("nack", delivery)
        await self._once(delivery, (*also, *commands.dead_letter(self._dead, delivery._message.encode())))
        self._broker.emit_after("nack", delivery)

    async def finish(self, entry: bytes, *also: Command) -> None:
        """What was done is done: its end is written down as soon as Redis takes it.

        Where that takes several transactions (:meth:`~sockethub.jobs.link.RedisLink.together`) each is tried again by
        itself: the reply, of ``also``, is not given twice because the end was not taken.
        """
        end = commands.finish(self._stream, entry)
        left = deque(self._link.together(*also, *end))
        pauses = Pauses()
        while left:
            try:
                if also:
                    await self._link.transact(*left[0])
                else:
                    await self._link.batch(*left[0])  # a full Redis refuses any transaction, but these make room
                left.popleft()
            except (redis.ConnectionError, redis.TimeoutError, WritesRefused) as error:
                self.warn(error)
                await pauses.wait()

    async def journal(self, entry: bytes) -> Standing:
        pauses = Pauses()
        while True:
            try:
                return _STANDINGS[await self._link.call(*commands.journal(self._stream, self._consumer, entry))]
            except (redis.ConnectionError, redis.TimeoutError, WritesRefused) as error:
                self.warn(error)
                await pauses.wait()
            except redis.ResponseError as error:
                if "NOGROUP" not in str(error):  # else: an emptied Redis
                    raise
                return "gone"

    def warn(self, error: redis.RedisError) -> None:
        """Say that Redis does not do what it should, and why."""
        self._broker.logger.warning("Redis does not serve %s: %s (%s)", self._queue, error, type(error).__name__)

    async def _once(self, delivery: Delivery, also: tuple[Command, ...]) -> None:
        if delivery.settled:
            raise RuntimeError(f"message {delivery.message_id} is settled already")
        async with self._line:  # a reply that has to be given again is not overtaken
            await self.finish(delivery.entry, *also)
        delivery.settled = True
