"""The Redis commands of a queue, shared by the blocking and the asyncio side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import redis

from sockethub.jobs.names import FIELD, GROUP, Naming

DEAD_LETTERS: Final = 1_000
"""Dead letters kept per queue; older ones fall off."""

CLAIM_BATCH: Final = 100

Word: TypeAlias = str | bytes | int | float
Command: TypeAlias = tuple[Word, ...]
"""A command as it goes to Redis: its name and arguments."""

Claimed = tuple[bytes, dict[bytes, bytes] | None, int]
"""Entry id, fields (None when it was deleted), and how often it was delivered, this time included."""

ENQUEUE: Final = """
-- KEYS: stream, delayed set. ARGV: field, message, greatest length, due time in ms or 0.
if redis.call('XLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then
  return false
end
if ARGV[4] == '0' then
  return redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])
end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
return ARGV[4]
"""

MOVE_DUE: Final = """
-- KEYS: delayed set, stream. ARGV: now in ms. Moves what is due; returns when the next one is, or nil.
for _, message in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)) do
  redis.call('XADD', KEYS[2], '*', 'm', message)
  redis.call('ZREM', KEYS[1], message)
end
local nearest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return nearest[2]
"""


class StreamFull(Exception):
    """The queue is at its greatest length; nothing was put on it."""


def enqueue_arguments(
    naming: Naming, queue: str, message: bytes, max_length: int, due: int = 0
) -> tuple[tuple[str, str], tuple[str | bytes | int, ...]]:
    """Keys and arguments of :data:`ENQUEUE`."""
    return (naming.stream(queue), naming.delayed(queue)), (FIELD, message, max_length, due)


def check_enqueued(answer: Any, queue: str) -> None:
    """Raises :class:`StreamFull` when :data:`ENQUEUE` refused."""
    if answer is None:
        raise StreamFull(queue)


def finish(stream: str, entry: bytes) -> tuple[Command, ...]:
    """Take a finished entry off the stream."""
    return ("XACK", stream, GROUP, entry), ("XDEL", stream, entry)


def bury(stream: str, dead: str, entry: bytes, message: bytes) -> tuple[Command, ...]:
    """Move an entry to the dead letters."""
    return ("XADD", dead, "MAXLEN", "~", DEAD_LETTERS, "*", FIELD, message), *finish(stream, entry)


def add(stream: str, fields: Mapping[str, Word], *, max_length: int) -> Command:
    """Append to a bounded stream; its oldest entries fall off."""
    flat = [word for pair in fields.items() for word in pair]
    return ("XADD", stream, "MAXLEN", "~", max_length, "*", *flat)


def filled(pipeline: Any, commands: Iterable[Command]) -> Any:
    """A pipeline of redis-py's with ``commands`` in it."""
    for command in commands:
        pipeline.execute_command(*command)
    return pipeline


def pairs(flat: Sequence[bytes] | None) -> dict[bytes, bytes] | None:
    """A hash or an entry's fields, as Redis lists them: name, value, name, value."""
    return None if flat is None else dict(zip(flat[::2], flat[1::2], strict=True))


def create_group(client: redis.Redis, stream: str) -> None:
    """Create stream and group where they do not exist."""
    try:
        client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not is_busy_group(error):
            raise


def is_busy_group(error: redis.ResponseError) -> bool:
    return str(error).startswith("BUSYGROUP")


def claim_all(client: redis.Redis, stream: str, consumer: str) -> Iterator[Claimed]:
    """Take over everything pending, in order."""
    start = "-"
    while True:
        pending: Any = client.xpending_range(stream, GROUP, start, "+", CLAIM_BATCH)
        if not pending:
            return
        claimed: Any = client.xclaim(stream, GROUP, consumer, 0, [row["message_id"] for row in pending])
        yield from with_attempts(pending, claimed)
        start = after(pending)


def with_attempts(pending: Any, claimed: Any) -> Iterator[Claimed]:
    """Join the answers of ``XPENDING`` and of the ``XCLAIM`` that followed."""
    attempts = {row["message_id"]: row["times_delivered"] + 1 for row in pending}
    for entry, fields in claimed:
        yield entry, fields, attempts[entry]


def after(pending: Any) -> str:
    """Where the next page of ``XPENDING`` starts."""
    return f"({pending[-1]['message_id'].decode()}"
