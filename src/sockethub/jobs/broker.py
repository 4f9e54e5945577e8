"""A Dramatiq broker on Redis Streams: one stream per queue, one consumer group, order kept across a worker's death.

``XADD`` puts a message on, ``XREADGROUP`` takes it off, ``XACK`` with ``XDEL`` finishes it. What a dead consumer had
under way stays in the group's pending list, and whoever takes its place claims that first: 1, 2, 3, 4, 5 stays
1, 2, 3, 4, 5.

The stock :class:`dramatiq.Worker` and command line work with it; :class:`sockethub.jobs.worker.AsyncWorker` is the
asyncio consumer beside them.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from typing import Any, Final

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.common import current_millis, dq_name
from dramatiq.errors import ConnectionClosed, QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import AgeLimit, Callbacks, CurrentMessage, Middleware, Pipelines

from sockethub.jobs import commands
from sockethub.jobs.connection import connect_sync
from sockethub.jobs.names import FIELD, GROUP, Naming

DEFAULT_MAX_LENGTH: Final = 10_000
"""Messages waiting in one queue before further ones are refused."""

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
        naming: Naming | None = None,
        middleware: list[Middleware] | None = None,
    ) -> None:
        super().__init__(middleware=default_middleware() if middleware is None else middleware)
        self.url = url
        self.max_length = max_length
        self.naming = naming or Naming()
        self.queues: dict[str, None] = {}
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
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Put ``message`` on its queue, ``delay`` milliseconds from now where given.

        Raises :class:`~sockethub.jobs.commands.StreamFull` at the declared length.
        """
        self.declare_queue(message.queue_name)
        self.emit_before("enqueue", message, delay)
        keys, arguments = commands.enqueue_arguments(
            self.naming, message.queue_name, message.encode(), self.max_length, _due(delay)
        )
        try:
            commands.check_enqueued(
                self.client.eval(commands.ENQUEUE, len(keys), *keys, *arguments), message.queue_name
            )
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from error  # type: ignore[no-untyped-call]
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> Consumer:
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]
        return StreamConsumer(self, queue_name, prefetch, timeout)

    def flush(self, queue_name: str) -> None:
        self.client.delete(*(key(queue_name) for key in (self.naming.stream, self.naming.dead, self.naming.delayed)))

    def flush_all(self) -> None:
        for queue_name in self.queues:
            self.flush(queue_name)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until the queue is empty; ``timeout`` in milliseconds."""
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]
        end = None if timeout is None else time.monotonic() + timeout / 1000
        stream, delayed = self.naming.stream(queue_name), self.naming.delayed(queue_name)
        # Delayed first: what becomes due in between is on the stream by the time that is looked at.
        while self.client.zcard(delayed) or self.client.xlen(stream):
            if end is not None and time.monotonic() > end:
                raise QueueJoinTimeout(queue_name)  # type: ignore[no-untyped-call]
            time.sleep(JOIN_POLL_SECONDS)


def _due(delay: int | None) -> int:
    return 0 if delay is None else current_millis() + delay


class StreamMessage(MessageProxy):
    """A message with the id of its stream entry and how often it has been delivered."""

    def __init__(self, entry: bytes, message: dramatiq.Message[Any], attempts: int) -> None:
        super().__init__(message)
        self.entry = entry
        self.attempts = attempts


class StreamConsumer(Consumer):
    """Blocking consumer for the stock :class:`dramatiq.Worker`."""

    def __init__(self, broker: StreamBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        self._broker = broker
        self._queue = queue_name
        self._stream = broker.naming.stream(queue_name)
        self._prefetch = max(1, prefetch)
        self._block = max(1, timeout)
        self._name = consumer_name()
        self._client = connect_sync(broker.url)
        self._ready: list[StreamMessage] = []
        self._wrap(self._prepare)

    def __next__(self) -> MessageProxy | None:
        if not self._ready and not queue_is_delay(self._queue):
            self._wrap(self._fetch)
        elif queue_is_delay(self._queue):
            # The stock worker runs a second consumer per queue for delays; ours moves them itself.
            time.sleep(self._block / 1000)
        return self._ready.pop(0) if self._ready else None

    def ack(self, message: MessageProxy) -> None:
        self._wrap(lambda: self._run(commands.finish(self._stream, _entry(message))))

    def nack(self, message: MessageProxy) -> None:
        dead = self._broker.naming.dead(self._queue)
        self._wrap(lambda: self._run(commands.bury(self._stream, dead, _entry(message), message._message.encode())))

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Nothing to do: they are pending, and whoever comes next claims them in order."""

    def close(self) -> None:
        self._client.close()

    def _prepare(self) -> None:
        commands.create_group(self._client, self._stream)
        self._take(commands.claim_all(self._client, self._stream, self._name))

    def _fetch(self) -> None:
        next_due: Any = self._client.eval(commands.MOVE_DUE, 2, *self._delay_keys(), current_millis())
        block = self._block if next_due is None else max(1, min(self._block, int(next_due) - current_millis()))
        found: Any = self._client.xreadgroup(GROUP, self._name, {self._stream: ">"}, count=self._prefetch, block=block)
        for _, entries in found or ():
            self._take((entry, fields, 1) for entry, fields in entries)

    def _delay_keys(self) -> tuple[str, str]:
        return self._broker.naming.delayed(self._queue), self._stream

    def _take(self, entries: Iterable[commands.Claimed]) -> None:
        for entry, fields, attempts in entries:
            if not fields or FIELD.encode() not in fields:
                self._run(commands.finish(self._stream, entry))
                continue
            self._ready.append(StreamMessage(entry, dramatiq.Message.decode(fields[FIELD.encode()]), attempts))

    def _run(self, together: Iterable[commands.Command]) -> None:
        commands.filled(self._client.pipeline(transaction=True), together).execute()

    @staticmethod
    def _wrap(work: Any) -> None:
        try:
            work()
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from error  # type: ignore[no-untyped-call]


def queue_is_delay(queue_name: str) -> bool:
    return queue_name == dq_name(queue_name)


def _entry(message: MessageProxy) -> bytes:
    if not isinstance(message, StreamMessage):
        raise TypeError(f"not a message of a stream: {message!r}")
    return message.entry


def consumer_name() -> str:
    """Unique on this machine for as long as the process lives."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
