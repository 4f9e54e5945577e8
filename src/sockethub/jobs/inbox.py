"""A gateway's inbox: replies and notices from workers and supervisors, read in batches and deleted once read."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import anyio
import redis

from sockethub.jobs.commands import Command, pairs
from sockethub.jobs.link import RedisLink

BATCH: Final = 200
BLOCK_MS: Final = 60_000
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0
INBOX_LENGTH: Final = 100_000
"""Entries kept for a gateway that does not read; older ones fall off, their commands end by their deadline."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its stream id and fields."""

    id: bytes
    fields: dict[bytes, bytes]


async def read_inbox(link: RedisLink, stream: str) -> AsyncIterator[list[Entry]]:
    """Batches of entries, oldest first, for ever; each batch is deleted when the next is asked for.

    ``link`` must be a blocking one, and used for nothing else. While Redis is away it tries again, with jitter.
    """
    read: Command = ("XREAD", "COUNT", BATCH, "BLOCK", BLOCK_MS, "STREAMS", stream)
    seen: list[bytes] = []
    pause = FIRST_PAUSE_SECONDS
    while True:
        last = seen[-1] if seen else "0"
        done: tuple[Command, ...] = (("XDEL", stream, *seen),) if seen else ()
        try:
            *_, found = await link.batch(*done, (*read, last))
        except (redis.ConnectionError, redis.TimeoutError):
            await anyio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            continue
        pause = FIRST_PAUSE_SECONDS
        if found is None:
            seen = seen[-1:]
            continue
        entries = [Entry(entry, pairs(fields) or {}) for entry, fields in found[0][1]]
        seen = [entry.id for entry in entries]
        yield entries
