"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write."""

from __future__ import annotations

from typing import Any

import dramatiq
import redis

from sockethub.errors import QueueFull, QueueLost, QueueUnavailable
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
        text = message.encode()
        command = commands.enqueue(
            self._naming, message.queue_name, text, max_length=max_length, max_bytes=max_bytes, create=create
        )
        try:
            answer = await self._link.call(*command)
        except redis.ResponseError as error:
            raise QueueUnavailable(f"the queue refuses to write ({error})") from None
        except NotDone as error:
            raise QueueUnavailable(f"the queue cannot be reached ({error}); try again") from None
        except redis.RedisError as error:
            raise QueueLost(f"the queue was lost ({error}); the command may have been queued") from None
        if answer == commands.TOO_LARGE:
            raise QueueFull(f"too many commands wait for one of {len(text)} bytes; try again when some are done")
        if answer is None:
            raise QueueFull(f"{max_length} commands are already waiting; try again when some are done")
