"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dramatiq
import redis

from sockethub.errors import QueueError, QueueFull, QueueLost, QueueUnavailable
from sockethub.jobs import commands
from sockethub.jobs.link import NotDone, RedisLink
from sockethub.jobs.names import Naming


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message on its way, as far as its answer depends on it."""

    size: int
    max_length: int

    def accepted(self, answer: Any) -> None:
        """Raises what :meth:`AsyncProducer.enqueue` does where Redis has not taken it."""
        if isinstance(answer, redis.RedisError):
            raise _refusal(answer)
        if answer == commands.TOO_LARGE:
            raise QueueFull(f"too many commands wait for one of {self.size} bytes; try again when some are done")
        if answer is None:
            raise QueueFull(f"{self.max_length} commands are already waiting; try again when some are done")


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
        command, sent = self._command(message, max_length, max_bytes, create=create)
        try:
            (answer,) = await self._link.exchange((command,))
        except redis.RedisError as error:
            raise _refusal(error) from None
        sent.accepted(answer)

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
        command, sent = self._command(message, max_length, max_bytes, create=True)
        try:
            answers = self._link.begin((command,))
        except NotDone as error:
            asyncio.get_running_loop().call_soon(told, _refusal(error))
            return True
        if answers is None:
            return False
        answers.add_done_callback(lambda done: told(_outcome(done, sent)))
        return True

    def _command(
        self, message: dramatiq.Message[Any], max_length: int, max_bytes: int, *, create: bool
    ) -> tuple[commands.Command, _Sent]:
        text = message.encode()
        queue = message.queue_name
        command = commands.enqueue(self._naming, queue, text, max_length=max_length, max_bytes=max_bytes, create=create)
        return command, _Sent(len(text), max_length)


def _outcome(done: asyncio.Future[list[Any]], sent: _Sent) -> QueueError | None:
    error = done.exception()
    try:
        sent.accepted(done.result()[0] if error is None else error)
    except QueueError as refusal:
        return refusal
    return None


def _refusal(error: redis.RedisError) -> QueueError:
    """What Redis's error means for whoever wants a message queued."""
    if isinstance(error, redis.ResponseError):
        return QueueUnavailable(f"the queue refuses to write ({error})")
    if isinstance(error, NotDone):
        return QueueUnavailable(f"the queue cannot be reached ({error}); try again")
    return QueueLost(f"the queue was lost ({error}); the command may have been queued")
