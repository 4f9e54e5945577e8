"""Enqueue from an asyncio loop: everything that is enqueued within one tick of the loop leaves as one write."""

from __future__ import annotations

from typing import Any

import dramatiq
import redis

from sockethub.errors import QueueFull, QueueUnavailable
from sockethub.jobs import commands
from sockethub.jobs.link import RedisLink
from sockethub.jobs.names import Naming


class AsyncProducer:
    """Puts Dramatiq messages on their streams, in the order of the calls."""

    def __init__(self, link: RedisLink, *, naming: Naming | None = None) -> None:
        self._link = link
        self._naming = naming or Naming()

    async def enqueue(self, message: dramatiq.Message[Any], *, max_length: int) -> None:
        """Put ``message`` on its queue.

        Raises :class:`~sockethub.errors.QueueFull` at ``max_length`` waiting messages, and
        :class:`~sockethub.errors.QueueUnavailable` when Redis does not take it in time. Never tried twice.
        """
        command = commands.enqueue(self._naming, message.queue_name, message.encode(), max_length=max_length)
        try:
            answer = await self._link.call(*command)
        except redis.ResponseError as error:
            raise QueueUnavailable(f"the queue refuses to write ({error})") from None
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__}); try again") from None
        if answer is None:
            raise QueueFull(f"{max_length} commands are already waiting; try again when some are done")
