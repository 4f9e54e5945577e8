"""Gateways that count by themselves, and tell one another in parts, together keep to a quota."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sockethub.config.admission import Quota
from sockethub.gateway.quotas import PARTS, Window

COUNTS = st.integers(1, 300)
ORDERS = st.lists(st.integers(0, 4), max_size=800)


@given(COUNTS, ORDERS)
def test_together_they_exceed_it_by_one_part_each_at_most(count: int, order: list[int]) -> None:
    quota = Quota(count=count, seconds=60)
    windows = [Window(0.0) for _ in range(5)]
    shared = granted = 0
    for turn in order:
        window = windows[turn]
        if not window.has_room(quota, 1.0):
            continue
        granted += 1
        more = window.spend(quota, 1.0)
        if more:
            shared += more
            window.learn(quota, shared, 59, 1.0)
    part = -(-count // PARTS)
    assert granted <= count + len(windows) * part
    assert shared <= granted < shared + len(windows) * part + 1


@given(COUNTS, st.integers(0, 1_000))
def test_alone_it_is_exact_whether_or_not_anybody_answers(count: int, tries: int) -> None:
    quota = Quota(count=count, seconds=60)
    window, granted = Window(0.0), 0
    for _ in range(tries):
        if window.has_room(quota, 59.9):
            window.spend(quota, 59.9)
            granted += 1
    assert granted == min(count, tries)
    assert window.has_room(quota, 120.0)


@given(COUNTS, COUNTS)
def test_what_is_told_is_told_once(count: int, tries: int) -> None:
    quota, window = Quota(count=count, seconds=60), Window(0.0)
    told = [window.spend(quota, 0.0) for _ in range(min(tries, count))]
    assert sum(told) == window.told <= window.used == len(told)
