"""A worker's loop shows what it does to whoever looks at its page, and is not asked."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from sockethub.worker import signs as module
from sockethub.worker.shared import Shared
from sockethub.worker.signs import Signs

SECONDS = 0.3


@pytest.fixture
def signs() -> Iterator[Signs]:
    with Shared.new() as shared:
        yield Signs(shared.page)


def watched(look: Callable[[], float]) -> list[float]:
    """What ``look`` sees, in a thread, in the middle of the wait that begins now."""
    seen: list[float] = []
    threading.Timer(SECONDS / 2, lambda: seen.append(look())).start()
    return seen


def run(signs: Signs, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=signs.loop) as runner:
        runner.run(main())


def test_a_loop_that_waits_for_ever_need_not_say_so_again(signs: Signs) -> None:
    async def main() -> None:
        seen = watched(lambda: signs.page.due)
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, SECONDS)
        assert seen == [math.inf]

    run(signs, main)


def test_a_loop_that_waits_for_a_timer_is_due_then(signs: Signs) -> None:
    async def main() -> None:
        began = time.monotonic()
        seen = watched(lambda: signs.page.due)
        await asyncio.sleep(SECONDS)
        assert [SECONDS <= due - began <= 2 * SECONDS for due in seen] == [True]

    run(signs, main)


def test_a_loop_that_does_not_come_back_was_due_long_ago(signs: Signs) -> None:
    async def main() -> None:
        await asyncio.sleep(0.01)
        before = time.monotonic()
        time.sleep(SECONDS)  # noqa: ASYNC251 - it blocks: that is the point
        assert signs.page.due <= before

    run(signs, main)


def test_a_loop_that_turns_shows_each_turn(signs: Signs) -> None:
    async def main() -> None:
        for _ in range(100):
            before = time.monotonic()
            await asyncio.sleep(0)
            assert signs.page.due >= before

    run(signs, main)


def test_what_is_called_before_waiting_can_shorten_it(signs: Signs) -> None:
    called: list[float] = []

    def before_waiting(now: float) -> float:
        called.append(now)
        return 0.01 if len(called) < 4 else math.inf

    async def main() -> None:
        task = asyncio.create_task(signs.show(before_waiting))
        await asyncio.sleep(SECONDS)
        assert len(called) == 4, "three short waits, then the rest of it"
        assert called[2] - called[0] >= 0.01
        task.cancel()

    run(signs, main)


def test_a_worker_that_is_to_end_and_does_not_is_seen(signs: Signs) -> None:
    """Its tasks were cancelled; a thread that is waited for, say, keeps it."""

    async def main() -> None:
        task = asyncio.create_task(signs.show())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.01)
        over = signs.page.due
        assert over <= time.monotonic()
        await asyncio.sleep(SECONDS)
        assert signs.page.due == over

    run(signs, main)


def test_a_loop_that_cannot_show_it_says_so_every_now_and_then(signs: Signs, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvloop asks nobody before it waits."""
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)

    async def main() -> None:
        task = asyncio.create_task(signs.show())
        await asyncio.sleep(0.1)
        before = time.monotonic()
        assert before - signs.page.due < 0.1
        time.sleep(SECONDS)  # noqa: ASYNC251 - as above
        assert signs.page.due <= before
        task.cancel()

    asyncio.run(main())
