"""Slopes of what was sampled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.trend import HOUR, POINTS, slope, thinned, trend


@given(st.floats(-100, 100), st.floats(-1_000, 1_000), st.integers(2, 1_000))
def test_a_line_has_its_slope_however_many_points_it_has(gain: float, start: float, count: int) -> None:
    found = slope([(x, start + gain * x) for x in range(count)])
    assert found == pytest.approx(gain, abs=1e-6)


def test_peaks_do_not_move_it() -> None:
    points = [(x, 10.0 + (500.0 if x % 10 == 0 else 0.0)) for x in range(100)]
    assert slope(points) == 0.0


def test_a_single_point_grows_by_nothing() -> None:
    assert slope([]) == slope([(1.0, 5.0)]) == 0.0


@given(st.integers(0, 3_000))
def test_thinning_keeps_few_and_their_range(count: int) -> None:
    points = [(float(x), float(x)) for x in range(count)]
    found = thinned(points)
    assert len(found) == count if count <= POINTS else 0 < len(found) <= POINTS
    assert found == sorted(found)


def test_what_was_before_the_warm_up_does_not_count() -> None:
    points = [(float(x), min(x, 100.0)) for x in range(0, 1_000, 10)]
    assert not trend("memory", points[:10], 0.0, 1.0).flat
    settled = trend("memory", points, 100.0, 1.0)
    assert (settled.flat, settled.last, settled.per_hour) == (True, 100.0, 0.0)


def test_it_may_become_less_but_not_more_than_is_tolerated() -> None:
    def of(gain: float) -> bool:
        return trend("memory", [(x, gain * x / HOUR) for x in range(100)], 0.0, 2.0).flat

    assert (of(-50.0), of(1.9), of(2.1)) == (True, True, False)
    assert "GROWS" in str(trend("memory", [(0.0, 0.0), (1.0, 1.0)], 0.0, 2.0))
