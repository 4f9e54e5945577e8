"""When a supervisor may take logins up again."""

from __future__ import annotations

import anyio
import pytest

from sockethub.supervisor.outage import CALM_SECONDS, LOOK_SECONDS, Outage

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
