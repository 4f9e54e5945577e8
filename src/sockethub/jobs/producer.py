"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import dramatiq
import redis

from sockethub.errors import QueueError, QueueFull, QueueLost, QueueUnavailable
from sockethub.jobs import commands
from sockethub.jobs.link import NotDone, RedisLink
from sockethub.jobs.names import Naming


class AsyncProducer:
    """Puts Dramatiq messages on their streams, in the order of the calls."""

    def __init__(self, link: RedisLink, *, naming: Naming | None = None) -> None:
        self._link = link
        self._naming = naming or Naming()

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
        text, command = self._command(message, max_length, max_bytes, create=create)
        answer: Any
        try:
            (answer,) = await self._link.exchange((command,))
        except redis.RedisError as error:
            answer = error
        refusal = _refusal(answer, len(text), max_length)
        if refusal is not None:
            raise refusal from None

    def begin(
        self,
        message: dramatiq.Message[Any],
        told: Callable[[QueueError | None], None],
        *,
        max_length: int,
        max_bytes: int = commands.MAX_BYTES,
    ) -> bool:
        """As :meth:`enqueue`, at once: no task waits for the answer, ``told`` is called with what that raises.

        False where it has to be :meth:`enqueue`, for Redis has to be connected first, or others wait for that.
        """
        if not self._link.ready:
            return False
        text, command = self._command(message, max_length, max_bytes, create=True)

        def answered(done: asyncio.Future[list[Any]]) -> None:
            told(_refusal(done.exception() or done.result()[0], len(text), max_length))

        try:
            self._link.begin((command,)).add_done_callback(answered)
        except NotDone as error:
            asyncio.get_running_loop().call_soon(told, _refusal(error, len(text), max_length))
        return True

    def _command(
        self, message: dramatiq.Message[Any], max_length: int, max_bytes: int, *, create: bool
    ) -> tuple[bytes, commands.Command]:
        text = message.encode()
        queue = message.queue_name
        command = commands.enqueue(self._naming, queue, text, max_length=max_length, max_bytes=max_bytes, create=create)
        return text, command


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
