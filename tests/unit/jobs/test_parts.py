"""Several servers asked as if they were one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.jobs.parts import answered, parted

pytestmark = pytest.mark.anyio


@given(st.lists(st.integers(0, 5)))
def test_every_place_is_in_its_part_in_order(items: list[int]) -> None:
    parts = parted(items, lambda item: item % 3)
    assert sorted(place for places in parts.values() for place in places) == list(range(len(items)))
    for key, places in parts.items():
        assert list(places) == sorted(places)
        assert {items[place] % 3 for place in places} == {key}


async def test_answers_are_in_the_order_of_what_was_asked() -> None:
    async def ask(key: int, items: Sequence[int]) -> list[tuple[int, int]]:
        return [(key, item) for item in items]

    items = [4, 1, 2, 7, 3]
    assert await answered(items, parted(items, lambda item: item % 2), ask) == [(item % 2, item) for item in items]


async def test_the_first_error_is_raised_when_all_are_through() -> None:
    through: list[int] = []

    async def ask(key: int, items: Sequence[int]) -> Sequence[int]:
        through.append(key)
        if key:
            raise LookupError(key)
        return items

    with pytest.raises(LookupError):
        await answered([1, 2], parted([1, 2], lambda item: item % 2), ask)
    assert sorted(through) == [0, 1]
