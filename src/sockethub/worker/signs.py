"""What a worker's loop shows of itself (:mod:`~sockethub.worker.page`): that it runs, that it waits, that it is over.

asyncio's loop asks its selector once in each turn to wait. A loop that does not come to that any more has been in the
same turn for too long; one that waits in the kernel is well without saying so again and again, until its next timer is
due. That costs an idle worker nothing, where a heartbeat woke it, and its supervisor, every few seconds.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from array import array
from collections.abc import Callable, MutableSequence
from typing import Any, Final

from sockethub.worker.page import DUE, HELD, Page

BEAT_SECONDS: Final = 1.0
"""How often the loop of a pool's worker says that it runs: libuv asks nobody before it waits. They are few."""

BeforeWaiting = Callable[[float], float]
"""Told the time (:func:`time.monotonic`) when the loop is about to wait; for how many seconds it may at most."""


def _as_long_as_it_likes(now: float) -> float:
    return math.inf


class Selector(selectors.EpollSelector):
    """Shows on a page what the loop does."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._words: MutableSequence[float] | memoryview[float] = page.words
        self.before_waiting: BeforeWaiting = _as_long_as_it_likes

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            now = time.monotonic()
            most = self.before_waiting(now)
            if timeout is None or timeout > most:
                timeout = None if most == math.inf else most
            self._words[DUE] = math.inf if timeout is None else now + timeout
        found = super().select(timeout)
        self._words[DUE] = time.monotonic()
        return found

    def over(self) -> None:
        """From now on nothing is shown: a process that is about to end, and does not come to it, hangs."""
        self._words[DUE] = time.monotonic()
        self._words = array("d", [0.0] * (1 + max(DUE, HELD)))


class Signs:
    """Those of one worker."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._selector: Selector | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """A loop of asyncio's own that shows what it does."""
        self._selector = Selector(self.page)
        return asyncio.SelectorEventLoop(self._selector)

    async def show(self, before_waiting: BeforeWaiting | None = None) -> None:
        """While this runs, the worker is meant to live; once it is cancelled, to end."""
        try:
            if self._selector is None:
                await self._beat()
            elif before_waiting is not None:
                self._selector.before_waiting = before_waiting
            await asyncio.get_running_loop().create_future()
        finally:
            if self._selector is not None:
                self._selector.over()

    async def _beat(self) -> Any:
        while True:
            self.page.due = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
