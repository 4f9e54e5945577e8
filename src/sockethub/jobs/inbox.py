"""A gateway's inbox: replies and notices from workers and supervisors, read in batches and deleted once read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import redis

from sockethub.jobs.commands import Command, pairs
from sockethub.jobs.connection import BLOCK_MS
from sockethub.jobs.link import RedisLink, WritesRefused
from sockethub.jobs.pauses import Pauses

BATCH: Final = 200
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
    read: Command = ("XREAD", "COUNT", BATCH, "BLOCK", BLOCK_MS, "STREAMS", stream, "0")
    seen: list[bytes] = []
    pauses = Pauses()
    while True:
        done: tuple[Command, ...] = (("XDEL", stream, *seen),) if seen else ()
        try:
            *_, found = await link.batch(*done, read)
        except (redis.ConnectionError, redis.TimeoutError, WritesRefused):
            await pauses.wait()
            continue
        pauses.reset()
        entries = [Entry(entry, pairs(fields) or {}) for entry, fields in found[0][1]] if found else []
        seen = [entry.id for entry in entries]
        if entries:
            yield entries
            await asyncio.sleep(0)  # what they led to is written before more is asked for: by then more may have come
