"""When a supervisor may take logins up again."""

from __future__ import annotations

import anyio
import pytest

from sockethub import leases
from sockethub.supervisor.outage import CALM_SECONDS, LOOK_SECONDS, Outage, RedisClock

pytestmark = pytest.mark.anyio


async def test_it_is_calm_where_redis_was_never_away() -> None:
    outage = Outage()
    outage.over()
    assert outage.calm


async def test_after_an_outage_the_others_get_time_to_renew() -> None:
    outage = Outage()
    outage.began()
    assert not outage.calm
    outage.over()
    assert not outage.calm
    began = anyio.current_time()
    with anyio.fail_after(CALM_SECONDS + 3 * LOOK_SECONDS):
        await outage.until_calm()
    assert anyio.current_time() - began >= CALM_SECONDS


async def test_an_outage_ends_a_pause() -> None:
    outage = Outage()
    with anyio.fail_after(3 * LOOK_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(outage.pause, 60)
            await anyio.wait_all_tasks_blocked()
            outage.began()
        await outage.pause(60)


class Wrong:
    """Stands for a Redis whose time of day is so many seconds ahead."""

    ahead = 1_800_000_000.0

    async def time(self) -> tuple[int, int]:
        seconds, rest = divmod(leases.now() + self.ahead, 1)
        return int(seconds), int(rest * 1_000_000)


@pytest.mark.parametrize("seconds", [3600, -3600, 30])
async def test_a_clock_that_is_set_is_noticed_once(seconds: int) -> None:
    redis = Wrong()
    clock = RedisClock(redis)  # type: ignore[arg-type]
    assert not await clock.was_set(), "wherever it is"
    redis.ahead += 0.05
    assert not await clock.was_set(), "a time server corrects it"
    redis.ahead += seconds
    assert await clock.was_set()
    assert not await clock.was_set()
