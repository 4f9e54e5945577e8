from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from sockethub.jobs.hands import Hands

pytestmark = pytest.mark.anyio


async def test_so_many_at_once_and_each_begun_in_its_turn() -> None:
    begun: list[int] = []
    go_on = [anyio.Event() for _ in range(5)]

    async def work(number: int) -> None:
        begun.append(number)
        await go_on[number].wait()

    hands = Hands(2, work)
    async with anyio.create_task_group() as tasks:
        hands.start(tasks)
        for number in range(2):
            await hands.available()
            hands.give(number)
        with anyio.move_on_after(0.02) as waiting:
            await hands.available()
        assert waiting.cancelled_caught, "both are busy"
        assert (hands.free, begun) == (0, [0, 1])
        go_on[1].set()
        await hands.available()
        hands.give(2)
        hands.finish()
        for event in go_on:
            event.set()
    assert begun == [0, 1, 2]


async def test_they_end_when_they_are_done_with_what_they_have() -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        await anyio.lowlevel.checkpoint()
        done.append(name)

    hands = Hands(3, work)
    async with anyio.create_task_group() as tasks:
        hands.start(tasks)
        for name in ("a", "b"):
            await hands.available()
            hands.give(name)
        hands.finish()
    assert sorted(done) == ["a", "b"]


async def test_some_may_wait_beside_and_place_for_several_may_be_waited_for() -> None:
    done: list[int] = []
    go_on = anyio.Event()

    async def work(number: int) -> None:
        await go_on.wait()
        done.append(number)

    hands = Hands(1, work, beside=2)
    async with anyio.create_task_group() as tasks:
        hands.start(tasks)
        for number in range(3):
            await hands.available()
            hands.give(number)
        with anyio.move_on_after(0.02) as waiting:
            await hands.available()
        assert waiting.cancelled_caught
        go_on.set()
        await hands.available(3)
        assert done == [0, 1, 2]
        hands.finish()


async def test_a_failure_is_the_owners() -> None:
    async def work(_: str) -> None:
        raise ZeroDivisionError

    hands = Hands(1, work)
    with pytest.RaisesGroup(ZeroDivisionError):
        async with anyio.create_task_group() as tasks:
            hands.start(tasks)
            hands.give("x")
    assert hands.free == 1
