"""How fast lines may go: a token bucket as a value, with the clock as an argument.

IRC servers close connections that send too fast ("Excess Flood"). Most let some ten lines pass at once and then about
two a second. PING is not counted: we send it behind a command and wait for its answer, so the server sets the pace.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bucket"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """``burst`` lines at once, then ``rate`` a second; a rate of 0 is no limit. ``due`` is when it is full again."""

    burst: int
    rate: float
    due: float = 0.0

    def wait(self, now: float, lines: int = 1) -> float:
        """Seconds until that many more lines will have had their turn."""
        if self.rate <= 0:
            return 0.0
        ready = max(self.due, now) + lines / self.rate - self.burst / self.rate
        return max(0.0, ready - now)

    def take(self, now: float) -> Bucket:
        """The bucket after one line, whose turn may still be ahead."""
        if self.rate <= 0:
            return self
        return Bucket(self.burst, self.rate, max(self.due, now) + 1 / self.rate)
