from __future__ import annotations

import anyio
import pytest

from sockethub.commons import ALONE
from sockethub.errors import PlatformError
from sockethub.web.courtesy import PAUSE_SECONDS, Courtesy
from sockethub.web.limits import Limits
from tests.support.commons import MemoryCommons

pytestmark = pytest.mark.anyio

LIMITS = Limits(host_at_once=2, host_waiting=3)


async def test_places_are_bounded_by_host() -> None:
    courtesy = Courtesy(ALONE, LIMITS)
    inside: list[str] = []
    leave = anyio.Event()

    async def visit(host: str) -> None:
        async with courtesy.place(host):
            inside.append(host)
            await leave.wait()

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(visit, "a")
        tasks.start_soon(visit, "b")
        await anyio.wait_all_tasks_blocked()
        assert sorted(inside) == ["a", "a", "b"]
        with pytest.raises(PlatformError, match="too much is being asked"):
            await visit("a")
        leave.set()
    assert inside.count("a") == 5
    with anyio.fail_after(1):
        await visit("a")


async def test_a_pause_is_heeded() -> None:
    courtesy = Courtesy(MemoryCommons(), LIMITS)
    await courtesy.pause("a", "30")
    for _ in range(10):
        with pytest.raises(PlatformError, match="left alone for 30 s") as caught:
            async with courtesy.place("a"):
                pass
        assert caught.value.condition == "try-again"
    async with courtesy.place("b"):
        pass


@pytest.mark.parametrize("said", ["", "soon", "-1", "1.5", "Mon, 23 Nov 2026 10:00:00 GMT", "\u0663"])
async def test_what_is_no_number_of_seconds_is_not_heeded(said: str) -> None:
    commons = MemoryCommons()
    await Courtesy(commons, LIMITS).pause("a", said)
    assert commons.pauses == {}


async def test_pauses_are_bounded() -> None:
    commons = MemoryCommons()
    await Courtesy(commons, LIMITS).pause("a", "9" * 400)
    assert commons.pauses == {"a": PAUSE_SECONDS}
