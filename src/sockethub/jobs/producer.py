"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write.

What begins within one tick for one queue is put there at once, so that a worker that waits is given all of it, and not
the first alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import dramatiq
import redis

from sockethub.errors import QueueError, QueueFull, QueueLost, QueueUnavailable
from sockethub.jobs import commands
from sockethub.jobs.link import NotDone, RedisLink
from sockethub.jobs.names import Naming

TOGETHER: Final = 64
"""Messages in one command, at most: what Redis does for others waits for all of them."""

TOGETHER_BYTES: Final = 64 * 1024
"""And their bytes, as far as one alone has no more."""

Told = Callable[[QueueError | None], None]


class _Batch:
    """What is put on one queue within one tick."""

    __slots__ = ("bytes", "limits", "messages", "told")

    def __init__(self, limits: tuple[int, int]) -> None:
        self.limits = limits
        self.messages: list[bytes] = []
        self.told: list[Told] = []
        self.bytes = 0

    def takes(self, text: bytes, limits: tuple[int, int]) -> bool:
        return limits == self.limits and len(self.messages) < TOGETHER and self.bytes + len(text) <= TOGETHER_BYTES

    def add(self, text: bytes, told: Told) -> None:
        self.messages.append(text)
        self.told.append(told)
        self.bytes += len(text)

    def answered(self, outcome: Sequence[Any] | BaseException) -> None:
        """Redis has answered, or will not."""
        answers = [outcome] * len(self.messages) if isinstance(outcome, BaseException) else outcome
        for told, text, answer in zip(self.told, self.messages, answers, strict=True):
            refusal = _refusal(answer, len(text), self.limits[0])
            if refusal is None:
                told(None)  # at once: a reply to it may be next
            else:  # by itself: who fails at what that leads to keeps it from nobody else
                asyncio.get_running_loop().call_soon(told, refusal)


class AsyncProducer:
    """Puts Dramatiq messages on their streams, in the order of the calls."""

    def __init__(self, link: RedisLink, *, naming: Naming | None = None) -> None:
        self._link = link
        self._naming = naming or Naming()
        self._batches: dict[str, _Batch] = {}
        """By queue, those that leave with this tick."""

    async def enqueue(
        self,
        message: dramatiq.Message[Any],
        *,
        max_length: int,
        max_bytes: int = commands.MAX_BYTES,
        create: bool = True,
    ) -> None:
        """Put ``message`` on its queue; without ``create`` only where somebody has made that already.

        Raises :class:`~sockethub.errors.QueueFull` at ``max_length`` waiting messages, or where as many as wait would
        have ``max_bytes`` if they were as large as this one,
        :class:`~sockethub.errors.QueueUnavailable` when Redis has not taken it, and
        :class:`~sockethub.errors.QueueLost` when it may have. Never tried twice.
        """
        text, queue = message.encode(), message.queue_name
        self._send(queue)  # what came before
        command = commands.enqueue(self._naming, queue, text, max_length=max_length, max_bytes=max_bytes, create=create)
        answer: Any
        try:
            (answer,) = await self._link.call(*command)
        except redis.RedisError as error:
            answer = error
        refusal = _refusal(answer, len(text), max_length)
        if refusal is not None:
            raise refusal from None

    def begin(
        self,
        message: dramatiq.Message[Any],
        told: Told,
        *,
        max_length: int,
        max_bytes: int = commands.MAX_BYTES,
    ) -> bool:
        """As :meth:`enqueue`, with what else begins in this tick: no task waits, ``told`` is called with what that
        raises.

        False where it has to be :meth:`enqueue`, for Redis has to be connected first, or others wait for that.
        """
        if not self._link.ready:
            return False
        text, queue, limits = message.encode(), message.queue_name, (max_length, max_bytes)
        batch = self._batches.get(queue)
        if batch is None or not batch.takes(text, limits):
            self._send(queue)
            batch = self._batches[queue] = _Batch(limits)
            asyncio.get_running_loop().call_soon(self._send, queue)
        batch.add(text, told)
        return True

    def _send(self, queue: str) -> None:
        """Send what has come for ``queue``, if it was not yet."""
        batch = self._batches.pop(queue, None)
        if batch is None:
            return
        max_length, max_bytes = batch.limits
        command = commands.enqueue(self._naming, queue, *batch.messages, max_length=max_length, max_bytes=max_bytes)

        def answered(done: asyncio.Future[list[Any]]) -> None:
            batch.answered(done.exception() or done.result()[0])

        try:
            self._link.begin((command,)).add_done_callback(answered)
        except NotDone as error:
            batch.answered(error)


def _refusal(answer: Any, size: int, max_length: int) -> QueueError | None:
    """What Redis's answer, or its error, means for whoever wants a message of ``size`` bytes queued; None: it is."""
    match answer:
        case redis.ResponseError():
            return QueueUnavailable(f"the queue refuses to write ({answer})")
        case NotDone():
            return QueueUnavailable(f"the queue cannot be reached ({answer}); try again")
        case BaseException():
            return QueueLost(f"the queue was lost ({answer}); the command may have been queued")
        case commands.TOO_LARGE:
            return QueueFull(f"too many commands wait for one of {size} bytes; try again when some are done")
        case None:
            return QueueFull(f"{max_length} commands are already waiting; try again when some are done")
    return None
