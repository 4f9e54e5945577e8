"""Steady traffic of several kinds, slower than anything is: for what shows with time alone."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any, Final

from bench.load import TRANSPORTS, Client
from bench.talk import echo, irc, log_in, ok
from tests.support.ircd import IrcServer

ROOM: Final = "#soak"
WITHIN_SECONDS: Final = 30.0
"""A command that takes longer has failed."""


@dataclass
class Count:
    """What has happened; the latencies of echoes since somebody looked last."""

    echoes: int = 0
    sends: int = 0
    heard: int = 0
    visits: int = 0
    failures: list[str] = field(default_factory=list)
    _taken: list[float] = field(default_factory=list)

    def took(self, seconds: float) -> None:
        self.echoes += 1
        self._taken.append(seconds)

    def echo_ms(self) -> float | None:
        taken, self._taken = self._taken, []
        return round(median(taken) * 1e3, 3) if taken else None


@dataclass(frozen=True)
class Traffic:
    """``rate`` messages a second: two thirds echoes, a third said in a room; and a visitor each ``visit_seconds``."""

    url: str
    server: IrcServer
    rate: float
    visit_seconds: float
    count: Count = field(default_factory=Count)
    watched: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it, and visitors come: until then there is only what lasts."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Both logins are there, and have spoken."""

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for transport in TRANSPORTS:
                tasks.create_task(self._lasting(partial(self._echoes, transport)))
            for nick in ("ann", "ben"):
                tasks.create_task(self._lasting(partial(self._says, nick)))
            tasks.create_task(self._visitors())

    async def _lasting(self, work: Callable[[], Awaitable[None]]) -> None:
        """What fails is counted, and begun anew."""
        while True:
            try:
                await work()
            except Exception as problem:  # noqa: BLE001 - whatever it is, an hour's run is to go on and tell
                self.count.failures.append(repr(problem))
                await asyncio.sleep(1)

    async def _echoes(self, transport: str) -> None:
        async with opened(transport, self.url) as client:
            async for _ in ticks(3 / self.rate):
                start = time.perf_counter()
                await within(ok(client, "message", echo()))
                self.count.took(time.perf_counter() - start)

    async def _says(self, nick: str) -> None:
        async with opened("plain", self.url) as client:
            client.on_message(self._hear)
            await within(log_in(client, nick, self.server, ROOM))
            async for number in ticks(6 / self.rate):
                await within(ok(client, "message", said(nick, f"{nick} says {number}")))
                self.count.sends += 1
                if number == 5:
                    self.settled.set()

    def _hear(self, activity: dict[str, Any]) -> None:
        self.count.heard += " says " in str(activity.get("object", {}).get("content"))

    async def _visitors(self) -> None:
        await self.watched.wait()
        async for number in ticks(self.visit_seconds):
            try:
                await self._visit(number)
            except Exception as problem:  # noqa: BLE001 - as above
                self.count.failures.append(repr(problem))
            self.count.visits += 1

    async def _visit(self, number: int) -> None:
        """Some echoes; each third visitor has a login of its own, of which each other is left to linger."""
        async with opened(list(TRANSPORTS)[number % 2], self.url) as client:
            for _ in range(5):
                await within(ok(client, "message", echo()))
            if number % 3 == 0:
                nick = f"visitor{number}"
                await within(log_in(client, nick, self.server, ROOM))
                await within(ok(client, "message", said(nick, f"{nick} says hello")))
                if number % 2:
                    await within(ok(client, "message", irc("disconnect", nick)))


def said(nick: str, text: str) -> dict[str, Any]:
    return irc("send", nick, target={"id": ROOM, "type": "room"}, object={"type": "note", "content": text})


async def within(work: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(work, WITHIN_SECONDS)


async def ticks(seconds: float) -> AsyncIterator[int]:
    """Numbers, one each so many seconds, however long what is done between takes; what is late is not made up for."""
    due = time.monotonic()
    for number in itertools.count():
        yield number
        due = max(due + seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())


@asynccontextmanager
async def opened(transport: str, url: str) -> AsyncIterator[Client]:
    """A client that is closed at the block's end."""
    client = await TRANSPORTS[transport].open(url)
    try:
        yield client
    finally:
        await client.close()
