"""What is pending, and whose it is: which messages a worker takes over, and how often they were begun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import redis

from sockethub.jobs import commands
from sockethub.jobs.commands import Command, Word
from sockethub.jobs.link import RedisLink
from sockethub.jobs.names import GROUP

REMEMBERED: Final = 4_096
"""More than a worker begins in the second that Redis may lose of its log (``appendfsync everysec``)."""


DROP_OTHERS: Final = f"""
-- KEYS: stream. ARGV: consumer. Forgets the consumers before this one that have nothing any more.
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], '{GROUP}')) do
  local other = {{}}
  for i = 1, #row, 2 do other[row[i]] = row[i + 1] end
  if other.name ~= ARGV[1] and other.pending == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '{GROUP}', other.name)
  end
end
"""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the stream.

    Its fields (None when it was deleted), how often it was delivered, now included, and whether whoever had it before
    has written down that its effect may have begun.
    """

    entry: bytes
    fields: dict[bytes, bytes] | None
    attempts: int
    journalled: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """What Redis says of a pending entry; ``first``: there is none before it."""

    entry: bytes
    consumer: bytes
    times: int
    first: bool

    @property
    def journalled(self) -> bool:
        return self.times >= commands.JOURNALLED

    @property
    def delivered(self) -> int:
        """How often it was begun, or at hand."""
        return self.times % commands.JOURNALLED


class Begun:
    """The entries that this worker began last: a Redis that lost the end of its log may give them once more."""

    def __init__(self) -> None:
        self._entries: dict[bytes, None] = {}

    def __contains__(self, entry: bytes) -> bool:
        return entry in self._entries

    def again(self, entry: bytes) -> bool:
        """Note that it begins now; whether it had before."""
        if entry in self._entries:
            return True
        self._entries[entry] = None
        if len(self._entries) > REMEMBERED:
            del self._entries[next(iter(self._entries))]
        return False


class Claims:
    """Takes over what others leave behind.

    ``held`` are the entries that this worker has, which are nobody else's and not to be had twice. ``in_order``: they
    are done one after the other.
    """

    def __init__(
        self,
        link: RedisLink,
        stream: str,
        consumer: str,
        claim_from: Iterable[str] | None,
        *,
        held: Collection[bytes],
        abandoned_ms: int,
        in_order: bool,
    ) -> None:
        self.pool = claim_from is not None
        self.abandoned_ms = abandoned_ms
        self._link = link
        self._stream = stream
        self._consumer = consumer
        self._dead = list(claim_from or ())
        self._held = held
        self._in_order = in_order
        self._started = False

    async def at_start(self) -> AsyncIterator[Found]:
        """What comes before anything new, at the start and after a connection was lost; creates the group."""
        try:
            async for found in self._pending_at_start():
                yield found
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._create_group()
        self._started = True

    async def of_rivals(self) -> AsyncIterator[Found]:
        """What other consumers of a queue that is ours alone were given: they are not to have it."""
        for consumer in await self._others():
            async for found in self._claim(consumer=consumer):
                yield found

    def abandoned(self) -> AsyncIterator[Found]:
        """What nobody has settled for so long that whoever had it must be dead."""
        return self._claim(idle_ms=self.abandoned_ms)

    async def give_back(self, begun: Begun) -> None:
        """Have what this worker was given and did not begin counted as never delivered."""
        start: Word = "-"
        while pending := await self._link.call(
            "XPENDING", self._stream, GROUP, start, "+", commands.CLAIM_BATCH, self._consumer
        ):
            left = [
                commands.claim(self._stream, self._consumer, entry, delivered=max(0, delivered - 1))
                for entry, _, _, delivered in pending
                if entry not in begun
            ]
            if left:
                await self._link.batch(*left)
            start = f"({pending[-1][0].decode()}"

    async def _others(self) -> list[str]:
        listed = await self._link.call("XINFO", "CONSUMERS", self._stream, GROUP)
        names = [(commands.pairs(consumer) or {})[b"name"].decode() for consumer in listed]
        return [name for name in names if name != self._consumer]

    async def _pending_at_start(self) -> AsyncIterator[Found]:
        if not self.pool:
            async for found in self._claim():
                yield found
            await self._link.call("EVAL", DROP_OTHERS, 1, self._stream, self._consumer)
            return
        if self._started:
            async for found in self._claim(consumer=self._consumer):
                yield found
        while self._dead:
            async for found in self._claim(consumer=self._dead[0]):
                yield found
            await self._link.call("XGROUP", "DELCONSUMER", self._stream, GROUP, self._dead[0])
            del self._dead[0]
        async for found in self.abandoned():
            yield found

    async def _claim(self, *, consumer: str | None = None, idle_ms: int = 0) -> AsyncIterator[Found]:
        idle: Command = ("IDLE", idle_ms) if idle_ms else ()
        whose: Command = (consumer,) if consumer else ()
        start: Word = "-"
        while pending := await self._link.call(
            "XPENDING", self._stream, GROUP, *idle, start, "+", commands.CLAIM_BATCH, *whose
        ):
            first = pending[0][0] if start == "-" else None
            rows = [
                _Row(entry, consumer, times, first=entry == first)
                for entry, consumer, _, times in pending
                if entry not in self._held
            ]
            fields = await self._fields(rows, idle_ms)
            for row in rows:
                if row.entry in fields:  # else it was deleted, or another was faster
                    yield Found(row.entry, fields[row.entry], self._attempts(row), row.journalled)
            start = f"({pending[-1][0].decode()}"

    async def _fields(self, rows: list[_Row], idle_ms: int) -> dict[bytes, dict[bytes, bytes] | None]:
        """Claim; the fields of what is ours now."""
        claim: Command = ("XCLAIM", self._stream, GROUP, self._consumer, idle_ms)
        begun = [row.entry for row in rows if self._begun(row)]
        together: list[Command] = [(*claim, *begun)] if begun else []
        together += [(*claim, row.entry, "RETRYCOUNT", self._attempts(row)) for row in rows if not self._begun(row)]
        answers = await self._link.batch(*together) if together else []
        return {found[0]: commands.pairs(found[1]) for answer in answers for found in answer if found is not None}

    def _attempts(self, row: _Row) -> int:
        """How often it was begun, once it is."""
        return row.delivered + 1 if self._begun(row) else max(1, row.delivered)  # 0: it was given back

    def _begun(self, row: _Row) -> bool:
        """Whether whoever had it has begun it, as far as Redis can tell.

        Where messages are done one after the other, that is the first of all that are pending, and what is journalled:
        the others were at hand. (One more may have begun while the end of the first was on its way to Redis: it counts
        the next time.)
        """
        return not self._lost(row) and (row.first or row.journalled or not self._in_order)

    def _lost(self, row: _Row) -> bool:
        """Delivered to this very worker, once, but it never arrived: the connection broke. It was not begun.

        Before the start is over, it was delivered to an earlier worker of the same name.
        """
        return self._started and row.times == 1 and row.consumer == self._consumer.encode()

    async def _create_group(self) -> None:
        try:
            await self._link.call("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
