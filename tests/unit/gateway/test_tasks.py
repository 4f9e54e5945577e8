"""Short work that nobody waits for."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from sockethub.gateway.tasks import Tasks

pytestmark = pytest.mark.anyio


async def test_what_they_start_is_waited_for_too() -> None:
    tasks, done = Tasks(), []

    async def second() -> None:
        await asyncio.sleep(0.01)
        done.append("second")

    async def first() -> None:
        tasks.start(second())

    tasks.start(first())
    await tasks.finish(5.0)
    assert done == ["second"]
    assert len(tasks) == 0


async def test_what_takes_too_long_is_cancelled() -> None:
    tasks, ended = Tasks(), []

    async def never() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    tasks.start(never())
    await tasks.finish(0.01)
    assert ended == [True]
    assert len(tasks) == 0


async def test_nothing_starts_once_they_are_finished() -> None:
    tasks, done = Tasks(), []

    async def late() -> None:
        done.append(True)

    await tasks.finish(1.0)
    tasks.start(late())
    await asyncio.sleep(0)
    assert len(tasks) == 0
    assert done == []
