"""Making a lost connection again: the same patience for every platform that holds one."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio

from sockethub.errors import PlatformError

__all__ = ["Patience", "Reconnecting"]

STABLE_SECONDS: Final = 60.0
"""How long a connection must have held before its loss counts as a new outage, with all the time to get over it."""
MAX_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: the first pause, which doubles up to the longest; and how long to go on trying."""

    first: float
    longest: float
    seconds: float

    def pause(self, attempts: int, jitter: float) -> float:
        """Before the next attempt; ``jitter`` from 0.5 to 1, lest a server that comes back be met by all at once."""
        return min(self.first * 2.0 ** min(attempts, MAX_DOUBLINGS), self.longest) * jitter


class Reconnecting:
    """Watches one connection after the other, until the user leaves or there is no getting back.

    ``watch`` waits for the end of the connection, and gives its reason in words and its condition. ``again`` makes
    another one, and raises :class:`~sockethub.errors.PlatformError`. ``interrupted`` is told the reason before that is
    tried, and ``over`` when it is given up. ``final`` are the conditions after which it would end the same way.
    """

    def __init__(
        self,
        patience: Patience,
        final: frozenset[str],
        *,
        watch: Callable[[], Awaitable[tuple[str, str]]],
        again: Callable[[], Awaitable[None]],
        interrupted: Callable[[str], None],
        over: Callable[[str], None],
    ) -> None:
        self._patience = patience
        self._final = final
        self._watch = watch
        self._again = again
        self._interrupted = interrupted
        self._over = over
        self._scope = anyio.CancelScope()
        self._hurry = anyio.Event()
        self._settled = anyio.Event()
        self.running = True
        """Whether there is a connection, or one may still come to be."""

    async def run(self) -> None:
        """Watch, until it is over or cancelled."""
        outage = time.monotonic()
        attempts = 0
        with self._scope:
            while True:
                began = time.monotonic()
                reason, condition = await self._watch()
                if not self.running:
                    break  # the user has left while it ended
                if time.monotonic() - began >= STABLE_SECONDS or attempts == 0:
                    outage, attempts = time.monotonic(), 0
                if condition in self._final:
                    self._over(reason)
                    break
                self._interrupted(reason)
                attempts = await self._connect(reason, outage, attempts)
                if not attempts:
                    break
        self.running = False
        self._settle()

    async def hurry(self, seconds: float) -> None:
        """Try now, and wait for how it ends, at most so long."""
        settled = self._settled
        self._hurry.set()
        with anyio.move_on_after(seconds):
            await settled.wait()

    def cancel(self) -> None:
        """The user leaves."""
        self.running = False
        self._scope.cancel()

    async def _connect(self, reason: str, outage: float, attempts: int) -> int:
        """Connect again; the attempts so far, or 0 when it is given up."""
        final = False
        while True:
            spent = attempts > 0 and time.monotonic() - outage >= self._patience.seconds
            if spent or final:
                self._over(reason)
                return 0
            self._hurry = anyio.Event()
            with anyio.move_on_after(self._patience.pause(attempts, random.uniform(0.5, 1.0))):
                await self._hurry.wait()
            attempts += 1
            try:
                await self._again()
            except PlatformError as error:
                reason, final = str(error), error.condition in self._final
                continue
            self._settle()
            return attempts

    def _settle(self) -> None:
        """Wake those who wait for how it ends."""
        settled, self._settled = self._settled, anyio.Event()
        settled.set()
