"""The Redis commands of a queue, shared by the blocking and the asyncio side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import redis
from dramatiq.errors import BrokerError

from sockethub.jobs.names import FIELD, GROUP, TIMER, Naming

DEAD_LETTERS: Final = 1_000
"""Dead letters kept per queue; older ones fall off."""

DEAD_LETTER_SECONDS: Final = 30 * 86_400
"""A queue's dead letters are kept so long after the last one: logins come and go, and each has a queue."""

CLAIM_BATCH: Final = 100

MAX_BYTES: Final = 8 * 1024 * 1024
"""See :data:`ENQUEUE`; what holds where nothing else is declared (``queue.max_bytes``)."""

TOO_LARGE: Final = 0
"""The answer of :data:`ENQUEUE` to a message that is too large for what waits already."""

Word: TypeAlias = str | bytes | int | float
Command: TypeAlias = tuple[Word, ...]
"""A command as it goes to Redis: its name and arguments."""

STREAM_GONE: Final = ("NOGROUP", "UNBLOCKED")
"""What Redis says when the stream was deleted before, or during, a read."""

ENQUEUE: Final = f"""
-- KEYS: stream, delayed set. ARGV: greatest length, greatest bytes, delay in ms (0: none), whether a stream is made
-- where there is none (1), messages. Returns the answer to each; an empty one where there is no stream.
local answers = {{}}
local absent = ARGV[4] ~= '1' and redis.call('EXISTS', KEYS[1]) == 0
local waiting = redis.call('XLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])
for i = 5, #ARGV do
  local answer
  if absent then
    answer = ''
  elseif waiting >= tonumber(ARGV[1]) then
    answer = false
  elseif waiting * #ARGV[i] >= tonumber(ARGV[2]) then
    answer = {TOO_LARGE}
  elseif ARGV[3] == '0' then
    answer = redis.pcall('XADD', KEYS[1], '*', '{FIELD}', ARGV[i])
    waiting = waiting + 1
  else
    local time = redis.call('TIME')
    local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
    redis.call('ZADD', KEYS[2], due, ARGV[i])
    if redis.call('ZRANGE', KEYS[2], 0, 0)[1] == ARGV[i] then
      -- The nearest of all: consumers that wait for something to arrive must hear of it.
      redis.call('XADD', KEYS[1], '*', '{TIMER}', due)
    end
    answer = ARGV[3]
    waiting = waiting + 1
  end
  answers[i - 4] = answer
end
return answers
"""
"""Both clocks are Redis's own, here and in :data:`MOVE_DUE`: those of the machines may differ.

Bytes are bounded without being counted. A message that finds ``n`` others has less than ``bytes / n``, and those before
it only become fewer: all together have less than one message that came alone, and
``bytes * (1 + 1/2 + ... + 1/length)``, which is 7.5 times ``bytes`` for a length of a thousand.
"""

MOVE_DUE: Final = f"""
-- KEYS: delayed set, stream. Moves what is due; returns in how many ms the next one is, or nil.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, message in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('XADD', KEYS[2], '*', '{FIELD}', message)
  redis.call('ZREM', KEYS[1], message)
end
local nearest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if nearest[2] then
  return math.max(0, tonumber(nearest[2]) - now)
end
return false
"""


JOURNALLED: Final = 1_000_000
"""Added to an entry's number of deliveries once its effect may have begun: Redis keeps that with the entry, for exactly
as long as it is pending, and shows it to whoever takes the entry over."""

JOURNAL: Final = f"""
-- KEYS: stream. ARGV: consumer, entry. Returns 1 when it is written down, 0 when there is no such entry any more,
-- -1 when another consumer has it.
local pending = redis.call('XPENDING', KEYS[1], '{GROUP}', ARGV[2], ARGV[2], 1)[1]
if not pending then
  return 0
end
if pending[2] ~= ARGV[1] then
  return -1
end
if pending[4] < {JOURNALLED} then
  local count = pending[4] + {JOURNALLED}
  redis.call('XCLAIM', KEYS[1], '{GROUP}', ARGV[1], 0, ARGV[2], 'RETRYCOUNT', count, 'JUSTID')
end
return 1
"""


