"""Which of the sentinels' answers is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.jobs.sentinel import NoMaster, newest
from sockethub.redis_url import Address, Sentinels

SENTINELS = Sentinels((("one", 1),), "house", ports=(6379, 6380))
OLD, NEW = ("old", 6379), ("new", 6380)


@given(st.permutations([(3, OLD), (4, NEW), (3, OLD), (9, None)]))
def test_the_highest_epoch_counts_whoever_else_is_behind(answers: list[tuple[int, Address | None]]) -> None:
    assert newest(answers, SENTINELS) == NEW


@pytest.mark.parametrize(
    ("answers", "why"),
    [([], "no sentinel answers"), ([(0, None)], "no master 'house'"), ([(1, ("new", 7000))], "&ports=7000")],
)
def test_why_there_is_none(answers: list[tuple[int, Address | None]], why: str) -> None:
    with pytest.raises(NoMaster, match=why):
        newest(answers, SENTINELS)
