"""Who reads the roster, on a real Redis."""

from __future__ import annotations

import pytest

from sockethub import redis_keys
from sockethub.jobs import connect
from sockethub.supervisor.roster import Roster

pytestmark = pytest.mark.anyio


async def test_machines_read_it_in_turn(redis_url: str) -> None:
    async with connect(redis_url) as client:
        one, other = Roster(client), Roster(client)
        assert [await one.turn(60), await other.turn(60), await one.turn(60)] == [True, False, False]
        await client.decrby(redis_keys.SUPERVISOR_SWEPT, 60_000)  # a minute later
        assert [await other.turn(60), await one.turn(60)] == [True, False]


@pytest.mark.parametrize("before", ["99999999999999", "no time"])
async def test_a_clock_that_was_set_back_or_what_is_no_time_keeps_nobody_from_it(redis_url: str, before: str) -> None:
    async with connect(redis_url) as client:
        await client.set(redis_keys.SUPERVISOR_SWEPT, before)
        assert await Roster(client).turn(60)
        assert not await Roster(client).turn(60)


async def test_nor_does_what_is_something_else(redis_url: str) -> None:
    async with connect(redis_url) as client:
        await client.hset(redis_keys.SUPERVISOR_SWEPT, "a", "b")
        assert await Roster(client).turn(60)
        assert not await Roster(client).turn(60)
