"""Whether a figure grows with time: pure functions of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

HOUR: Final = 3600.0
POINTS: Final = 400
"""A slope looks at each pair of points: of more samples than so many, medians of neighbours are taken."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One series: its median at the end, what it gains in an hour, and what it may."""

    name: str
    last: float
    per_hour: float
    tolerance: float

    @property
    def flat(self) -> bool:
        """It may become less: memory that is given back is no leak."""
        return self.per_hour <= self.tolerance

    def __str__(self) -> str:
        word = "flat" if self.flat else "GROWS"
        return f"{self.name:<28}{self.last:>10.2f}{self.per_hour:>+12.3f}/hour  (at most {self.tolerance:g})  {word}"


def thinned(points: Sequence[tuple[float, float]], most: int = POINTS) -> list[tuple[float, float]]:
    """At most ``most`` of them, each the median of as many neighbours."""
    step = -(-len(points) // most) or 1
    groups = [points[start : start + step] for start in range(0, len(points), step)]
    return [(median(x for x, _ in group), median(y for _, y in group)) for group in groups]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Theil and Sen's: the median of the slopes of all pairs. A peak, or a step of a few samples, does not move it."""
    found = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(thinned(points), 2) if x2 != x1]
    return median(found) if found else 0.0


def trend(name: str, points: Sequence[tuple[float, float]], warm: float, tolerance: float) -> Trend:
    """Of what was sampled from ``warm`` seconds on."""
    settled = [point for point in points if point[0] >= warm]
    last = median(value for _, value in settled[-10:]) if settled else 0.0
    return Trend(name, last, slope(settled) * HOUR, tolerance)
