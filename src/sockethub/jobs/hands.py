"""Messages under way at once: each is done by a task that is there for as long as the worker.

A task for each message costs more than most messages do: many times what waking one that waits does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

__all__ = ["Hands"]

T = TypeVar("T")


class Hands(Generic[T]):
    """``count`` of them; each does with ``work`` what it is given, one after the other. ``beside`` more may wait."""

    def __init__(self, count: int, work: Callable[[T], Awaitable[None]], beside: int = 0) -> None:
        self._count = count
        self._work = work
        self._line: asyncio.Queue[T | None] = asyncio.Queue()  # who gives looks what is free
        self._one_is_free = anyio.Event()
        self.free = count + beside

    def start(self, tasks: TaskGroup) -> None:
        """Have ``tasks`` own them. They end after :meth:`finish`."""
        for _ in range(self._count):
            tasks.start_soon(self._run)

    async def available(self, least: int = 1) -> None:
        """Wait until there is place for ``least`` more."""
        while self.free < least:
            self._one_is_free = anyio.Event()
            await self._one_is_free.wait()

    def give(self, work: T) -> None:
        """There is place for ``work``: it is begun once a hand has nothing else to do."""
        self.free -= 1
        self._line.put_nowait(work)

    def finish(self) -> None:
        """Each ends when it is done with what it has."""
        for _ in range(self._count):
            self._line.put_nowait(None)

    async def _run(self) -> None:
        while (work := await self._line.get()) is not None:
            try:
                await self._work(work)
            finally:
                self.free += 1
                self._one_is_free.set()
