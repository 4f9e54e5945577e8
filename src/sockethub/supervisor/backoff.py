"""How long to wait before a worker that died is started again."""

from __future__ import annotations

import random
from typing import Final

STEADY_SECONDS: Final = 60.0
"""A worker that lived so long was well: the next pause is the first one again."""

MAX_FAILURES: Final = 8
"""Deaths in a row before a login is given up: the pauses up to there add to about a minute."""

MOST_DOUBLINGS: Final = 40
"""More than any pause needs, and few enough for a float: a pool's worker is never given up."""


class Backoff:
    """Doubling pauses with jitter; none before the first restart."""

    def __init__(self, first_seconds: float, longest_seconds: float) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self.failures = 0

    @property
    def exhausted(self) -> bool:
        return self.failures >= MAX_FAILURES

    def died(self, after_seconds: float) -> float:
        """Seconds to wait now that a worker died ``after_seconds`` of life."""
        self.failures = 1 if after_seconds > STEADY_SECONDS else self.failures + 1
        if self.failures == 1:
            return 0.0
        doublings = min(self.failures - 2, MOST_DOUBLINGS)
        pause: float = min(self._first * 2.0**doublings, self._longest)
        return pause * random.uniform(0.5, 1.0)