SCRIPTS: Final = (ENQUEUE, MOVE_DUE, JOURNAL)
"""What is run often."""


class StreamFull(BrokerError):
    """The queue is at its greatest length; nothing was put on it."""

    def __init__(self, queue: str, max_length: int) -> None:
        super().__init__(f"{queue}: {max_length} messages are already waiting")  # type: ignore[no-untyped-call]


def auth(username: str | None, password: str | None) -> tuple[tuple[str, ...], ...]:
    """What a connection begins with: none, where there is no ``password``."""
    if password is None:
        return ()
    return (("AUTH", *((username,) if username else ()), password),)


def enqueue(
    naming: Naming,
    queue: str,
    *messages: bytes,
    max_length: int,
    max_bytes: int = MAX_BYTES,
    delay: int = 0,
    create: bool = True,
) -> Command:
    """Put messages on their queue, ``delay`` milliseconds from now. Who waits for some is given them together.

    The answer is a list of one for each: None when the queue is full, :data:`TOO_LARGE` when it is too full for this
    one. Without ``create`` nothing is put on a queue that is not there, and each is empty.
    """
    keys = naming.stream(queue), naming.delayed(queue)
    return ("EVAL", ENQUEUE, 2, *keys, max_length, max_bytes, delay, int(create), *messages)


def move_due(naming: Naming, queue: str) -> Command:
    """Put on the stream what is due; the answer is the time to the next in milliseconds, or None."""
    return ("EVAL", MOVE_DUE, 2, naming.delayed(queue), naming.stream(queue))


def finish(stream: str, entry: bytes) -> tuple[Command, ...]:
    """Take a finished entry off the stream.

    In this order, what breaks off in the middle mends itself: an entry that is pending and gone is never given again.
    """
    return ("XDEL", stream, entry), ("XACK", stream, GROUP, entry)


def journal(stream: str, consumer: str, entry: bytes) -> Command:
    """Write down that the effect of an entry may begin now."""
    return ("EVAL", JOURNAL, 1, stream, consumer, entry)


def dead_letter(dead: str, message: bytes) -> tuple[Command, ...]:
    """Keep a message for the operator to see."""
    keep: Command = ("XADD", dead, "MAXLEN", "~", DEAD_LETTERS, "*", FIELD, message)
    return keep, ("EXPIRE", dead, DEAD_LETTER_SECONDS)


def bury(stream: str, dead: str, entry: bytes, message: bytes) -> tuple[Command, ...]:
    """Move an entry to the dead letters."""
    return *dead_letter(dead, message), *finish(stream, entry)


def claim(stream: str, consumer: str, entry: bytes, *, delivered: int) -> Command:
    """Take an entry over, or give it to ``consumer``, as one that was delivered ``delivered`` times."""
    return ("XCLAIM", stream, GROUP, consumer, 0, entry, "RETRYCOUNT", delivered)


def add(stream: str, fields: Mapping[str, Word], *, max_length: int) -> Command:
    """Append to a bounded stream; its oldest entries fall off."""
    flat = [word for pair in fields.items() for word in pair]
    return ("XADD", stream, "MAXLEN", "~", max_length, "*", *flat)


def execute(client: redis.Redis, command: Command) -> Any:
    """One command through redis-py."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def filled(pipeline: Any, commands: Iterable[Command]) -> Any:
    """A pipeline of redis-py's with ``commands`` in it."""
    for command in commands:
        pipeline.execute_command(*command)
    return pipeline


def pairs(flat: Sequence[bytes] | None) -> dict[bytes, bytes] | None:
    """A hash or an entry's fields, as Redis lists them: name, value, name, value."""
    return None if flat is None else dict(zip(flat[::2], flat[1::2], strict=True))


def order(entry: bytes) -> tuple[int, int]:
    """Entry ids sort by this: ``<milliseconds>-<number>``."""
    milliseconds, _, number = entry.partition(b"-")
    return int(milliseconds), int(number)
