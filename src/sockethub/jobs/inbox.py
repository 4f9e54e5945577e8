"""A gateway's inbox: replies and notices from workers and supervisors, read in batches and deleted once read."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import anyio
import redis
import redis.asyncio

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


async def read_inbox(client: redis.asyncio.Redis, stream: str) -> AsyncIterator[list[Entry]]:
    """Batches of entries, oldest first, for ever; each batch is deleted when the next is asked for.

    ``client`` must be a blocking one. While Redis is away it tries again, with jitter.
    """
    last: bytes | str = "0"
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            found: Any = await client.xread({stream: last}, count=BATCH, block=BLOCK_MS)
            pause = FIRST_PAUSE_SECONDS
        except redis.ConnectionError:
            await anyio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            last = "0"
            continue
        if not found:
            continue
        entries = [Entry(entry, fields) for entry, fields in found[0][1]]
        yield entries
        last = entries[-1].id
        try:
            await client.xdel(stream, *(entry.id for entry in entries))
        except redis.ConnectionError:
            last = "0"
