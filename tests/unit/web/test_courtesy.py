from __future__ import annotations

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.web.courtesy import AT_ONCE, HOSTS, PAUSE_SECONDS, WAITING, Courtesy

pytestmark = pytest.mark.anyio


async def test_places_are_bounded_by_host() -> None:
    courtesy = Courtesy()
    inside: list[str] = []
    leave = anyio.Event()

    async def visit(host: str) -> None:
        async with courtesy.place(host):
            inside.append(host)
            await leave.wait()

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE + WAITING):
            tasks.start_soon(visit, "a")
        tasks.start_soon(visit, "b")
        await anyio.wait_all_tasks_blocked()
        assert sorted(inside) == ["a"] * AT_ONCE + ["b"]
        with pytest.raises(PlatformError, match="too much is being asked"):
            await visit("a")
        leave.set()
    assert inside.count("a") == AT_ONCE + WAITING
    with anyio.fail_after(1):
        await visit("a")


async def test_a_pause_is_kept_and_ends() -> None:
    now = 100.0
    courtesy = Courtesy(lambda: now)
    courtesy.pause("a", "30")
    with pytest.raises(PlatformError, match="left alone for 30 s"):
        async with courtesy.place("a"):
            pass
    async with courtesy.place("b"):
        pass
    now = 130.0
    async with courtesy.place("a"):
        pass


@pytest.mark.parametrize("said", ["", "soon", "-1", "1.5", "Mon, 23 Nov 2026 10:00:00 GMT", "\u0663"])
async def test_what_is_no_number_of_seconds_is_not_heeded(said: str) -> None:
    courtesy = Courtesy(lambda: 0.0)
    courtesy.pause("a", said)
    async with courtesy.place("a"):
        pass


async def test_pauses_are_bounded() -> None:
    now = 0.0
    courtesy = Courtesy(lambda: now)
    courtesy.pause("first", "9" * 400)
    now = PAUSE_SECONDS - 1
    with pytest.raises(PlatformError):
        async with courtesy.place("first"):
            pass
    for number in range(HOSTS):
        courtesy.pause(str(number), "60")
    async with courtesy.place("first"):
        pass
