"""How often somebody may do something, at all gateways together, without asking Redis each time.

A gateway counts by itself, and tells Redis a part of the quota at a time. When Redis says that the others have used up
the rest, nothing more passes here until the window ends. So the whole may be exceeded by one part for each gateway, and
while Redis is away each gateway grants the quota on its own.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sockethub.config.admission import Quota
from sockethub.errors import QueueError

PARTS: Final = 20
"""Into so many parts a quota is told: a round trip to Redis for every twentieth of it."""

SUBJECTS: Final = 100_000
"""Whose windows are remembered at once; then those that began first are forgotten."""


class Counting(Protocol):
    """Where gateways count together."""

    async def count(self, kind: str, subject: str, more: int, seconds: int) -> tuple[int, int]:
        """Add; how many there are, and the seconds left of the window."""


class Starting(Protocol):
    """What runs a coroutine beside."""

    def start(self, work: Coroutine[Any, Any, None]) -> object:
        """Run it soon."""


@dataclass(slots=True)
class Window:
    """One subject's use since ``started``, and how much of it Redis was told. Times are of one monotonic clock."""

    started: float
    used: int = 0
    told: int = 0
    full_until: float = 0.0

    def has_room(self, quota: Quota, now: float) -> bool:
        """Whether one more may pass; begins anew where the window is over."""
        if now < self.full_until:
            return False
        if now - self.started >= quota.seconds:
            self.started, self.used, self.told = now, 0, 0
        return self.used < quota.count

    def spend(self, quota: Quota, now: float) -> int:
        """One more; how many are to be told now, 0 for none yet."""
        self.used += 1
        untold = self.used - self.told
        if untold * PARTS < quota.count and self.used < quota.count:
            return 0
        self.told = self.used
        return untold

    def learn(self, quota: Quota, count: int, left: int, now: float) -> None:
        """What all gateways have used, and for how long that counts."""
        if count >= quota.count:
            self.full_until = now + left


class Meter:
    """One quota, for every subject."""

    def __init__(self, kind: str, quota: Quota, store: Counting, tasks: Starting) -> None:
        self._kind = kind
        self._quota = quota
        self._store = store
        self._tasks = tasks
        self._windows: dict[str, Window] = {}

    def spend(self, subject: str) -> bool:
        """Count one, if it may pass; whether it may. Returns at once."""
        now = time.monotonic()
        window = self._windows.get(subject)
        if window is None:
            window = self._begin(subject, now)
        if not window.has_room(self._quota, now):
            return False
        more = window.spend(self._quota, now)
        if more:
            self._tasks.start(self._tell(subject, window, more))
        return True

    def _begin(self, subject: str, now: float) -> Window:
        if len(self._windows) >= SUBJECTS:
            self.forget(now)
        while len(self._windows) >= SUBJECTS:
            del self._windows[next(iter(self._windows))]
        window = self._windows[subject] = Window(now)
        return window

    def forget(self, now: float) -> None:
        """Forget the windows that are over."""
        quota = self._quota
        over = [
            name
            for name, window in self._windows.items()
            if now >= window.full_until and now - window.started >= quota.seconds
        ]
        for name in over:
            del self._windows[name]

    async def _tell(self, subject: str, window: Window, more: int) -> None:
        try:
            count, left = await self._store.count(self._kind, subject, more, self._quota.seconds)
        except QueueError:
            return  # what is counted here holds
        window.learn(self._quota, count, left, time.monotonic())
