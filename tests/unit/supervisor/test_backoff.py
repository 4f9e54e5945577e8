"""Pauses before restarts."""

from __future__ import annotations

import pytest

from sockethub.supervisor.backoff import MAX_FAILURES, STEADY_SECONDS, Backoff


def test_the_first_death_waits_for_nothing_and_the_next_ones_longer_and_longer() -> None:
    backoff = Backoff(0.2, 30.0)
    assert backoff.died(1.0) == 0.0
    for expected in (0.2, 0.4, 0.8, 1.6):
        assert expected / 2 <= backoff.died(1.0) <= expected


def test_no_pause_is_longer_than_declared() -> None:
    backoff = Backoff(0.2, 30.0)
    assert all(backoff.died(0.0) <= 30.0 for _ in range(100))
    assert backoff.died(0.0) >= 15.0


def test_who_dies_for_days_is_still_restarted() -> None:
    backoff = Backoff(0.2, 30.0)
    for _ in range(5_000):  # 2.0 ** 1024 is no float
        assert backoff.died(0.0) <= 30.0


def test_a_long_life_makes_good() -> None:
    backoff = Backoff(0.2, 30.0)
    for _ in range(MAX_FAILURES):
        backoff.died(1.0)
    assert backoff.exhausted
    assert backoff.died(STEADY_SECONDS + 1) == 0.0
    assert not backoff.exhausted


@pytest.mark.parametrize("lived", [0.0, STEADY_SECONDS])
def test_a_short_life_does_not(lived: float) -> None:
    backoff = Backoff(0.2, 30.0)
    for _ in range(MAX_FAILURES):
        backoff.died(lived)
    assert backoff.exhausted
