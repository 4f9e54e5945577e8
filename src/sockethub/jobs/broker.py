"""A Dramatiq broker on Redis Streams: one stream per queue, one consumer group, order kept across a worker's death.

``XADD`` puts a message on, ``XREADGROUP`` takes it off, ``XACK`` with ``XDEL`` finishes it. What a dead consumer had
under way stays in the group's pending list, and whoever takes its place claims that first: 1, 2, 3, 4, 5 stays
1, 2, 3, 4, 5.

The stock :class:`dramatiq.Worker` and command line work with it; :class:`sockethub.jobs.worker.AsyncWorker` is the
asyncio consumer beside them. One queue is consumed by the one or the other: they tell dead consumers differently.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any, Final

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import AgeLimit, Callbacks, CurrentMessage, Middleware, Pipelines

from sockethub.jobs import commands
from sockethub.jobs.commands import StreamFull
from sockethub.jobs.consumer import InHand, StreamConsumer, connection_errors
from sockethub.jobs.names import Naming
from sockethub.jobs.syncclient import connect_sync

DEFAULT_MAX_LENGTH: Final = 10_000
"""Messages waiting in one queue before further ones are refused."""

ABANDONED_SECONDS: Final = 30.0
"""How long a process may not be heard of before others do its messages; its consumer's thread has to run that often."""

JOIN_POLL_SECONDS: Final = 0.02


def default_middleware() -> list[Middleware]:
    """Dramatiq's own, less what does not fit: ``Retries`` re-enqueues at the tail and so loses order, ``TimeLimit``,
    ``ShutdownNotifications`` and ``Prometheus`` start threads."""
    return [AgeLimit(), Callbacks(), Pipelines(), CurrentMessage(), DeadLetters()]


class DeadLetters(Middleware):
    """Rejects a message whose actor failed; without ``Retries`` the stock worker would take it for done."""

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if exception is not None:
            message.fail()


class StreamBroker(dramatiq.Broker):
    """Enqueues with blocking calls; for tools and for actors' ``send()``. The gateway uses ``AsyncProducer``."""

    def __init__(
        self,
        url: str,
        *,
        max_length: int = DEFAULT_MAX_LENGTH,
        abandoned_seconds: float = ABANDONED_SECONDS,
        naming: Naming | None = None,
        middleware: list[Middleware] | None = None,
    ) -> None:
        super().__init__(middleware=default_middleware() if middleware is None else middleware)
        self.url = url
        self.max_length = max_length
        self.naming = naming or Naming()
        self.queues: dict[str, InHand] = {}
        self._abandoned_ms = int(abandoned_seconds * 1000)
        self._consumer = ""
        self._client: redis.Redis | None = None

    @property
    def client(self) -> redis.Redis:
        """Connected at first use, so that a fork server may build a broker and keep no socket."""
        if self._client is None:
            self._client = connect_sync(self.url)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = InHand()
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Put ``message`` on its queue, ``delay`` milliseconds from now where given.

        Raises :class:`~sockethub.jobs.commands.StreamFull` at the declared length, and Dramatiq's ``ConnectionClosed``
        when it is not known whether Redis has taken it. Never tried twice.
        """
        queue = message.queue_name
        self.declare_queue(queue)
        self.emit_before("enqueue", message, delay)
        command = commands.enqueue(
            self.naming, queue, message.encode(), max_length=self.max_length, delay=max(0, delay or 0)
        )
        with connection_errors():
            [answer] = commands.execute(self.client, command)
        if answer in (None, commands.TOO_LARGE):
            raise StreamFull(queue, self.max_length)
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> Consumer:
        self._check(queue_name)
        if not self._consumer:
            self._consumer = consumer_name()
        return StreamConsumer(
            self.url,
            queue_name,
            naming=self.naming,
            name=self._consumer,
            in_hand=self.queues[queue_name],
            prefetch=prefetch,
            timeout_ms=timeout,
            abandoned_ms=self._abandoned_ms,
        )

    def flush(self, queue_name: str) -> None:
        self.client.delete(*(key(queue_name) for key in (self.naming.stream, self.naming.dead, self.naming.delayed)))

    def flush_all(self) -> None:
        for queue_name in self.queues:
            self.flush(queue_name)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until the queue is empty; ``timeout`` in milliseconds."""
        self._check(queue_name)
        end = None if timeout is None else time.monotonic() + timeout / 1000
        stream, delayed = self.naming.stream(queue_name), self.naming.delayed(queue_name)
        # Delayed first: what becomes due in between is on the stream by the time that is looked at.
        while self.client.zcard(delayed) or self.client.xlen(stream):
            if end is not None and time.monotonic() > end:
                raise QueueJoinTimeout(queue_name)  # type: ignore[no-untyped-call]
            time.sleep(JOIN_POLL_SECONDS)

    def _check(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]


def consumer_name() -> str:
    """Unique for as long as the process lives, and tells people which it is."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
