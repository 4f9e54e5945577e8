"""The blocking consumer: a queue for Dramatiq's own worker and command line.

Several processes share a queue. Each has as many messages in hand as its worker asked for, and no more; what it had
when it died is taken over by the others once it was not heard of for a while, and what it gives back at their next
look: in both cases before anything new.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed, DecodeError

from sockethub.jobs import commands
from sockethub.jobs.commands import Command
from sockethub.jobs.names import FIELD, GROUP, Naming
from sockethub.jobs.syncclient import connect_sync

RELEASED: Final = "released"
"""The consumer that owns what was given back; it never lives, so that its messages are taken over at once."""

HEARTBEATS: Final = 3
"""A consumer is heard of at least this often in the time after which it counts as dead."""

TAKEN_AT_ONCE: Final = 1_000

FUTURE: Final = "9999999999999"
"""No entry has a greater id: the consumer's history after it is empty, but asking for it is a sign of life."""

T = TypeVar("T")

TAKE_OVER: Final = f"""
-- KEYS: stream. ARGV: consumer, ms after which a silent one counts as dead, at most so many.
-- Gives the entries of dead consumers to this one and forgets them; returns {{id, fields, deliveries}} of each.
local taken, room = {{}}, tonumber(ARGV[3])
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], '{GROUP}')) do
  local other = {{}}
  for i = 1, #row, 2 do other[row[i]] = row[i + 1] end
  if other.name ~= ARGV[1] and (other.name == '{RELEASED}' or other.idle >= tonumber(ARGV[2])) then
    for _, pending in ipairs(redis.call('XPENDING', KEYS[1], '{GROUP}', '-', '+', room, other.name)) do
      local entry = redis.call('XCLAIM', KEYS[1], '{GROUP}', ARGV[1], 0, pending[1])[1]
      if entry then table.insert(taken, {{entry[1], entry[2], pending[4] + 1}}) end
    end
    room = ARGV[3] - #taken
    if room <= 0 then break end
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '{GROUP}', other.name)
  end
end
return taken
"""


class StreamMessage(MessageProxy):
    """A message with the id of its stream entry and how often it has been delivered."""

    def __init__(self, entry: bytes, message: dramatiq.Message[Any], attempts: int) -> None:
        super().__init__(message)
        self.entry = entry
        self.attempts = attempts


class InHand:
    """The entries that a process works on. It outlives its consumer, which is made anew when a connection was lost."""

    def __init__(self) -> None:
        self._entries: set[bytes] = set()
        self._changed = threading.Condition()

    def __contains__(self, entry: bytes) -> bool:
        return entry in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: bytes) -> None:
        with self._changed:
            self._entries.add(entry)

    def discard(self, entry: bytes) -> None:
        """Done with it; called by the worker's threads."""
        with self._changed:
            self._entries.discard(entry)
            self._changed.notify_all()

    def wait_below(self, most: int, seconds: float) -> bool:
        """Whether fewer than ``most`` are in hand, within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._entries) < most, seconds)


class StreamConsumer(Consumer):
    """Takes messages off one queue; made by :meth:`StreamBroker.consume`."""

    def __init__(
        self,
        url: str,
        queue: str,
        *,
        naming: Naming,
        name: str,
        in_hand: InHand,
        prefetch: int,
        timeout_ms: int,
        abandoned_ms: int,
    ) -> None:
        self._naming = naming
        self._queue = queue
        self._stream = naming.stream(queue)
        self._name = name
        self._in_hand = in_hand
        self._prefetch = max(1, prefetch)
        self._block_ms = max(1, min(timeout_ms, abandoned_ms // HEARTBEATS))
        self._abandoned_ms = abandoned_ms
        self._next_take_over = 0.0
        self._log = logging.getLogger(__name__)
        self._client = connect_sync(url)
        self._ready: list[StreamMessage] = []
        with connection_errors():
            self._create_group()
            self._take(self._missed())

    def __next__(self) -> MessageProxy | None:
        """The next message; None when there is none within the timeout, or no more may be in hand."""
        with connection_errors():
            if not self._ready:
                if self._in_hand.wait_below(self._prefetch, self._block_ms / 1000):
                    self._look()
                else:
                    self._show_life()
        return self._ready.pop(0) if self._ready else None

    def ack(self, message: MessageProxy) -> None:
        self._finish(message, lambda entry: commands.finish(self._stream, entry))

    def nack(self, message: MessageProxy) -> None:
        dead, encoded = self._naming.dead(self._queue), message._message.encode()
        self._finish(message, lambda entry: commands.bury(self._stream, dead, entry, encoded))

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back what was not begun; whoever comes next gets it first, in order."""
        given = [message for message in messages if isinstance(message, StreamMessage)]
        for message in given:
            self._in_hand.discard(message.entry)
        with connection_errors():
            self._run(
                commands.claim(self._stream, RELEASED, message.entry, delivered=message.attempts - 1)
                for message in given
            )

    def close(self) -> None:
        ready, self._ready = self._ready, []
        try:
            if ready:
                self.requeue(ready)
        finally:
            self._client.close()

    def _look(self) -> None:
        try:
            if time.monotonic() >= self._next_take_over:
                self._next_take_over = time.monotonic() + self._abandoned_ms / HEARTBEATS / 1000
                self._take(self._taken_over())
            if not self._ready:
                self._take(self._fetched())
        except redis.ResponseError as error:
            if not str(error).startswith(commands.STREAM_GONE):
                raise
            self._create_group()

    def _create_group(self) -> None:
        try:
            self._client.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _missed(self) -> Iterator[tuple[bytes, Any, int]]:
        """What was delivered to this process, but lost with its connection."""
        pending: Any = self._client.xpending_range(self._stream, GROUP, "-", "+", TAKEN_AT_ONCE, self._name)
        for row in pending:
            entry, delivered = row["message_id"], row["times_delivered"]
            if entry not in self._in_hand:
                command = commands.claim(self._stream, self._name, entry, delivered=delivered)
                for _, fields in commands.execute(self._client, command):
                    yield entry, fields, max(1, delivered)

    def _taken_over(self) -> list[tuple[bytes, Any, int]]:
        taken: Any = self._client.eval(TAKE_OVER, 1, self._stream, self._name, self._abandoned_ms, TAKEN_AT_ONCE)
        return sorted(
            ((entry, commands.pairs(fields), attempts) for entry, fields, attempts in taken),
            key=lambda found: commands.order(found[0]),
        )

    def _fetched(self) -> Iterator[tuple[bytes, Any, int]]:
        due_in = commands.execute(self._client, commands.move_due(self._naming, self._queue))
        block = self._block_ms if due_in is None else max(1, min(self._block_ms, due_in))
        room = max(1, self._prefetch - len(self._in_hand))
        found: Any = self._client.xreadgroup(GROUP, self._name, {self._stream: ">"}, count=room, block=block)
        for _, entries in found or ():
            for entry, fields in entries:
                yield entry, fields, 1

    def _show_life(self) -> None:
        self._client.xreadgroup(GROUP, self._name, {self._stream: FUTURE}, count=1)

    def _take(self, entries: Iterable[tuple[bytes, Any, int]]) -> None:
        for entry, fields, attempts in entries:
            encoded = (fields or {}).get(FIELD.encode())
            if encoded is None:  # a timer: what it is for is seen at the next look
                self._run(commands.finish(self._stream, entry))
                continue
            try:
                message: dramatiq.Message[Any] = dramatiq.Message.decode(encoded)
            except DecodeError:
                self._log.error("An entry of %s is not a message; it is set aside", self._queue)
                self._run(commands.bury(self._stream, self._naming.dead(self._queue), entry, encoded))
                continue
            self._in_hand.add(entry)
            self._ready.append(StreamMessage(entry, message, attempts))

    def _finish(self, message: MessageProxy, end: Callable[[bytes], Iterable[Command]]) -> None:
        if not isinstance(message, StreamMessage):
            raise TypeError(f"not a message of a stream: {message!r}")
        with connection_errors():
            self._run(end(message.entry))
        self._in_hand.discard(message.entry)

    def _run(self, together: Iterable[Command]) -> None:
        commands.filled(self._client.pipeline(transaction=True), together).execute()


@contextmanager
def connection_errors() -> Iterator[None]:
    """Redis's connection errors as Dramatiq's, upon which its worker tries again."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ConnectionClosed(error) from error  # type: ignore[no-untyped-call]
